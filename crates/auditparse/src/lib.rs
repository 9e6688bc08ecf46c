//! A parser for the Linux audit log: what auditd writes to `/var/log/audit/audit.log`, what its
//! plugins and `ausearch --raw` print, and what syslog, dmesg and the kernel's printk make of it.
//!
//! A log is read as records, as events or as connections, and you stop where you like:
//!
//! ```text
//! bytes ──▶ Record ──▶ Event ──▶ Connection
//!           a line     records   who tried to reach what
//!                      of one    and how it went
//!                      system
//!                      call
//! ```
//!
//! # What connects where
//!
//! Over a slice (a file read or mapped into memory) everything borrows from it; nothing is copied
//! and nothing is allocated per record:
//!
//! ```
//! use auditparse::{ConnectionKind, Connections};
//!
//! let log = br#"
//! type=SYSCALL msg=audit(1716998400.001:100): arch=c000003e syscall=42 success=yes exit=0 a0=3 a1=7ffd1 a2=10 a3=0 items=0 ppid=900 pid=1001 auid=1000 uid=1000 gid=1000 euid=1000 suid=1000 fsuid=1000 egid=1000 sgid=1000 fsgid=1000 tty=pts0 ses=3 comm="nc" exe="/usr/bin/nc" subj=unconfined key="net"
//! type=SOCKADDR msg=audit(1716998400.001:100): saddr=0200115CCB0071090000000000000000
//! type=PROCTITLE msg=audit(1716998400.001:100): proctitle=6E63003230332E302E3131332E390034343434
//! "#;
//!
//! for connection in Connections::new(log) {
//!     if connection.kind() == ConnectionKind::Connect {
//!         let exe = connection.exe().unwrap_or_default();
//!         match connection.address() {
//!             // Not the sockets within the host: unix and netlink.
//!             Ok(address) if address.ip().is_none() => {}
//!             Ok(address) => println!("{} → {address}", exe.escape_ascii()),
//!             // A program may pass any bytes for an address; one that is cut is no reason to stop.
//!             Err(error) => println!("{} → ({error})", exe.escape_ascii()),
//!         }
//!     }
//! }
//! # let connection = Connections::new(log).next().unwrap();
//! # assert_eq!(connection.exe().unwrap().escape_ascii().to_string(), "/usr/bin/nc");
//! # assert_eq!(connection.address()?.to_string(), "203.0.113.9:4444");
//! # Ok::<(), auditparse::SockAddrError>(())
//! ```
//!
//! That prints `/usr/bin/nc → 203.0.113.9:4444`. Over a pipe, a decompressor or anything else that
//! is [`Read`](std::io::Read), a [`Reader`] does the same with one buffer; each item borrows it
//! until the next is read. A whole program, of the connects to IP addresses alone:
//!
//! ```no_run
//! use auditparse::{ConnectionKind, Reader};
//!
//! fn main() -> std::io::Result<()> {
//!     let log = std::fs::File::open("/var/log/audit/audit.log")?;
//!     let mut connections = Reader::new(log).connections();
//!     while let Some(connection) = connections.next_connection()? {
//!         let Ok(address) = connection.address() else { continue };
//!         if connection.kind() == ConnectionKind::Connect && address.ip().is_some() {
//!             let exe = connection.exe().unwrap_or_default();
//!             println!("{} → {address}", exe.escape_ascii());
//!         }
//!     }
//!     Ok(())
//! }
//! ```
//!
//! # Which type for what
//!
//! | to read | of a slice | of a stream |
//! |---|---|---|
//! | lines as [`Record`]s, whose [`Field`]s are found and decoded when asked for | [`Records`] | [`Reader`] |
//! | [`Event`]s: records with the same node, time and serial, however interleaved | [`Events`] | [`EventReader`] |
//! | [`Connection`]s: connect, accept, bind, sendto and sendmsg, on every architecture, also by io_uring | [`Connections`] | [`ConnectionReader`] |
//! | events of records that you got otherwise | [`Reassembler`] | |
//! | any of them, owned, for later or another thread | | [`Batch`] |
//!
//! # Trust
//!
//! Audit logs hold text that attackers choose, and are read when something went wrong. So:
//!
//! - Any bytes can be read: cut lines, NULs, bytes that are no UTF-8. Nothing panics, and a bad
//!   field does not cost the rest of its record, nor a bad record the rest of its event;
//!   [`Record::problems`], [`Connection::problems`] and [`Stats`] tell what was wrong, and where.
//! - Text stays bytes until decoded, and is decoded by the rules of the field that it stands in.
//! - A newline in a socket path forges no record where the log is as auditd wrote it, line by line
//!   behind prefixes or among lines of other hosts: what must follow is known from the hexadecimal
//!   form of the same path ([`RecordErrorKind::Continuation`]). Where lines were filtered or changed
//!   it may, and that shows: the record breaks off ([`Stats::broken_off`]), and an event with a
//!   forged address has two ([`Connection::is_contradicted`]).
//! - A record that comes after its event is over is handed out as [`Completion::Late`] and counted.
//! - Memory is bounded whatever comes ([`Limits`]), and what had to be cut short says so
//!   ([`Completion`]).
//! - Missing serials are counted per node ([`Events::lost_ranges`]).
//!
//! # Features
//!
//! `serde` implements `Serialize` for records, events, connections and what they are made of; text
//! that is not UTF-8 is escaped as by [`u8::escape_ascii`].

#![forbid(unsafe_code)]
#![warn(missing_debug_implementations)]

mod arch;
mod attempt;
mod batch;
mod call_records;
mod connection;
mod continuation;
mod errno;
mod error;
mod event;
mod event_id;
mod field;
mod header;
mod hex;
mod line;
mod problems;
mod process;
mod reader;
mod reassembly;
mod record;
mod record_type;
mod scan;
mod segment;
mod serial;
#[cfg(feature = "serde")]
mod serialize;
mod slice;
mod sockaddr;
mod stats;
mod syscall;
mod transport;

pub use arch::Arch;
pub use attempt::{NotAConnection, Outcome, SecurityModule, Via};
pub use batch::Batch;
pub use connection::Connection;
pub use errno::errno_name;
pub use error::{FieldError, FieldErrorKind, RecordError, RecordErrorKind};
pub use event::{Completion, Event, title_arguments};
pub use event_id::EventId;
pub use field::{Field, Origin, Value, Words};
pub use hex::decode_hex;
pub use problems::{ConnectionProblem, ConnectionProblems, Problems};
pub use process::{Id, Keys, KeysIter, Process};
pub use reader::{ConnectionReader, EventReader, Reader};
pub use reassembly::{EventStats, Limits, LostRanges, Reassembler};
pub use record::Record;
pub use record_type::RecordType;
pub use segment::{ENRICHMENT_SEPARATOR, Fields, Segment, Segments};
pub use serial::LostRange;
pub use slice::{Connections, Events, Records};
pub use sockaddr::{MAX_SOCKADDR, SockAddr, SockAddrBytes, SockAddrError, SockAddrHexError};
pub use stats::{Rejected, Stats};
pub use syscall::ConnectionKind;
