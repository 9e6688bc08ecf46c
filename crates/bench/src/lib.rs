//! What the benchmarks measure: the same passes over a log by auditparse and by the crate
//! `linux-audit-parser`, and the generated logs that they run on.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::{env, fs, io};

use auditparse::{Connections, Events, Records};
use linux_audit_parser::{EventID, Message, MessageType, Number, Value, parse};

/// One way of going over a log. Its result depends on every record, so that no work can be left
/// out, and two ways that count the same thing give the same number.
pub type Pass = fn(&[u8]) -> u64;

/// All passes, by the name that the command line takes.
pub const PASSES: [(&str, Pass); 9] = [
    ("newlines", newlines),
    ("lines", lines),
    ("records", records),
    ("fields", fields),
    ("events", events),
    ("connections", connections),
    ("peer-parse", peer_parse),
    ("peer-group", peer_group),
    ("peer-connections", peer_connections),
];

/// The floor: a scan that counts line ends, and need not say where they are.
pub fn newlines(log: &[u8]) -> u64 {
    memchr::memchr_iter(b'\n', log).count() as u64
}

/// The floor for whoever reads lines: a scan that stops at each line end.
pub fn lines(log: &[u8]) -> u64 {
    memchr::memchr_iter(b'\n', log).map(|at| at as u64).fold(0, u64::wrapping_add)
}

/// Headers of all records.
pub fn records(log: &[u8]) -> u64 {
    Records::new(log).flatten().map(|record| u64::from(record.id().serial)).sum()
}

/// All records with all their fields visited.
pub fn fields(log: &[u8]) -> u64 {
    let records = Records::new(log).flatten();
    records.flat_map(|record| record.fields()).map(|field| field.raw_value().len() as u64).sum()
}

/// All events.
pub fn events(log: &[u8]) -> u64 {
    Events::new(log).map(|event| event.records().len() as u64).sum()
}

/// The ports of all connections whose outcome is known.
pub fn connections(log: &[u8]) -> u64 {
    Connections::new(log)
        .filter(|connection| connection.success().is_some())
        .filter_map(|connection| connection.address().ok()?.port())
        .map(u64::from)
        .sum()
}

fn peer_messages(log: &[u8]) -> impl Iterator<Item = Message<'_>> {
    log.split_inclusive(|&byte| byte == b'\n').filter_map(|line| parse(line, false).ok())
}

/// The peer's parse of every line.
pub fn peer_parse(log: &[u8]) -> u64 {
    peer_messages(log).map(|message| u64::from(message.id.sequence)).sum()
}

/// The peer's events: it has none of its own, so its messages are kept by node and id until the
/// last one comes, as its users do.
fn peer_events<'a>(log: &'a [u8], mut each: impl FnMut(&[Message<'a>])) {
    let mut open: HashMap<(Option<Vec<u8>>, EventID), Vec<Message<'a>>> = HashMap::new();
    for message in peer_messages(log) {
        let ends = matches!(message.ty, MessageType::EOE | MessageType::PROCTITLE)
            || !message.ty.is_multipart();
        let key = (message.node.clone(), message.id);
        let event = open.entry(key.clone()).or_default();
        event.push(message);
        if ends {
            each(event);
            open.remove(&key);
        }
    }
    for event in open.values() {
        each(event);
    }
}

/// The peer's events.
pub fn peer_group(log: &[u8]) -> u64 {
    let mut messages = 0;
    peer_events(log, |event| messages += event.len() as u64);
    messages
}

/// The ports of all connections on x86_64 by the peer's messages.
pub fn peer_connections(log: &[u8]) -> u64 {
    let mut ports = 0;
    peer_events(log, |event| ports += peer_port(event).map_or(0, u64::from));
    ports
}

fn peer_port(event: &[Message<'_>]) -> Option<u16> {
    const NETWORK_CALLS: [i64; 7] = [42, 43, 44, 46, 49, 288, 307];
    let of_type = |ty| event.iter().find(move |message| message.ty == ty);
    let syscall = of_type(MessageType::SYSCALL)?;
    let Some(Value::Number(Number::Dec(number))) = syscall.body.get("syscall") else {
        return None;
    };
    syscall.body.get("success")?;
    let address: &[u8] = match of_type(MessageType::SOCKADDR)?.body.get("saddr")? {
        Value::Str(address, _) => address,
        Value::Owned(address) => address,
        _ => return None,
    };
    NETWORK_CALLS.contains(number).then(|| port_of(address))?
}

fn port_of(address: &[u8]) -> Option<u16> {
    matches!(address, [2 | 10, 0, _, _, ..]).then(|| u16::from_be_bytes([address[2], address[3]]))
}

/// The path of a generated log, which is made if it is not there yet.
///
/// # Errors
///
/// If the generator, a Python program beside this crate, cannot be run.
pub fn generated_log(profile: &str, megabytes: u32, rate: u32) -> io::Result<PathBuf> {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let target = env::var_os("CARGO_TARGET_DIR").unwrap_or_else(|| "target".into());
    let folder = here.join("../..").join(target).join("generated");
    fs::create_dir_all(&folder)?;
    let path = folder.join(format!("{profile}-{megabytes}m-{rate}.log"));
    if !path.exists() {
        let partial = path.with_extension("partial");
        let status = Command::new("python3")
            .arg(here.join("gen_audit.py"))
            .args(["--profile", profile, "--mb", &megabytes.to_string()])
            .args(["--rate", &rate.to_string(), "--no-eoe", "--out"])
            .arg(&partial)
            .status()?;
        if !status.success() {
            return Err(io::Error::other(format!("gen_audit.py failed with {status}")));
        }
        fs::rename(&partial, &path)?;
    }
    Ok(path)
}
