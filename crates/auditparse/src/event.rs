//! An event: the records that share one node, time and serial, put together again. This module
//! owns what can be asked of a whole event; how it came to be whole is
//! [`reassembly`](crate::reassembly)'s.

use core::fmt;
use std::borrow::Cow;

use smallvec::SmallVec;

use crate::attempt::NotAConnection;
use crate::connection::Connection;
use crate::event_id::EventId;
use crate::field::Field;
use crate::record::Record;
use crate::record_type::RecordType;

/// Records that fit into an event without allocating: a connect or execve event has three to six.
const INLINE_RECORDS: usize = 8;

/// What ended an event.
///
/// ```
/// use auditparse::{Completion, Events};
///
/// let log = b"\
/// type=USER_LOGIN msg=audit(1.001:7): pid=1
/// type=SYSCALL msg=audit(1.002:8): arch=c000003e syscall=59
/// ";
/// let completions: Vec<_> = Events::new(log).map(|event| event.completion()).collect();
/// assert_eq!(completions, [Completion::Single, Completion::EndOfInput]);
/// assert!(completions[0].is_certain() && !completions[1].is_certain());
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
pub enum Completion {
    /// Its `EOE` record. auditd passes it to plugins but does not write it to its log.
    Eoe,
    /// Its `PROCTITLE` record, which the kernel writes last.
    Proctitle,
    /// The event is one record by its type.
    Single,
    /// Nothing more came within the time-out.
    Timeout,
    /// Room was needed for newer events.
    Evicted,
    /// The input ended.
    EndOfInput,
    /// The event had already been delivered when this record of it came: what is delivered now is
    /// that record by itself.
    Late,
}

impl Completion {
    /// Whether the event is known to be whole. An event that ended by time-out or with the input
    /// may be as well: not every event of the kernel has a last record that tells so.
    ///
    /// ```
    /// use auditparse::Events;
    ///
    /// let log = b"\
    /// type=CWD msg=audit(1.001:7): cwd=\"/\"
    /// type=USER_LOGIN msg=audit(9.001:8): pid=1
    /// ";
    /// let completions = Events::new(log).map(|event| event.completion());
    /// let certain: Vec<_> = completions.map(|completion| completion.is_certain()).collect();
    /// assert_eq!(certain, [false, true]);
    /// ```
    pub fn is_certain(self) -> bool {
        matches!(self, Completion::Eoe | Completion::Proctitle | Completion::Single)
    }
}

/// The records of one event, in the order in which they came.
///
/// ```
/// use auditparse::{Completion, Events};
///
/// let log = b"\
/// type=SYSCALL msg=audit(1.001:7): arch=c000003e syscall=59 success=yes exit=0 a0=1
/// type=EXECVE msg=audit(1.001:7): argc=2 a0=\"cat\" a1=612062
/// type=PROCTITLE msg=audit(1.001:7): proctitle=636174
/// ";
/// let event = Events::new(log).next().unwrap();
/// assert_eq!(event.records().len(), 3);
/// assert_eq!(event.completion(), Completion::Proctitle);
/// assert_eq!(event.argv().unwrap(), [&b"cat"[..], b"a b"]);
/// ```
#[derive(Clone)]
pub struct Event<'a> {
    id: EventId,
    node: Option<&'a [u8]>,
    completion: Completion,
    records: SmallVec<[Record<'a>; INLINE_RECORDS]>,
}

impl<'a> Event<'a> {
    pub(crate) fn new(
        id: EventId,
        completion: Completion,
        records: impl Iterator<Item = Record<'a>>,
    ) -> Event<'a> {
        let records: SmallVec<_> = records.collect();
        let node = records.first().and_then(Record::node);
        Event { id, node, completion, records }
    }

    /// Time and serial.
    ///
    /// ```
    /// let log = b"type=USER_LOGIN msg=audit(1716998400.001:7): pid=1";
    /// let event = auditparse::Events::new(log).next().unwrap();
    /// assert_eq!((event.id().millis, event.id().serial), (1_716_998_400_001, 7));
    /// ```
    pub fn id(&self) -> EventId {
        self.id
    }

    /// The host that wrote the event; see [`Record::node`].
    ///
    /// ```
    /// let log = b"node=web01 type=USER_LOGIN msg=audit(1.001:7): pid=1";
    /// let event = auditparse::Events::new(log).next().unwrap();
    /// assert_eq!(event.node(), Some(&b"web01"[..]));
    /// ```
    pub fn node(&self) -> Option<&'a [u8]> {
        self.node
    }

    /// What ended the event.
    ///
    /// ```
    /// use auditparse::{Completion, Events};
    ///
    /// let log = b"\
    /// type=SYSCALL msg=audit(1.001:7): arch=c000003e syscall=59
    /// type=PROCTITLE msg=audit(1.001:7): proctitle=\"sh\"
    /// ";
    /// assert_eq!(Events::new(log).next().unwrap().completion(), Completion::Proctitle);
    /// ```
    pub fn completion(&self) -> Completion {
        self.completion
    }

    /// The records, at least one.
    ///
    /// ```
    /// let log = b"\
    /// type=CWD msg=audit(1.001:7): cwd=\"/\"
    /// type=PATH msg=audit(1.001:7): item=0 name=\"/tmp\"
    /// ";
    /// let event = auditparse::Events::new(log).next().unwrap();
    /// let types: Vec<_> = event.records().iter().map(|record| record.type_name()).collect();
    /// assert_eq!(types, [&b"CWD"[..], b"PATH"]);
    /// ```
    pub fn records(&self) -> &[Record<'a>] {
        &self.records
    }

    /// The first record of a type.
    ///
    /// ```
    /// use auditparse::{Events, RecordType};
    ///
    /// let log = b"\
    /// type=CWD msg=audit(1.001:7): cwd=\"/\"
    /// type=PATH msg=audit(1.001:7): item=0 name=\"/tmp\"
    /// ";
    /// let event = Events::new(log).next().unwrap();
    /// assert_eq!(event.record(RecordType::PATH).unwrap().get("item").unwrap().as_u64(), Some(0));
    /// assert_eq!(event.record(RecordType::SYSCALL), None);
    /// ```
    pub fn record(&self, record_type: RecordType) -> Option<&Record<'a>> {
        self.records.iter().find(|record| record.record_type() == record_type)
    }

    /// The event as a connection.
    ///
    /// ```
    /// let log = b"type=SYSCALL msg=audit(1.001:7): \
    ///     arch=c000003e syscall=42 success=yes exit=0 pid=9";
    /// let event = auditparse::Events::new(log).next().unwrap();
    /// assert_eq!(event.connection()?.pid(), Some(9));
    /// # Ok::<(), auditparse::NotAConnection>(())
    /// ```
    ///
    /// # Errors
    ///
    /// If it is none, and why.
    pub fn connection(&self) -> Result<Connection<'a>, NotAConnection> {
        if self.completion == Completion::Late {
            return Err(NotAConnection::Late);
        }
        Connection::from_records(self.id, None, self.records.iter().copied())
    }

    /// The arguments of an `EXECVE`: put together from all its records, with those that the kernel
    /// split (`a1_len=`, `a1[0]=`, `a1[1]=`) joined. `None` without such a record. An argument that
    /// is not in the log is empty. One that `argc=` does not count, or that would need 2,000 others
    /// for each of the records to be missing, is left out.
    ///
    /// ```
    /// // The kernel has split the second argument.
    /// let log = b"\
    /// type=EXECVE msg=audit(1.001:7): argc=2 a0=\"echo\" a1_len=6 a1[0]=\"abc\"
    /// type=EXECVE msg=audit(1.001:7): a1[1]=\"def\"
    /// ";
    /// let event = auditparse::Events::new(log).next().unwrap();
    /// assert_eq!(event.argv().unwrap(), [&b"echo"[..], b"abcdef"]);
    /// ```
    pub fn argv(&self) -> Option<Vec<Cow<'a, [u8]>>> {
        let mut argv: Option<Vec<Option<Cow<'a, [u8]>>>> = None;
        let argc = self.argc().unwrap_or(usize::MAX);
        let mut may_come = 0;
        for record in self.records.iter().filter(|r| r.record_type() == RecordType::EXECVE) {
            let argv = argv.get_or_insert_default();
            may_come += MAX_MISSING_ARGUMENTS;
            for field in record.fields() {
                let Some(argument) = Argument::of(&field) else { continue };
                may_come += 1;
                if argument.index < may_come.min(argc) {
                    argument.put(argv, &field);
                }
            }
        }
        Some(argv?.into_iter().map(Option::unwrap_or_default).collect())
    }

    /// How many arguments there are, as the first `EXECVE` record that tells says.
    fn argc(&self) -> Option<usize> {
        let mut records = self.records.iter().filter(|r| r.record_type() == RecordType::EXECVE);
        let argc = records.find_map(|record| record.get("argc"))?.as_u64()?;
        usize::try_from(argc).ok()
    }

    /// The command line of the process, its arguments ended by NULs, cut to 128 bytes; see
    /// [`title_arguments`].
    ///
    /// ```
    /// let log = b"type=PROCTITLE msg=audit(1.001:7): proctitle=6E63002D7A";
    /// let event = auditparse::Events::new(log).next().unwrap();
    /// assert_eq!(event.proctitle().as_deref(), Some(&b"nc\0-z"[..]));
    /// ```
    pub fn proctitle(&self) -> Option<Cow<'a, [u8]>> {
        let field = self.record(RecordType::PROCTITLE)?.get("proctitle")?;
        (!field.is_absent()).then(|| field.text())
    }
}

/// The arguments of a process title, as [`Event::proctitle`] gives it.
///
/// ```
/// let arguments: Vec<_> = auditparse::title_arguments(b"nc\0-l\0\04444").collect();
/// assert_eq!(arguments, [&b"nc"[..], b"-l", b"", b"4444"]);
/// ```
pub fn title_arguments(title: &[u8]) -> impl Iterator<Item = &[u8]> {
    title.strip_suffix(b"\0").unwrap_or(title).split(|&byte| byte == 0)
}

impl fmt::Debug for Event<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Event({}, {:?}, ", self.id, self.completion)?;
        f.debug_list().entries(self.records.iter()).finish()?;
        f.write_str(")")
    }
}

/// How many arguments may be missing for each record that is there. One `EXECVE` record holds fewer
/// than this, so a larger index is made up, or more records were lost than came, and it would only
/// cost memory.
const MAX_MISSING_ARGUMENTS: usize = 2000;

/// The argument that a field of an `EXECVE` record belongs to: `a1` or, in pieces, `a1[0]`.
struct Argument {
    index: usize,
    is_piece: bool,
}

impl Argument {
    fn of(field: &Field<'_>) -> Option<Argument> {
        let name = field.key().strip_prefix(b"a")?;
        let digits = name.iter().take_while(|byte| byte.is_ascii_digit()).count();
        let is_piece = match &name[digits..] {
            [] => false,
            [b'[', .., b']'] => true,
            _ => return None,
        };
        let number = &name[..digits];
        // The kernel writes no leading zeros: `a01` is no argument.
        if number.len() > 1 && number[0] == b'0' {
            return None;
        }
        let index = core::str::from_utf8(number).ok()?.parse().ok()?;
        Some(Argument { index, is_piece })
    }

    /// Adds a piece, or sets a whole argument. If that comes twice, the first counts.
    fn put<'a>(&self, argv: &mut Vec<Option<Cow<'a, [u8]>>>, field: &Field<'a>) {
        if argv.len() <= self.index {
            argv.resize(self.index + 1, None);
        }
        let argument = &mut argv[self.index];
        if self.is_piece {
            argument.get_or_insert_default().to_mut().extend_from_slice(&field.text());
        } else {
            argument.get_or_insert_with(|| field.text());
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::Events;

    fn argv(body: &str) -> Vec<Vec<u8>> {
        let line = format!("type=EXECVE msg=audit(1.001:1): {body}");
        let event = Events::new(line.as_bytes()).next().unwrap();
        event.argv().unwrap().into_iter().map(|argument| argument.into_owned()).collect()
    }

    #[test]
    fn of_an_argument_that_repeats_the_first_counts() {
        assert_eq!(argv("argc=2 a0=\"a\" a1=\"b\" a1=\"c\" a01=\"d\""), [b"a", b"b"]);
    }

    #[test]
    fn missing_arguments_are_empty() {
        assert_eq!(argv("argc=3 a2=\"c\""), [&b""[..], b"", b"c"]);
    }
}
