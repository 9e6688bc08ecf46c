//! Documents that are no lines: those on several lines, the elements of a JSON
//! array, and the hits of a search response, cut out of the text one at a time.
//!
//! What an array or a response holds is told by what is in it, not by how it
//! starts: an object is taken for a response once its hits begin, and is a
//! document if it ends without any. Whether an element is well-formed is found
//! out when it is read.

mod scanner;

use std::io::{self, BufRead};

use self::scanner::{Scanner, Step};
use super::LONGEST_ROW;
use super::lines::{BYTE_ORDER_MARK, Line};

/// First members that a search response of Elasticsearch may have.
const RESPONSE_MEMBERS: [&[u8]; 9] = [
    b"took",
    b"timed_out",
    b"terminated_early",
    b"_scroll_id",
    b"pit_id",
    b"_shards",
    b"hits",
    b"num_reduce_phases",
    b"responses",
];

/// Whether the start of a text is enough for [`is_wrapped`].
pub(super) fn is_told(start: &[u8]) -> bool {
    let text = start.strip_prefix(BYTE_ORDER_MARK).unwrap_or(start).trim_ascii_start();
    match text.split_first() {
        None => false,
        Some((b'{', inside)) => match inside.trim_ascii_start().split_first() {
            None => false,
            Some((b'"', name)) => name.contains(&b'"'),
            Some(_) => true,
        },
        Some(_) => true,
    }
}

/// Whether documents are other than lines, by how a text starts.
pub(super) fn is_wrapped(start: &[u8]) -> bool {
    let text = start.strip_prefix(BYTE_ORDER_MARK).unwrap_or(start).trim_ascii_start();
    if text.starts_with(b"[") {
        return true;
    }
    let Some(inside) = text.strip_prefix(b"{") else { return false };
    let member = inside.trim_ascii_start();
    let indent = &inside[..inside.len() - member.len()];
    let name = member.strip_prefix(b"\"").and_then(|rest| rest.split(|&byte| byte == b'"').next());
    indent.contains(&b'\n') || name.is_some_and(|name| RESPONSE_MEMBERS.contains(&name))
}

/// What is missing at the end of a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Missing {
    /// The end of the element that began in this line, or what follows it.
    Element(u64),
    /// The end of an array or a response around elements.
    Wrapping,
}

/// The elements of what a reader gives.
pub(super) struct Elements<R> {
    reader: R,
    scanner: Scanner,
    buffer: Vec<u8>,
    /// Lines begun so far.
    lines: u64,
    /// Line in which the element began, counted from 1.
    pub(super) number: u64,
    /// The line of an element that had not ended when the text did.
    endless: Option<u64>,
}

impl<R: BufRead> Elements<R> {
    pub(super) fn new(reader: R) -> Elements<R> {
        let (scanner, buffer) = (Scanner::default(), Vec::new());
        Elements { reader, scanner, buffer, lines: 1, number: 0, endless: None }
    }

    /// Reads the next element; `None` at the end.
    pub(super) fn next(&mut self) -> io::Result<Option<Line>> {
        self.buffer.clear();
        loop {
            let chunk = match self.reader.fill_buf() {
                Ok(chunk) => chunk,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => return Err(error),
            };
            if chunk.is_empty() {
                return Ok(self.end_of_text());
            }
            let mut used = 0;
            let mut last = Step::Outside;
            while used < chunk.len() && !last.is_end() {
                let byte = chunk[used];
                last = self.scanner.step(byte, self.buffer.len() > LONGEST_ROW);
                if matches!(last, Step::EndedBefore | Step::BrokenBefore) {
                    break;
                }
                used += 1;
                if matches!(last, Step::Inside | Step::Ends) {
                    if self.buffer.is_empty() {
                        self.number = self.lines;
                    }
                    if self.buffer.len() <= LONGEST_ROW {
                        self.buffer.push(byte);
                    }
                } else if last == Step::Unwraps {
                    self.buffer.clear();
                }
                self.lines += u64::from(byte == b'\n');
            }
            self.reader.consume(used);
            if last.is_end() {
                return Ok(Some(self.line(last == Step::BrokenBefore)));
            }
        }
    }

    /// What was read of the element that has ended.
    fn line(&self, is_broken: bool) -> Line {
        match self.buffer.len() > LONGEST_ROW {
            _ if is_broken => Line::Broken,
            true => Line::TooLong,
            false => Line::Text,
        }
    }

    /// The element that the text ends in, if it does.
    fn end_of_text(&mut self) -> Option<Line> {
        if self.buffer.is_empty() {
            return None;
        }
        let is_broken = !self.scanner.may_end();
        if is_broken {
            self.endless = Some(self.number);
        }
        Some(self.line(is_broken))
    }

    /// What is missing, once everything was read.
    pub(super) fn missing(&self) -> Option<Missing> {
        let wrapping = || self.scanner.is_open().then_some(Missing::Wrapping);
        self.endless.map(Missing::Element).or_else(wrapping)
    }

    /// Number of search responses that say that they are not complete.
    pub(super) fn partial_responses(&self) -> u64 {
        self.scanner.partial_responses
    }

    pub(super) fn text(&self) -> &[u8] {
        &self.buffer
    }
}

#[cfg(test)]
mod tests {
    use std::io::BufReader;

    use super::*;

    fn read(text: &str, piece: usize) -> Elements<BufReader<&[u8]>> {
        assert!(is_wrapped(text.as_bytes()));
        Elements::new(BufReader::with_capacity(piece, text.as_bytes()))
    }

    /// Elements with their lines, read in pieces of so many bytes.
    fn elements(text: &str, piece: usize) -> Vec<(String, u64)> {
        let mut elements = read(text, piece);
        let mut found = Vec::new();
        while let Some(line) = elements.next().unwrap() {
            let text = match line {
                Line::Text => String::from_utf8(elements.text().to_vec()).unwrap(),
                Line::TooLong => "too long".to_owned(),
                Line::Broken => "broken".to_owned(),
            };
            found.push((text, elements.number));
        }
        found
    }

    #[track_caller]
    fn finds(text: &str, expected: &[(&str, u64)]) {
        for piece in [1, 2, 7, 1 << 16] {
            let found = elements(text, piece);
            let found: Vec<(&str, u64)> =
                found.iter().map(|(text, line)| (&**text, *line)).collect();
            assert_eq!(found, expected, "{text:?} in pieces of {piece}");
        }
    }

    #[test]
    fn arrays_and_objects_over_several_lines_are_cut_up() {
        finds("[]", &[]);
        finds("\u{feff}[{\"a\":1},{\"b\":[2,{}]}]", &[("{\"a\":1}", 1), ("{\"b\":[2,{}]}", 1)]);
        finds(
            "[\n  {\n  \"a\": \"]}\\\"[\"\n},\n{}\n]\n",
            &[("{\n  \"a\": \"]}\\\"[\"\n}", 2), ("{}", 5)],
        );
        finds("{\n\"a\":1\n}\n{\n\"b\":2}", &[("{\n\"a\":1\n}", 1), ("{\n\"b\":2}", 4)]);
        finds("[1, \"a,b\" ,null]", &[("1", 1), ("\"a,b\" ", 1), ("null", 1)]);
        finds("[{}]\n[{}]\n{\"c\":1}", &[("{}", 1), ("{}", 2), ("{\"c\":1}", 3)]);
    }

    #[test]
    fn a_response_has_hits() {
        let response = r#"{"took":1,"_shards":{"hits":[1]},"hits":{"total":{"hits":[2]},"hits":[
            {"_id":"a","hits":{"hits":[3]}},
            {"_id":"b"}]},"hitsx":{"hits":[4]},"a":{"hits":{"hits":[5]}}}"#;
        let hits = [("{\"_id\":\"a\",\"hits\":{\"hits\":[3]}}", 2), ("{\"_id\":\"b\"}", 3)];
        finds(response, &hits);
        let twice = [hits[0], hits[1], (hits[0].0, 5), (hits[1].0, 6)];
        finds(&format!("{response}\n{response}"), &twice);
        finds(r#"{"took":1,"hits":{"hits":[]}}"#, &[]);
    }

    #[test]
    fn what_is_malformed_is_an_element_that_cannot_be_read() {
        finds("[{\"a\":", &[("broken", 1)]);
        finds("[{}]]}{", &[("{}", 1), ("]", 1), ("}", 1), ("broken", 1)]);
        let long = format!("[{{\"a\":\"{}\"}},{{}}]", "x".repeat(LONGEST_ROW));
        finds(&long, &[("too long", 1), ("{}", 1)]);
    }

    #[test]
    fn the_first_member_tells() {
        for text in ["", "\u{feff} ", "{", "{\n", "{ \"", "{\n\"took"] {
            assert!(!is_told(text.as_bytes()), "{text:?}");
        }
        for text in ["[", " 1", "{}", "{1", "{\n\"took\"", "{\"a\":"] {
            assert!(is_told(text.as_bytes()), "{text:?}");
        }
    }

    #[test]
    fn an_object_without_hits_is_a_document() {
        let lines = "{\"took\":5,\"a\":[{\"hits\":[1]}]}\n{\"hits\":{\"hits\":2}}\n{\"took\":6}";
        let expected: Vec<(&str, u64)> = lines.lines().zip(1..).collect();
        finds(lines, &expected);
        finds("{\n\"responses\":{}}", &[("{\n\"responses\":{}}", 1)]);
    }

    #[test]
    fn several_responses_in_one() {
        let one = r#"{"took":1,"hits":{"hits":[{"a":1}]}}"#;
        let other = r#"{"hits":{"total":1,"hits":[{"b":[2]}],"max":1},"status":200}"#;
        let (a, b) = (("{\"a\":1}", 1), ("{\"b\":[2]}", 1));
        let error = r#"{"error":{"hits":[3]},"status":404}"#;
        let search = format!("{{\"took\":3,\"responses\":[{one},{error},{other}]}}");
        finds(&search, &[a, (error, 1), b]);
        finds(&format!("{search}\n{one}"), &[a, (error, 1), b, ("{\"a\":1}", 2)]);
        finds(&format!("[{one},{search},{other}]"), &[a, a, (error, 1), b, b]);
    }

    #[test]
    fn after_a_broken_document_comes_the_next() {
        // A quote, a brace, a bracket and the end of a line are missing.
        for broken in
            ["{\"took\":\"x,\"a\":1}", "{\"took\":{\"b\":1}", "{\"took\":[1}", "{\"took\":1,"]
        {
            finds(
                &format!("{broken}\n{{\"c\":1}}\n{{\"d\":2}}"),
                &[("broken", 1), ("{\"c\":1}", 2), ("{\"d\":2}", 3)],
            );
            finds(
                &format!("[{broken},\n {{\"c\":1}},\n\n{{\"d\":2}}]"),
                &[("broken", 1), ("{\"c\":1}", 2), ("{\"d\":2}", 4)],
            );
        }
        finds(
            "[\n  {\n    \"a\": \"x,\n    \"b\":\n    {\n    }\n  },\n  {\n    \"c\": 1\n  }\n]",
            &[("broken", 2), ("{\n    \"c\": 1\n  }", 8)],
        );
        let response = "{\"hits\":{\"hits\":[{\"a\":1}]}";
        finds(&format!("{response}\n{response}}}"), &[("{\"a\":1}", 1), ("{\"a\":1}", 2)]);
    }

    #[test]
    fn an_element_that_is_too_long_ends_at_a_line() {
        let rows = "[1,\n{\"a\":2}],\n".repeat(LONGEST_ROW / 8);
        let text = format!("{{\"took\":[{rows}{{\"b\":1}}");
        let found = elements(&text, 1 << 16);
        assert_eq!(found[0], ("broken".to_owned(), 1));
        assert_eq!(found.last().unwrap().0, "{\"b\":1}");
    }

    #[test]
    fn what_is_missing_at_the_end_is_told() {
        for (text, missing) in [
            ("[{}]", None),
            ("{\"took\":1}\n", None),
            ("{\"hits\":{\"hits\":[{}]}}\n", None),
            ("[{}", Some(Missing::Wrapping)),
            ("[1", Some(Missing::Wrapping)),
            ("{\"hits\":{\"hits\":[{}]", Some(Missing::Wrapping)),
            ("{\"hits\":{\"hits\":[]},\"x", Some(Missing::Wrapping)),
            ("[{},\n{\"a\":", Some(Missing::Element(2))),
            ("[{},\n{\"a\":\"},{}]", Some(Missing::Element(2))),
            ("{\"took\":1", Some(Missing::Element(1))),
        ] {
            let mut elements = read(text, 3);
            while elements.next().unwrap().is_some() {}
            assert_eq!(elements.missing(), missing, "{text}");
        }
    }

    #[test]
    fn responses_that_are_not_complete_are_counted() {
        let whole = r#"{"timed_out":false,"_shards":{"total":5,"failed":0},"hits":{"hits":[]}}"#;
        let late = r#"{"timed_out":true,"_shards":{"failed":2},"hits":{"hits":[]}}"#;
        let after = r#"{"hits":{"hits":[]},"_shards":{"failed":2},"timed_out": true}"#;
        let document = r#"{"timed_out":true}"#;
        for (text, partial) in [(whole, 0), (late, 1), (after, 1), (document, 0)] {
            let text = format!("[{text},{whole},{text}]");
            let mut elements = read(&text, 5);
            while elements.next().unwrap().is_some() {}
            assert_eq!(elements.partial_responses(), 2 * partial, "{text}");
        }
    }

    #[test]
    fn lines_are_not_wrapped() {
        for text in ["{\"@timestamp\":1}", "{\"a\":[]}", "", "{}", "{ \"hit\":1}"] {
            assert!(!is_wrapped(text.as_bytes()), "{text}");
        }
        assert!(is_wrapped(b" {\n \"took\" : 3") && is_wrapped(b"{\n}"));
    }
}
