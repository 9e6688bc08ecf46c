//! The ground truth of the real logs: what the programs that made them noted of their own calls,
//! and finding those calls among the ones that a reader saw in the log.

use std::collections::HashMap;
use std::net::IpAddr;

use auditparse::{Arch, Connection, Event, NotAConnection, RecordType, Via};
use serde_json::Value;

use super::lossy;

/// How long before a program's own clock reading an event may be stamped: the kernel stamps system
/// calls with its coarse clock, and the guests ran emulated. No stamp is ever late.
const EARLY_MILLIS: f64 = 100.0;

/// How long an operation may take of which only the start is noted.
const OPERATION_MILLIS: f64 = 1000.0;

/// i386's number of `socketcall`.
const SOCKETCALL: u32 = 102;

/// One call as a reader saw it in the log.
#[derive(Clone, Debug)]
pub(crate) struct Seen {
    pub(crate) node: Option<String>,
    pub(crate) millis: u64,
    pub(crate) pid: Option<u32>,
    pub(crate) ppid: Option<u32>,
    /// `connect`, `sendto` and so on; `accept4` is an `accept`.
    pub(crate) kind: String,
    /// Made through i386's `socketcall`.
    pub(crate) socketcall: bool,
    pub(crate) io_uring: bool,
    pub(crate) exit: Option<i64>,
    /// The raw address, if the log has one.
    pub(crate) saddr: Option<Vec<u8>>,
    /// The decoded address, if it is an internet one.
    pub(crate) destination: Option<(IpAddr, u16)>,
}

impl From<&Connection<'_>> for Seen {
    fn from(connection: &Connection<'_>) -> Seen {
        let address = connection.address().ok();
        let i386 = connection.arch() == Some(Arch::I386);
        Seen {
            node: connection.node().map(lossy),
            millis: connection.id().millis,
            pid: connection.pid(),
            ppid: connection.ppid(),
            kind: connection.kind().to_string(),
            socketcall: i386 && connection.syscall_number() == Some(SOCKETCALL),
            io_uring: connection.via() == Via::IoUring,
            exit: connection.exit(),
            saddr: connection.address_bytes().map(|bytes| bytes.as_bytes().to_vec()),
            destination: address.and_then(|address| Some((address.ip()?, address.port()?))),
        }
    }
}

impl Seen {
    /// The call of an event, also one that passed no address, which is no connection.
    pub(crate) fn of(event: &Event<'_>) -> Option<Seen> {
        match event.connection() {
            Ok(connection) => Some(Seen::from(&connection)),
            Err(NotAConnection::NoAddress) => Seen::without_address(event),
            Err(_) => None,
        }
    }

    fn without_address(event: &Event<'_>) -> Option<Seen> {
        let syscall = event.record(RecordType::SYSCALL)?;
        let number = |key: &str| u32::try_from(syscall.get(key)?.as_u64()?).ok();
        let arch = Arch::from_number(u32::try_from(syscall.get("arch")?.as_hex()?).ok()?);
        let name = arch.syscall_name(number("syscall")?)?;
        Some(Seen {
            node: event.node().map(lossy),
            millis: event.id().millis,
            pid: number("pid"),
            ppid: number("ppid"),
            kind: name.trim_end_matches('4').to_owned(),
            socketcall: name == "socketcall",
            io_uring: false,
            exit: syscall.get("exit").and_then(|field| field.as_i64()),
            saddr: None,
            destination: None,
        })
    }
}

/// What became of the ground truth.
#[derive(Debug, Default)]
pub(crate) struct Outcome {
    /// Calls that are noted one by one, found in the log.
    pub(crate) calls_found: usize,
    pub(crate) calls_missing: Vec<Value>,
    /// Operations of io_uring, which leave no event of a call of their own, found in the log.
    pub(crate) io_uring: usize,
    pub(crate) io_uring_missing: Vec<Value>,
    /// Calls expected of programs that do not note their own, found in the log.
    pub(crate) expected_found: usize,
    pub(crate) expected_missing: Vec<Value>,
    /// Calls in the log that the ground truth does not account for.
    pub(crate) unaccounted: Vec<Seen>,
}

/// Looks for every call of `truth` in `seen`; each call seen accounts for one at most.
pub(crate) fn compare(truth: &[Value], seen: &[Seen]) -> Outcome {
    let mut search = Search::new(seen);
    let mut outcome = Outcome::default();
    for call in truth.iter().filter(|entry| !entry["syscall"].is_null()) {
        if text(call, "syscall").starts_with("io_uring") {
            if search.claim_operation(call) {
                outcome.io_uring += 1;
            } else {
                outcome.io_uring_missing.push(call.clone());
            }
        } else if search.claim_call(call) {
            outcome.calls_found += 1;
        } else {
            outcome.calls_missing.push(call.clone());
        }
    }
    for program in truth.iter().filter(|entry| entry["kind"] == "program") {
        for expected in program["expect"].as_array().into_iter().flatten() {
            if expected["dst"].is_null() {
                continue;
            }
            if search.claim_expected(program, expected) {
                outcome.expected_found += 1;
            } else {
                outcome.expected_missing.push(expected.clone());
            }
        }
    }
    let left = seen.iter().zip(&search.claimed).filter(|(_, claimed)| !**claimed);
    outcome.unaccounted = left.map(|(seen, _)| seen.clone()).collect();
    outcome
}

struct Search<'a> {
    seen: &'a [Seen],
    claimed: Vec<bool>,
    /// Indices into `seen`, in the order of the log.
    by_pid: HashMap<u32, Vec<usize>>,
    by_ppid: HashMap<u32, Vec<usize>>,
}

impl<'a> Search<'a> {
    fn new(seen: &'a [Seen]) -> Search<'a> {
        let mut by_pid: HashMap<u32, Vec<usize>> = HashMap::new();
        let mut by_ppid: HashMap<u32, Vec<usize>> = HashMap::new();
        for (index, call) in seen.iter().enumerate() {
            by_pid.entry(call.pid.unwrap_or(0)).or_default().push(index);
            by_ppid.entry(call.ppid.unwrap_or(0)).or_default().push(index);
        }
        Search { seen, claimed: vec![false; seen.len()], by_pid, by_ppid }
    }

    fn claim_call(&mut self, call: &Value) -> bool {
        let pid = call["pid"].as_u64().expect("a pid") as u32;
        let candidates = self.by_pid.get(&pid).cloned().unwrap_or_default();
        let address = Address::of(call);
        self.claim(&candidates, call, |seen| {
            seen.kind == text(call, "syscall").trim_end_matches('4')
                && seen.exit == call["exit"].as_i64()
                && address.is_that_of(seen)
        })
    }

    /// Claims an operation of io_uring, which a thread of the kernel may have done for the process.
    fn claim_operation(&mut self, operation: &Value) -> bool {
        let all: Vec<usize> = (0..self.seen.len()).collect();
        let address = Address::of(operation);
        self.claim(&all, operation, |seen| seen.io_uring && address.is_that_of(seen))
    }

    fn claim_expected(&mut self, program: &Value, expected: &Value) -> bool {
        let wanted = destination(expected).expect("a destination");
        let syscall = text(expected, "syscall");
        let of_pid = |index: &HashMap<u32, Vec<usize>>| {
            let pid = program["pid"].as_u64().unwrap_or(0) as u32;
            index.get(&pid).cloned().unwrap_or_default()
        };
        // Own calls first, then those of a child, then those of whoever the program asked to call.
        let mut pools = vec![of_pid(&self.by_pid), of_pid(&self.by_ppid)];
        if !expected["pid"].is_null() {
            pools.push((0..self.seen.len()).collect());
        }
        pools.iter().any(|pool| {
            self.claim(pool, program, |seen| {
                seen.destination == Some(wanted)
                    && (seen.kind == syscall || (seen.socketcall && syscall == "socketcall"))
            })
        })
    }

    /// Claims the first of `candidates` that lies within the entry's time and is as `wanted`.
    fn claim(
        &mut self,
        candidates: &[usize],
        entry: &Value,
        wanted: impl Fn(&Seen) -> bool,
    ) -> bool {
        let from = entry["t0"].as_f64().expect("t0") * 1000.0 - EARLY_MILLIS;
        let to = entry["t1"].as_f64().map_or(from + OPERATION_MILLIS, |t1| t1 * 1000.0);
        let found = candidates.iter().copied().find(|&index| {
            let seen = &self.seen[index];
            let same_node =
                entry["node"].is_null() || entry["node"].as_str() == seen.node.as_deref();
            !self.claimed[index]
                && same_node
                && (from..=to).contains(&(seen.millis as f64))
                && wanted(seen)
        });
        if let Some(index) = found {
            self.claimed[index] = true;
        }
        found.is_some()
    }
}

/// What a noted call says of its address.
enum Address {
    Bytes(Vec<u8>),
    Decoded(IpAddr, u16),
    None,
}

impl Address {
    fn of(call: &Value) -> Address {
        if let Some(hex) = call["saddr"].as_str() {
            return Address::Bytes(unhex(hex));
        }
        // The kernel looks for the descriptor first, so a wrong one leaves no address in the log.
        match destination(call) {
            Some((ip, port)) if call["errno"] != "EBADF" => Address::Decoded(ip, port),
            _ => Address::None,
        }
    }

    fn is_that_of(&self, seen: &Seen) -> bool {
        match self {
            Address::Bytes(bytes) => seen.saddr.as_ref() == Some(bytes),
            Address::Decoded(ip, port) => seen.destination == Some((*ip, *port)),
            Address::None => seen.saddr.is_none(),
        }
    }
}

fn destination(entry: &Value) -> Option<(IpAddr, u16)> {
    let ip = entry["dst"].as_str()?.parse().ok()?;
    Some((ip, u16::try_from(entry["port"].as_u64()?).ok()?))
}

fn text<'a>(entry: &'a Value, key: &str) -> &'a str {
    entry[key].as_str().unwrap_or_default()
}

fn unhex(digits: &str) -> Vec<u8> {
    let pairs = (0..digits.len() / 2).map(|i| &digits[2 * i..2 * i + 2]);
    pairs.map(|pair| u8::from_str_radix(pair, 16).expect("hex digits")).collect()
}
