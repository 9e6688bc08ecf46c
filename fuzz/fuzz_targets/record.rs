//! One line of any bytes. If it is a record, its header stands in the line and survives another
//! line end or indentation; the pieces of its body put together are the body, and fields, problems
//! and `get` are those of the pieces; its JSON is valid and has every field. If it is none, the
//! error points into the line.
#![no_main]

use std::collections::BTreeMap;

use auditparse::{EventId, FieldErrorKind, Record, RecordType, Segment, Value};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|line: &[u8]| match Record::parse(line) {
    Ok(record) => {
        header_stands_in_the_line(&record, line);
        surroundings_do_not_matter(&record);
        pieces_are_the_body(&record);
        json_has_every_field(&record);
    }
    Err(error) => assert!(error.offset() <= line.len(), "{error}"),
});

fn header_stands_in_the_line(record: &Record<'_>, line: &[u8]) {
    let end = line.strip_prefix(record.line()).expect("the line's front");
    assert!([&b""[..], b"\n", b"\r\n", b"\r"].contains(&end));
    let head = record.line().strip_suffix(record.body()).expect("the body at the end");
    let named = [b"type=", record.type_name(), b" "].concat();
    assert!(head.windows(named.len()).any(|part| part == named));
    if let Some(node) = record.node() {
        // The host of a syslog prefix stands for a node that the record does not name.
        let stands_behind = |before: &[u8]| {
            let named = [before, node].concat();
            head.windows(named.len()).any(|part| part == named)
        };
        assert!([&b"node="[..], b" ", b"\t"].into_iter().any(stands_behind));
    }
    let id: EventId = record.id().to_string().parse().expect("an id's own text");
    assert_eq!(id, record.id());
    if record.record_type().number().is_some() {
        let name = record.record_type().to_string();
        assert_eq!(RecordType::from_token(name.as_bytes()), record.record_type());
    }
}

fn surroundings_do_not_matter(record: &Record<'_>) {
    let ended = [record.line(), b"\r\n"].concat();
    assert_eq!(Record::parse(&ended).as_ref(), Ok(record));
    let indented = [b" \t", &ended[..]].concat();
    let indented = Record::parse(&indented).expect("a record after blanks");
    assert_eq!(indented.node(), record.node());
    assert_eq!(indented.type_name(), record.type_name());
    assert_eq!(indented.id(), record.id());
    assert_eq!(indented.body(), record.body());
}

fn pieces_are_the_body(record: &Record<'_>) {
    let pieces: Vec<_> = record.segments().collect();
    assert!(pieces.iter().all(|piece| !piece.raw().is_empty()));
    let raw: Vec<_> = pieces.iter().map(Segment::raw).collect();
    assert_eq!(raw.concat(), record.body());

    let fields = pieces.iter().filter_map(|piece| match piece {
        Segment::Field(field) => Some(*field),
        _ => None,
    });
    let fields: Vec<_> = fields.collect();
    assert!(record.fields().eq(fields.iter().copied()));
    for field in &fields {
        if let Ok(key) = str::from_utf8(field.key()) {
            let first = fields.iter().find(|other| other.key() == field.key());
            assert_eq!(record.get(key).as_ref(), first);
        }
    }

    let mut offset = 0;
    let mut wrong = Vec::new();
    for piece in &pieces {
        wrong.extend(problem(piece).map(|kind| (kind, offset)));
        offset += piece.raw().len();
    }
    let problems = record.problems().map(|problem| (problem.kind(), problem.offset()));
    assert!(problems.eq(wrong));
}

/// What is wrong with a piece, by the documentation of [`FieldErrorKind`].
fn problem(piece: &Segment<'_>) -> Option<FieldErrorKind> {
    match piece {
        Segment::Stray(_) => Some(FieldErrorKind::StrayWord),
        Segment::MessageStart(_, closed) if !closed => Some(FieldErrorKind::UnterminatedQuote),
        Segment::Field(field) if !field.is_terminated() => match field.value() {
            Value::Braced(_) => Some(FieldErrorKind::UnterminatedBrace),
            _ => Some(FieldErrorKind::UnterminatedQuote),
        },
        _ => None,
    }
}

fn json_has_every_field(record: &Record<'_>) {
    let json = serde_json::to_string(record).expect("JSON");
    let json: serde_json::Value = serde_json::from_str(&json).expect("valid JSON");
    assert_eq!(json["serial"], record.id().serial);
    let mut expected: BTreeMap<String, Vec<Option<String>>> = BTreeMap::new();
    for field in record.fields() {
        let text = (!field.is_absent()).then(|| shown(&field.text()));
        expected.entry(shown(field.key())).or_default().push(text);
    }
    let fields = json["fields"].as_object().expect("an object");
    assert!(fields.keys().eq(expected.keys()));
    for (value, expected) in fields.values().zip(expected.values()) {
        match &expected[..] {
            [only] => assert_eq!(*value, serde_json::json!(only)),
            several => assert_eq!(*value, serde_json::json!(several)),
        }
    }
}

fn shown(bytes: &[u8]) -> String {
    match str::from_utf8(bytes) {
        Ok(text) => text.to_owned(),
        Err(_) => bytes.escape_ascii().to_string(),
    }
}
