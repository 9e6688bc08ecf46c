//! Documents cut out of a text. Of any bytes the same documents are cut whatever the pieces that they
//! come in; each stands in the text, behind the one before it, in the line that is said. Lines and
//! the elements of a JSON array are those that a split and `serde_json` find. Documents of any
//! content come out as they were put in, as lines, in an array, in a search response or in several.
#![no_main]

use std::fmt::Write;

use arbitrary::{Arbitrary, Unstructured};
use libfuzzer_sys::fuzz_target;
use rareport_cli::probe::{Cut, documents};
use rareport_fuzz::pieces::Pieces;
use rareport_fuzz::rest;
use serde_json::value::RawValue;
use serde_json::{Map, Value};

#[derive(Debug)]
enum Input<'a> {
    Bytes { sizes: [u8; 4], text: &'a [u8] },
    Wrapped { sizes: [u8; 4], form: Form, is_pretty: bool, documents: Vec<Value> },
}

/// How documents are put together.
#[derive(Arbitrary, Clone, Copy, Debug, PartialEq)]
enum Form {
    Lines,
    Array,
    Response,
    Responses,
}

impl<'a> Arbitrary<'a> for Input<'a> {
    /// The kind, the sizes of pieces, and bytes or documents.
    fn arbitrary(bytes: &mut Unstructured<'a>) -> arbitrary::Result<Input<'a>> {
        let kind: u8 = bytes.arbitrary()?;
        let sizes = bytes.arbitrary()?;
        if kind & 1 == 0 {
            return Ok(Input::Bytes { sizes, text: rest(bytes)? });
        }
        let (form, is_pretty) = (bytes.arbitrary()?, bytes.arbitrary()?);
        let mut documents = Vec::new();
        while !bytes.is_empty() && documents.len() < MOST_DOCUMENTS {
            documents.push(object(bytes, form, 0)?);
        }
        Ok(Input::Wrapped { sizes, form, is_pretty, documents })
    }
}

const MOST_DOCUMENTS: usize = 20;

/// Deeper objects find nothing new.
const DEEPEST: usize = 5;

/// Names of members; of the outermost two, only a hit may have those of a response.
const NAMES: [&str; 8] = ["@timestamp", "host", "port", "timed_out", "_shards", "", "a\"b", "took"];
const RESPONSE_NAMES: [&str; 4] = ["hits", "responses", "_source", "failed"];

/// Texts that look like structure.
const TEXTS: [&str; 10] =
    ["", "}", "{\"a\":1}", "]", "[", "\\", "\\\"", "\n{", "hits", "\u{feff}\u{1f980}"];

fn object(bytes: &mut Unstructured<'_>, form: Form, depth: usize) -> arbitrary::Result<Value> {
    let mut members = Map::new();
    for _ in 0..bytes.int_in_range(0..=4)? {
        let in_hit = matches!(form, Form::Lines | Form::Response | Form::Responses);
        let name = match bytes.arbitrary::<u8>()? {
            byte if byte % 3 == 0 && in_hit => *bytes.choose(&RESPONSE_NAMES)?,
            _ => *bytes.choose(&NAMES)?,
        };
        members.insert(name.to_owned(), value(bytes, form, depth + 1)?);
    }
    Ok(Value::Object(members))
}

fn value(bytes: &mut Unstructured<'_>, form: Form, depth: usize) -> arbitrary::Result<Value> {
    Ok(match bytes.int_in_range(0..=7)? {
        0 => Value::Null,
        1 => bytes.arbitrary::<bool>()?.into(),
        2 => bytes.arbitrary::<i32>()?.into(),
        3 => (*bytes.choose(&TEXTS)?).into(),
        4 => bytes.arbitrary::<&str>()?.into(),
        5 | 6 if depth < DEEPEST => object(bytes, form, depth)?,
        _ if depth < DEEPEST => {
            let elements = (0..bytes.int_in_range(0..=3)?).map(|_| value(bytes, form, depth + 1));
            Value::Array(elements.collect::<Result<_, _>>()?)
        }
        _ => Value::Null,
    })
}

fuzz_target!(|input: Input<'_>| match input {
    Input::Bytes { sizes, text } => check_bytes(text, sizes),
    Input::Wrapped { sizes, form, is_pretty, documents } => {
        check_wrapped(&documents, form, is_pretty, sizes);
    }
});

fn cut(text: &[u8], sizes: [u8; 4]) -> Vec<Cut> {
    let whole = documents(text, text).expect("no error");
    let pieces = documents(text, Pieces::new(text, sizes)).expect("no error that stays");
    assert_eq!(pieces, whole);
    whole
}

fn check_bytes(text: &[u8], sizes: [u8; 4]) {
    let cuts = cut(text, sizes);
    let mut from = 0;
    for Cut { line, text: found } in &cuts {
        let Some(found) = found else { continue };
        let at = position(&text[from..], found).expect("a part of the text") + from;
        from = at + found.len();
        let lines = 1 + text.iter().filter(|&&byte| byte == b'\n').count() as u64;
        assert!((1..=lines).contains(line), "line {line} of {lines}");
    }
    let looks_wrapped = |byte| text.trim_ascii_start().first() == Some(&byte);
    if !looks_wrapped(b'{') && !looks_wrapped(b'[') && !text.starts_with(MARK) {
        let lines: Vec<_> =
            text.split_inclusive(|&byte| byte == b'\n').map(<[u8]>::to_vec).collect();
        assert_eq!(texts(&cuts), lines);
    }
    let may_be_response = |name: &[u8]| position(text, name).is_some();
    if looks_wrapped(b'[')
        && !may_be_response(b"hits")
        && !may_be_response(b"responses")
        && let Ok(elements) = serde_json::from_slice::<Vec<&RawValue>>(text)
    {
        let elements: Vec<_> = elements.iter().map(|raw| raw.get().as_bytes().to_vec()).collect();
        let trimmed: Vec<_> =
            texts(&cuts).iter().map(|found| found.trim_ascii_end().to_vec()).collect();
        assert_eq!(trimmed, elements);
    }
}

const MARK: &[u8] = b"\xef\xbb\xbf";

fn texts(cuts: &[Cut]) -> Vec<Vec<u8>> {
    cuts.iter().map(|cut| cut.text.clone().expect("neither long nor broken")).collect()
}

fn position(text: &[u8], part: &[u8]) -> Option<usize> {
    if part.is_empty() { Some(0) } else { text.windows(part.len()).position(|at| at == part) }
}

fn check_wrapped(documents: &[Value], form: Form, is_pretty: bool, sizes: [u8; 4]) {
    let (text, expected) = write(documents, form, is_pretty);
    let is_wrapped = form != Form::Lines;
    // A first line may look like a response; the others tell that it is none only if it has hits.
    let first = documents.first().and_then(Value::as_object);
    if !is_wrapped
        && first.is_none_or(|first| first.keys().next().is_none_or(|name| name != "@timestamp"))
    {
        return;
    }
    let found: Vec<Value> = texts(&cut(text.as_bytes(), sizes))
        .iter()
        .filter(|text| !text.trim_ascii().is_empty())
        .map(|text| serde_json::from_slice(text).expect("JSON"))
        .collect();
    assert_eq!(found, expected, "{text}");
}

/// Documents put together, and what is to be found of them.
fn write(documents: &[Value], form: Form, is_pretty: bool) -> (String, Vec<Value>) {
    let text_of = |value: &Value| match is_pretty && form != Form::Lines {
        true => serde_json::to_string_pretty(value).expect("JSON"),
        false => value.to_string(),
    };
    let hit = |document: &Value| serde_json::json!({"_id": "x", "_source": document, "sort": [1]});
    let hits: Vec<Value> = documents.iter().map(hit).collect();
    let joined = |all: &[Value]| all.iter().map(text_of).collect::<Vec<_>>().join(",\n");
    match form {
        Form::Lines => {
            let mut text = String::new();
            documents.iter().for_each(|document| writeln!(text, "{document}").expect("memory"));
            (text, documents.to_vec())
        }
        Form::Array => (format!("[{}]", joined(documents)), documents.to_vec()),
        Form::Response => (response(&joined(&hits)), hits),
        Form::Responses => {
            let parts: Vec<_> = hits.chunks(2).map(|hits| response(&joined(hits))).collect();
            (format!("{{\"took\": 1, \"responses\": [{}]}}", parts.join(", ")), hits)
        }
    }
}

fn response(hits: &str) -> String {
    format!(
        "{{\"took\":1,\"timed_out\":false,\"_shards\":{{\"total\":1,\"failed\":0}},\
         \"hits\":{{\"total\":{{\"value\":1}},\"hits\":[{hits}]}}}}"
    )
}
