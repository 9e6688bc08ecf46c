//! A parser for the Linux audit log.
#![forbid(unsafe_code)]

pub mod connection;
mod continuation;
mod error;
mod event;
mod event_id;
pub mod field;
mod reader;
pub mod reassembly;
mod record;
mod record_type;
mod scan;
pub mod segment;
mod serial;
mod sockaddr;
mod syscall;
mod transport;

pub use connection::{Connection, Id, Keys, NotAConnection, Outcome, Process, SecurityModule, Via};
pub use error::{FieldError, FieldErrorKind, RecordError, RecordErrorKind};
pub use event::{Completion, Event};
pub use event_id::EventId;
pub use field::{Field, Origin, Value, decode_hex};
pub use reader::{
    ConnectionReader, Connections, EventReader, Events, Reader, Records, Rejected, Stats,
};
pub use reassembly::{EventStats, Limits, Reassembler};
pub use record::{ENRICHMENT_SEPARATOR, Record};
pub use record_type::RecordType;
pub use segment::{Fields, Segment, Segments};
pub use serial::LostRange;
pub use sockaddr::{MAX_SOCKADDR, SockAddr, SockAddrBytes, SockAddrError, SockAddrHexError};
pub use syscall::{Arch, ConnectionKind, errno_name};
