//! The values of fields. In any body, an encoded value is the hexadecimal form of its text and any
//! other text is the value as it stands, and numbers are what the standard library reads. Of any
//! text, written as the kernel and libaudit write it, the same text comes back, and no text makes
//! a field that was not written or takes one away. The process of a call and the arguments of a
//! program are what the first fields of their names say.
#![no_main]

use std::borrow::Cow;

use auditparse::{Event, Events, Field, Id, Record, Value, decode_hex};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    for record_type in ["SYSCALL", "EXECVE", "USER_CMD", "AVC"] {
        let line = line(record_type, data);
        let record = Record::parse(&line).expect("a sound header");
        assert_eq!(record.body(), data);
        for field in record.fields() {
            forms_agree(&field);
            text_is_decoded(&field);
            numbers_are_those_of_std(&field);
        }
    }
    text_comes_back(data);
    for front in [&b""[..], CONNECT] {
        let line = line("SYSCALL", &[front, data].concat());
        process_is_its_fields(&first_event(&line));
    }
    let line = line("EXECVE", data);
    arguments_are_their_fields(&first_event(&line));
});

/// Up to the arguments, which are of no interest to what the call is.
const CONNECT: &[u8] = b"arch=c000003e syscall=42 success=yes exit=0 ";

fn first_event(log: &[u8]) -> Event<'_> {
    Events::new(log).next().expect("an event")
}

fn line(record_type: &str, body: &[u8]) -> Vec<u8> {
    let head = format!("type={record_type} msg=audit(1.001:1): ");
    [head.as_bytes(), body, b"\r\n"].concat()
}

fn forms_agree(field: &Field<'_>) {
    let (key, raw, value) = (field.key(), field.raw(), field.raw_value());
    let written = |open: &[u8], close: &[u8]| {
        let close = if field.is_terminated() { close } else { b"" };
        assert_eq!(raw, [key, b"=", open, value, close].concat());
    };
    match field.value() {
        Value::Bare(_) => assert!(raw.ends_with(value)),
        Value::Quoted(_) => written(b"\"", b"\""),
        Value::Apostrophed(_) => written(b"'", b"'"),
        Value::Braced(_) => {
            let inner = raw.strip_suffix(b"}").filter(|_| field.is_terminated()).unwrap_or(raw);
            assert!(inner.trim_ascii_end().ends_with(value.trim_ascii_end()));
        }
    }
    let absent = matches!(value, b"" | b"?" | b"(null)");
    assert_eq!(field.is_absent(), absent && field.value() == Value::Bare(value));
    assert!(field.words().all(|word| !word.is_empty() && !word.contains(&b' ')));
    let without_blanks: Vec<u8> = value.iter().copied().filter(|&byte| byte != b' ').collect();
    assert_eq!(field.words().collect::<Vec<_>>().concat(), without_blanks);
}

fn text_is_decoded(field: &Field<'_>) {
    let (raw, text) = (field.raw_value(), field.text());
    if field.is_encoded() {
        assert_eq!(field.value(), Value::Bare(raw));
        assert_eq!(hex(&text), raw.to_ascii_uppercase());
    } else {
        assert!(matches!(text, Cow::Borrowed(_)));
        assert_eq!(*text, *raw);
    }
    match decode_hex(raw) {
        Some(bytes) => assert_eq!(hex(&bytes), raw.to_ascii_uppercase()),
        None => {
            let pairs = !raw.is_empty() && raw.len().is_multiple_of(2);
            assert!(!pairs || !raw.iter().all(u8::is_ascii_hexdigit));
        }
    }
}

fn numbers_are_those_of_std(field: &Field<'_>) {
    let raw = field.raw_value();
    let unsigned = |digits, base| u64::from_str_radix(plain(digits)?, base).ok();
    let signed = plain(raw).and_then(|digits| digits.parse().ok());
    let id = signed.and_then(|id: i64| match id {
        -1 => Some(u32::MAX),
        id => u32::try_from(id).ok(),
    });
    assert_eq!(field.as_u64(), unsigned(raw, 10));
    assert_eq!(field.as_octal(), unsigned(raw, 8));
    assert_eq!(field.as_hex(), unsigned(raw.strip_prefix(b"0x").unwrap_or(raw), 16));
    assert_eq!(field.as_i64(), signed);
    assert_eq!(field.as_id(), id);
}

/// Digits without the plus sign, which the standard library takes and the kernel never writes.
fn plain(digits: &[u8]) -> Option<&str> {
    str::from_utf8(digits).ok().filter(|text| !text.starts_with('+'))
}

fn text_comes_back(text: &[u8]) {
    let value = as_written(text);
    // Fields on both sides; the text of a message may hold apostrophes, which stay as they are.
    for (record_type, key, before, after) in [
        ("SYSCALL", "comm", "pid=7 ", " key=(null)\x1dUID=\"root\""),
        ("EXECVE", "a1", "argc=2 a0=\"x\" ", " a2=\"y\""),
        ("EXECVE", "a1[0]", "a1_len=9 ", " a1[1]=\"y\""),
        ("PROCTITLE", "proctitle", "", ""),
        ("PATH", "name", "item=0 ", " inode=1"),
        ("USER_CMD", "cmd", "pid=7 msg='cwd=\"/\" ", " res=success'\x1dUID=\"root\""),
    ] {
        let part = |middle: &[u8]| {
            let key = format!("{key}=");
            line(
                record_type,
                &[before.as_bytes(), key.as_bytes(), middle, after.as_bytes()].concat(),
            )
        };
        let (harmless, line) = (part(b"\"x\""), part(&value));
        let expected = Record::parse(&harmless).expect("a sound header");
        let record = Record::parse(&line).expect("a sound header");
        assert_eq!(*record.get(key).expect("the field").text(), *text);
        let others = |record: &Record<'_>| -> Vec<_> {
            let others = record.fields().filter(|field| field.key() != key.as_bytes());
            others.map(|field| (field.raw().to_vec(), field.origin())).collect()
        };
        assert_eq!(others(&record), others(&expected));
        assert_eq!(record.fields().count(), expected.fields().count());
        assert_eq!(record.problems().count(), 0);
    }
}

/// As `audit_log_n_untrustedstring` of the kernel and `audit_value_needs_encoding` of libaudit.
fn as_written(text: &[u8]) -> Vec<u8> {
    let is_special = |&byte: &u8| byte == b'"' || !(0x21..=0x7E).contains(&byte);
    if text.iter().any(is_special) { hex(text) } else { [b"\"", text, b"\""].concat() }
}

fn hex(bytes: &[u8]) -> Vec<u8> {
    let digit = |value: u8| b"0123456789ABCDEF"[usize::from(value)];
    let pairs = bytes.iter().flat_map(|byte| [digit(byte >> 4), digit(byte & 15)]);
    pairs.collect()
}

/// However the process is read, and whatever comes twice.
fn process_is_its_fields(event: &Event<'_>) {
    let [record, ..] = event.records() else { unreachable!("no event is empty") };
    let Ok(connection) = event.connection() else { return };
    let get_id = |key| record.get(key).and_then(|field| field.as_id());
    let process = connection.process();
    assert_eq!(process.pid, get_id("pid"));
    assert_eq!(process.ppid, get_id("ppid"));
    assert_eq!(process.ses, get_id("ses"));
    assert_eq!(process.auid, named_id(record, "auid"));
    assert_eq!(process.uid, named_id(record, "uid"));
    assert_eq!(process.euid, named_id(record, "euid"));
    assert_eq!(process.gid, named_id(record, "gid"));
    assert_eq!(process.subj, connection.subj());
    assert_eq!(process.tty, connection.tty());
    assert_eq!(process.comm, connection.comm());
    assert_eq!(process.exe, connection.exe());
    assert_eq!(process.keys, connection.keys());
    let arguments = ["a0", "a1", "a2", "a3"].map(|key| Some(record.get(key)?.raw_value()));
    assert_eq!(process.arguments, arguments);
}

/// A number and the name behind it.
fn named_id<'a>(record: &Record<'a>, key: &str) -> Option<Id<'a>> {
    let mut fields = record.fields();
    let number = fields.find(|field| field.key() == key.as_bytes())?.as_id()?;
    let upper = key.to_ascii_uppercase();
    let name = fields.find(|field| field.key() == upper.as_bytes());
    Some(Id { number, name: name.map(|field| field.raw_value()) })
}

fn arguments_are_their_fields(event: &Event<'_>) {
    let argv = event.argv().expect("an EXECVE record");
    let [record, ..] = event.records() else { unreachable!("no event is empty") };
    // Made-up numbers make long lists, of which the front is enough.
    for (index, argument) in argv.iter().enumerate().take(100) {
        let piece = format!("a{index}[");
        let is_split = |field: Field<'_>| field.key().starts_with(piece.as_bytes());
        if record.fields().any(is_split) {
            continue;
        }
        let field = record.get(&format!("a{index}"));
        assert_eq!(*argument, field.map_or(Cow::Borrowed(&b""[..]), |field| field.text()));
    }
}
