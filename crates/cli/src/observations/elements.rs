//! Documents that are no lines: those on several lines, the elements of a JSON
//! array, and the hits of a search response, cut out of the text one at a time.
//!
//! Only as much of JSON is looked at as it takes to find where an element
//! begins and ends; whether it is well-formed is found out when it is read.

use std::io::{self, BufRead};

use super::LONGEST_ROW;
use super::ndjson::{BYTE_ORDER_MARK, Line};

/// First members by which a search response of Elasticsearch is known.
const RESPONSE_MEMBERS: [&[u8]; 7] =
    [b"took", b"timed_out", b"_scroll_id", b"pit_id", b"_shards", b"hits", b"num_reduce_phases"];

/// The member that holds the hits, in an object of the same name.
const HITS: &[u8] = b"hits";

/// What documents are wrapped in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Wrapping {
    /// Top-level arrays, or nothing, on any number of lines.
    Array,
    /// `{"hits":{"hits":[…]}}`.
    Response,
}

impl Wrapping {
    /// Whether the start of a text is enough for [`of`](Wrapping::of).
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

    /// Tells by how a text starts; `None` if documents are lines.
    pub(super) fn of(start: &[u8]) -> Option<Wrapping> {
        let text = start.strip_prefix(BYTE_ORDER_MARK).unwrap_or(start).trim_ascii_start();
        if text.starts_with(b"[") {
            return Some(Wrapping::Array);
        }
        let inside = text.strip_prefix(b"{")?;
        let member = inside.trim_ascii_start();
        let name = member.strip_prefix(b"\"")?.split(|&byte| byte == b'"').next()?;
        if RESPONSE_MEMBERS.contains(&name) {
            return Some(Wrapping::Response);
        }
        let indent = &inside[..inside.len() - member.len()];
        indent.contains(&b'\n').then_some(Wrapping::Array)
    }
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
}

impl<R: BufRead> Elements<R> {
    pub(super) fn new(reader: R, wrapping: Wrapping) -> Elements<R> {
        let scanner = Scanner::new(wrapping);
        Elements { reader, scanner, buffer: Vec::new(), lines: 1, number: 0 }
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
                return Ok((!self.buffer.is_empty()).then(|| self.end()));
            }
            let mut used = 0;
            let mut is_over = false;
            while used < chunk.len() && !is_over {
                let byte = chunk[used];
                let step = self.scanner.step(byte);
                if step == Step::EndedBefore {
                    is_over = true;
                    break;
                }
                used += 1;
                self.lines += u64::from(byte == b'\n');
                if step != Step::Outside {
                    if self.buffer.is_empty() {
                        self.number = self.lines;
                    }
                    if self.buffer.len() <= LONGEST_ROW {
                        self.buffer.push(byte);
                    }
                    is_over = step == Step::Ends;
                }
            }
            self.reader.consume(used);
            if is_over {
                return Ok(Some(self.end()));
            }
        }
    }

    fn end(&self) -> Line {
        if self.buffer.len() > LONGEST_ROW { Line::TooLong } else { Line::Text }
    }

    pub(super) fn text(&self) -> &[u8] {
        &self.buffer
    }
}

/// Where a byte belongs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Step {
    /// To no element.
    Outside,
    /// To an element.
    Inside,
    /// To an element, which it ends.
    Ends,
    /// The element ended before it; it is to be looked at again.
    EndedBefore,
}

/// Finds elements byte by byte.
struct Scanner {
    wrapping: Wrapping,
    /// Objects and arrays that are open.
    depth: usize,
    /// Those around an element, where elements are.
    level: Option<usize>,
    in_element: bool,
    in_string: bool,
    is_escaped: bool,
    /// The last string outside an element, as far as it matters.
    text: Vec<u8>,
    /// The member that is being read of the two outermost objects.
    members: [Vec<u8>; 2],
}

impl Scanner {
    fn new(wrapping: Wrapping) -> Scanner {
        Scanner {
            wrapping,
            depth: 0,
            level: None,
            in_element: false,
            in_string: false,
            is_escaped: false,
            text: Vec::new(),
            members: [Vec::new(), Vec::new()],
        }
    }

    fn step(&mut self, byte: u8) -> Step {
        if self.in_element { self.step_inside(byte) } else { self.step_outside(byte) }
    }

    fn step_inside(&mut self, byte: u8) -> Step {
        let around = self.level.unwrap_or(0);
        if self.in_string {
            self.step_string(byte);
            return Step::Inside;
        }
        match byte {
            b',' | b']' | b'}' | b'\n' if self.depth == around => {
                self.in_element = false;
                return Step::EndedBefore;
            }
            b'"' => self.in_string = true,
            b'{' | b'[' => self.depth += 1,
            b'}' | b']' => {
                self.depth -= 1;
                if self.depth == around {
                    self.in_element = false;
                    return Step::Ends;
                }
            }
            _ => {}
        }
        Step::Inside
    }

    fn step_outside(&mut self, byte: u8) -> Step {
        if self.in_string {
            self.step_string(byte);
            if self.in_string && self.text.len() <= HITS.len() {
                self.text.push(byte);
            }
            return Step::Outside;
        }
        if byte.is_ascii_whitespace() || byte == b',' || self.is_mark(byte) {
            return Step::Outside;
        }
        let is_element = match self.level {
            Some(level) => self.depth == level && byte != b']',
            None => self.wrapping == Wrapping::Array && self.depth == 0 && byte != b'[',
        };
        if is_element {
            self.in_element = true;
            return match self.step_inside(byte) {
                // A bracket that closes nothing is an element that is none.
                Step::EndedBefore => Step::Ends,
                step => step,
            };
        }
        self.walk(byte);
        Step::Outside
    }

    /// Whether a byte is of the mark that a text may start with.
    fn is_mark(&self, byte: u8) -> bool {
        self.depth == 0 && BYTE_ORDER_MARK.contains(&byte)
    }

    fn step_string(&mut self, byte: u8) {
        match byte {
            _ if self.is_escaped => self.is_escaped = false,
            b'\\' => self.is_escaped = true,
            b'"' => self.in_string = false,
            _ => {}
        }
    }

    /// Follows the structure around elements.
    fn walk(&mut self, byte: u8) {
        match byte {
            b'"' => {
                self.in_string = true;
                self.text.clear();
            }
            b':' => {
                if let Some(member) =
                    self.depth.checked_sub(1).and_then(|at| self.members.get_mut(at))
                {
                    member.clone_from(&self.text);
                }
            }
            b'[' | b'{' => {
                if byte == b'[' && self.holds_elements() {
                    self.level = Some(self.depth + 1);
                }
                if let Some(member) = self.members.get_mut(self.depth) {
                    member.clear();
                }
                self.depth += 1;
            }
            b']' | b'}' => {
                self.depth = self.depth.saturating_sub(1);
                self.level = self.level.filter(|&level| level <= self.depth);
            }
            _ => {}
        }
    }

    /// Whether an array that begins here holds the elements.
    fn holds_elements(&self) -> bool {
        self.level.is_none()
            && match self.wrapping {
                Wrapping::Array => self.depth == 0,
                Wrapping::Response => {
                    self.depth == 2 && self.members.iter().all(|member| member == HITS)
                }
            }
    }
}

#[cfg(test)]
mod tests {
    use std::io::BufReader;

    use super::*;

    /// Elements with their lines, read in pieces of so many bytes.
    fn elements(text: &str, piece: usize) -> Vec<(String, u64)> {
        let wrapping = Wrapping::of(text.as_bytes()).unwrap();
        let mut elements =
            Elements::new(BufReader::with_capacity(piece, text.as_bytes()), wrapping);
        let mut found = Vec::new();
        while let Some(line) = elements.next().unwrap() {
            let text = match line {
                Line::Text => String::from_utf8(elements.text().to_vec()).unwrap(),
                Line::TooLong => "too long".to_owned(),
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
        finds("[{\"a\":", &[("{\"a\":", 1)]);
        finds("[{}]]}{", &[("{}", 1), ("]", 1), ("}", 1), ("{", 1)]);
        let long = format!("[{{\"a\":\"{}\"}},{{}}]", "x".repeat(LONGEST_ROW));
        finds(&long, &[("too long", 1), ("{}", 1)]);
    }

    #[test]
    fn the_first_member_tells() {
        for text in ["", "\u{feff} ", "{", "{\n", "{ \"", "{\n\"took"] {
            assert!(!Wrapping::is_told(text.as_bytes()), "{text:?}");
        }
        for text in ["[", " 1", "{}", "{1", "{\n\"took\"", "{\"a\":"] {
            assert!(Wrapping::is_told(text.as_bytes()), "{text:?}");
        }
    }

    #[test]
    fn lines_are_not_wrapped() {
        for text in ["{\"@timestamp\":1}", "{\"a\":[]}", "", "{}", "{ \"hit\":1}"] {
            assert_eq!(Wrapping::of(text.as_bytes()), None, "{text}");
        }
        assert_eq!(Wrapping::of(b" {\n \"took\" : 3"), Some(Wrapping::Response));
    }
}
