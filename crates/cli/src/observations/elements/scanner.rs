//! Where the elements of a JSON text begin and end, told byte by byte.
//!
//! Only as much of JSON is looked at as that takes, and as it takes to see that
//! an element is broken: a line that ends in a string, brackets that do not
//! match, an object where none may stand. After such a break the next element
//! is the first line that starts with an object and is indented no more than
//! the broken one. Nothing is kept but the names of two members.

use super::super::lines::BYTE_ORDER_MARK;

/// The member that holds the hits of a response, in an object of the same name.
const HITS: &[u8] = b"hits";

/// The member that holds the responses of several searches.
const RESPONSES: &[u8] = b"responses";

/// The longest name of a member that is looked for, and one byte to tell longer
/// ones from it.
const LONGEST_NAME: usize = 10;

/// Where a byte belongs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Step {
    /// To no element.
    Outside,
    /// To an element.
    Inside,
    /// To an element, which it ends.
    Ends,
    /// The element ended before it; it is to be looked at again.
    EndedBefore,
    /// The element is broken, and another one begins with it; it is to be
    /// looked at again.
    BrokenBefore,
    /// What seemed to be an element holds elements that follow.
    Unwraps,
}

impl Step {
    /// Whether an element has ended.
    pub(super) fn is_end(self) -> bool {
        matches!(self, Step::Ends | Step::EndedBefore | Step::BrokenBefore)
    }
}

/// Finds elements byte by byte.
#[derive(Default)]
pub(super) struct Scanner {
    /// Objects and arrays that are open.
    depth: usize,
    /// Which of them are arrays, the innermost in the lowest bit. Deeper ones
    /// than these are refused when they are read.
    arrays: u128,
    /// Those around documents and responses.
    base: usize,
    /// Those around the hits of a response, while there may be any.
    hits: Option<usize>,
    in_element: bool,
    in_string: bool,
    is_escaped: bool,
    is_broken: bool,
    /// The last byte that is no blank and in no string.
    previous: u8,
    /// The last string, as far as it matters.
    text: Vec<u8>,
    /// The member that is being read of the two outermost objects of a document
    /// or response.
    members: [Vec<u8>; 2],
    line: Margin,
    /// Indent of the line in which the element began.
    indent: usize,
    /// Whether the search of the response timed out or failed in part.
    is_partial: bool,
    /// Number of such responses.
    pub(super) partial_responses: u64,
}

/// The start of a line.
struct Margin {
    indent: usize,
    is_open: bool,
}

impl Default for Margin {
    fn default() -> Margin {
        Margin { indent: 0, is_open: true }
    }
}

impl Margin {
    fn step(&mut self, byte: u8) {
        match byte {
            b'\n' => *self = Margin::default(),
            b' ' | b'\t' | b'\r' | b',' | b'[' if self.is_open => self.indent += 1,
            _ if BYTE_ORDER_MARK.contains(&byte) => {}
            _ => self.is_open = false,
        }
    }
}

impl Scanner {
    /// Looks at the next byte; `is_long` says that the element is longer than
    /// one may be.
    pub(super) fn step(&mut self, byte: u8, is_long: bool) -> Step {
        let step =
            if self.in_element { self.step_inside(byte, is_long) } else { self.step_outside(byte) };
        if !matches!(step, Step::EndedBefore | Step::BrokenBefore) {
            self.line.step(byte);
        }
        step
    }

    /// Whether an element that is being read may end here.
    pub(super) fn may_end(&self) -> bool {
        self.depth == self.around() && !self.in_string && !self.is_broken
    }

    /// Whether something is open.
    pub(super) fn is_open(&self) -> bool {
        self.depth > 0 || self.in_string
    }

    /// Objects and arrays around an element.
    fn around(&self) -> usize {
        self.hits.unwrap_or(self.base)
    }

    fn step_inside(&mut self, byte: u8, is_long: bool) -> Step {
        let around = self.around();
        let is_bracket = matches!(byte, b'{' | b'[');
        if !self.in_string && is_bracket && self.depth > around && !self.may_open() {
            self.is_broken = true;
        }
        if (self.is_broken || is_long) && self.begins_a_line(byte, self.indent) {
            self.leave(around);
            return Step::BrokenBefore;
        }
        if self.is_broken || self.in_string {
            self.step_string(byte);
            return Step::Inside;
        }
        match byte {
            b',' | b']' | b'}' | b'\n' | b'{' | b'[' if self.depth == around => {
                self.in_element = false;
                return Step::EndedBefore;
            }
            b'[' if self.unwraps() => {
                self.in_element = false;
                return Step::Unwraps;
            }
            _ => self.walk(byte),
        }
        if matches!(byte, b'}' | b']') && self.may_end() {
            self.in_element = false;
            return Step::Ends;
        }
        Step::Inside
    }

    fn step_outside(&mut self, byte: u8) -> Step {
        let is_misplaced = byte == b'{' && self.depth != self.around() && !self.may_open();
        if (self.is_broken || is_misplaced) && self.begins_a_line(byte, 0) {
            self.leave(0);
        }
        if self.in_string || self.is_broken {
            self.step_string(byte);
            return Step::Outside;
        }
        if byte.is_ascii_whitespace() || byte == b',' || self.is_mark(byte) {
            self.walk(byte);
            return Step::Outside;
        }
        match byte {
            _ if self.depth != self.around() => self.walk(byte),
            b'[' if self.depth == 0 => {
                self.walk(byte);
                self.base = 1;
            }
            b']' if self.depth > 0 => self.walk(byte),
            _ => return self.begin(byte),
        }
        Step::Outside
    }

    /// Begins an element.
    fn begin(&mut self, byte: u8) -> Step {
        self.indent = self.line.indent;
        if self.hits.is_none() {
            self.is_partial = false;
        }
        // A bracket that closes nothing is an element that is none.
        if matches!(byte, b'}' | b']') {
            return Step::Ends;
        }
        self.in_element = true;
        self.walk(byte);
        Step::Inside
    }

    /// Goes on in a string, or in what is broken.
    fn step_string(&mut self, byte: u8) {
        match byte {
            _ if self.is_broken => {}
            b'\n' => self.is_broken = true,
            _ if self.is_escaped => self.is_escaped = false,
            b'\\' => self.is_escaped = true,
            b'"' => self.in_string = false,
            _ if self.text.len() < LONGEST_NAME && self.hits.is_none() => self.text.push(byte),
            _ => {}
        }
    }

    /// Follows the structure outside strings.
    fn walk(&mut self, byte: u8) {
        match byte {
            b'"' => {
                self.in_string = true;
                self.text.clear();
            }
            b':' => {
                let at = self.depth.checked_sub(self.base + 1);
                if let Some(member) = at.and_then(|at| self.members.get_mut(at)) {
                    member.clone_from(&self.text);
                }
            }
            b'[' | b'{' => self.open(byte == b'['),
            b']' | b'}' => self.close(byte == b']'),
            _ => self.note(byte),
        }
        if !byte.is_ascii_whitespace() {
            self.previous = byte;
        }
    }

    fn open(&mut self, is_array: bool) {
        let at = self.depth.checked_sub(self.base);
        if let Some(member) = at.and_then(|at| self.members.get_mut(at)) {
            member.clear();
        }
        self.arrays = self.arrays << 1 | u128::from(is_array);
        self.depth += 1;
    }

    fn close(&mut self, is_array: bool) {
        if self.depth == 0 || self.in_array() != is_array {
            self.is_broken = true;
        } else {
            self.close_to(self.depth - 1);
        }
    }

    fn close_to(&mut self, depth: usize) {
        for _ in depth..self.depth {
            self.arrays >>= 1;
        }
        self.depth = depth;
        self.hits = self.hits.filter(|&hits| hits <= depth);
        if self.base > depth {
            // What several responses are in is itself a response of that base.
            self.base = if depth == 0 { 0 } else { self.base.saturating_sub(2) };
        }
    }

    /// Leaves what is broken, up to the objects and arrays at `depth`.
    fn leave(&mut self, depth: usize) {
        self.close_to(depth);
        (self.in_element, self.in_string, self.is_escaped) = (false, false, false);
        self.is_broken = false;
        self.previous = b',';
    }

    /// Goes into the array that begins here, if it holds hits or responses.
    fn unwraps(&mut self) -> bool {
        if self.hits.is_some() {
            return false;
        }
        let inside = self.depth - self.base;
        let holds_hits = inside == 2 && self.members.iter().all(|member| member == HITS);
        let holds_responses = inside == 1 && self.base <= 1 && self.members[0] == RESPONSES;
        if !holds_hits && !holds_responses {
            return false;
        }
        self.walk(b'[');
        if holds_hits {
            self.hits = Some(self.depth);
            self.partial_responses += u64::from(self.is_partial);
        } else {
            self.base = self.depth;
        }
        true
    }

    /// Notes what a response says of its search.
    fn note(&mut self, byte: u8) {
        let inside = self.depth.checked_sub(self.base);
        let [outer, inner] = &self.members;
        let has_timed_out = inside == Some(1) && outer == b"timed_out" && byte == b't';
        let has_failed = inside == Some(2)
            && outer == b"_shards"
            && inner == b"failed"
            && matches!(byte, b'1'..=b'9');
        if (has_timed_out || has_failed) && !self.is_partial {
            self.is_partial = true;
            self.partial_responses += u64::from(!self.in_element);
        }
    }

    /// Whether an object or array may stand here within another.
    fn may_open(&self) -> bool {
        match self.previous {
            b':' => !self.in_array(),
            b'[' | b',' => self.in_array(),
            _ => false,
        }
    }

    fn in_array(&self) -> bool {
        self.arrays & 1 == 1
    }

    /// Whether a byte is an object's first, and the first of a line that is
    /// indented no more than so far.
    fn begins_a_line(&self, byte: u8, indent: usize) -> bool {
        byte == b'{' && self.line.is_open && self.line.indent <= indent
    }

    /// Whether a byte is of the mark that a text may start with.
    fn is_mark(&self, byte: u8) -> bool {
        self.depth == 0 && BYTE_ORDER_MARK.contains(&byte)
    }
}
