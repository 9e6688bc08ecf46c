//! Why a line is not a record, and what is wrong inside a record that is one. This module owns the
//! two error types and their wording; the modules that parse decide when they apply.

use thiserror::Error;

/// Why a line could not be read as an audit record: what was expected, and at which byte.
///
/// ```
/// use auditparse::{Record, RecordErrorKind};
///
/// let error = Record::parse(b"type=SYSCALL msg=audit(x").unwrap_err();
/// assert_eq!(error.kind(), RecordErrorKind::Timestamp);
/// assert_eq!(error.offset(), 23);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("{kind} at byte {offset}")]
pub struct RecordError {
    kind: RecordErrorKind,
    offset: usize,
}

impl RecordError {
    pub(crate) fn new(kind: RecordErrorKind, offset: usize) -> RecordError {
        RecordError { kind, offset }
    }

    /// What is wrong with the line.
    ///
    /// ```
    /// use auditparse::{Record, RecordErrorKind};
    ///
    /// let error = Record::parse(b"Started Session 4 of user root.").unwrap_err();
    /// assert_eq!(error.kind(), RecordErrorKind::NotAudit);
    /// ```
    pub fn kind(&self) -> RecordErrorKind {
        self.kind
    }

    /// Byte offset in the line at which the reading stopped.
    ///
    /// ```
    /// let line = b"type=CWD msg=audit(1.001:x): cwd=\"/\"";
    /// let error = auditparse::Record::parse(line).unwrap_err();
    /// assert!(line[error.offset()..].starts_with(b"x): "));
    /// ```
    pub fn offset(&self) -> usize {
        self.offset
    }
}

/// The reasons for which a line is not a record.
///
/// Not all of them are faults: [`is_fault`](RecordErrorKind::is_fault) tells the lines that lose
/// data from those that never held any.
///
/// ```
/// use auditparse::{Record, RecordErrorKind};
///
/// let kind = Record::parse(b"type=SYSCALL").unwrap_err().kind();
/// assert_eq!(kind, RecordErrorKind::NoStamp);
/// assert_eq!(kind.name(), "no_stamp");
/// assert!(kind.is_fault() && !RecordErrorKind::Separator.is_fault());
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Error)]
#[non_exhaustive]
pub enum RecordErrorKind {
    /// A line without anything but blanks.
    #[error("a blank line")]
    Blank,
    /// `----`, `time->…` and the like, which `ausearch` prints between events.
    #[error("a separator line of ausearch")]
    Separator,
    /// The rest of the record before it, whose text holds a newline. auditd's ENRICHED format
    /// writes socket paths unescaped; the `saddr=` in hexadecimal before them is not affected.
    #[error("the continuation of the record before it")]
    Continuation,
    /// No `type=` where a record has to have it: another program's line in a syslog, for instance.
    #[error("expected 'type=' or 'node=', found no audit record")]
    NotAudit,
    /// An audit record from journald's short output, which drops the time and serial of the event.
    #[error("expected 'audit(SECONDS.MILLIS:SERIAL)', found a journald line, which drops it")]
    NoEventId,
    /// `type=` is there, but the stamp `msg=audit(` is not.
    #[error("expected 'msg=audit(SECONDS.MILLIS:SERIAL):'")]
    NoStamp,
    /// The stamp's time is not a number of seconds with up to three digits of milliseconds.
    #[error("expected a time as SECONDS.MILLIS")]
    Timestamp,
    /// The stamp's serial is not a number below 2³² followed by `)`.
    #[error("expected a serial number below 4294967296 and ')'")]
    Serial,
    /// The line is longer than the reader's bound; only its length was read.
    #[error("the line is longer than the bound of the reader")]
    TooLong,
}

impl RecordErrorKind {
    /// Every kind, in the order in which statistics list them.
    ///
    /// ```
    /// let faults = auditparse::RecordErrorKind::ALL.into_iter().filter(|kind| kind.is_fault());
    /// let names: Vec<_> = faults.map(|kind| kind.name()).collect();
    /// assert_eq!(names, ["no_event_id", "no_stamp", "timestamp", "serial", "too_long"]);
    /// ```
    pub const ALL: [RecordErrorKind; 9] = [
        RecordErrorKind::Blank,
        RecordErrorKind::Separator,
        RecordErrorKind::Continuation,
        RecordErrorKind::NotAudit,
        RecordErrorKind::NoEventId,
        RecordErrorKind::NoStamp,
        RecordErrorKind::Timestamp,
        RecordErrorKind::Serial,
        RecordErrorKind::TooLong,
    ];

    /// Whether the line held audit data that is lost by not being readable.
    ///
    /// ```
    /// use auditparse::Record;
    ///
    /// assert!(Record::parse(b"type=CWD msg=audit(1.0").unwrap_err().kind().is_fault());
    /// assert!(!Record::parse(b"----").unwrap_err().kind().is_fault());
    /// ```
    pub fn is_fault(self) -> bool {
        !matches!(
            self,
            RecordErrorKind::Blank
                | RecordErrorKind::Separator
                | RecordErrorKind::Continuation
                | RecordErrorKind::NotAudit
        )
    }

    /// A short lower-case name for counters and machine output, such as `not_audit`.
    ///
    /// ```
    /// let error = auditparse::Record::parse(b"----").unwrap_err();
    /// assert_eq!(error.kind().name(), "separator");
    /// ```
    pub fn name(self) -> &'static str {
        match self {
            RecordErrorKind::Blank => "blank",
            RecordErrorKind::Separator => "separator",
            RecordErrorKind::Continuation => "continuation",
            RecordErrorKind::NotAudit => "not_audit",
            RecordErrorKind::NoEventId => "no_event_id",
            RecordErrorKind::NoStamp => "no_stamp",
            RecordErrorKind::Timestamp => "timestamp",
            RecordErrorKind::Serial => "serial",
            RecordErrorKind::TooLong => "too_long",
        }
    }
}

/// Something in a record's body that is not as the format wants it. The rest of the record is
/// still read; see [`Record::problems`](crate::Record::problems).
///
/// ```
/// use auditparse::{FieldErrorKind, Record};
///
/// let cut = Record::parse(b"type=SYSCALL msg=audit(1.001:7): pid=7 exe=\"/usr/b")?;
/// let error = cut.problems().next().unwrap();
/// assert_eq!(error.kind(), FieldErrorKind::UnterminatedQuote);
/// assert_eq!(&cut.body()[error.offset()..], b"exe=\"/usr/b");
/// # Ok::<(), auditparse::RecordError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("{kind} at byte {offset} of the body")]
pub struct FieldError {
    kind: FieldErrorKind,
    offset: usize,
}

impl FieldError {
    pub(crate) fn new(kind: FieldErrorKind, offset: usize) -> FieldError {
        FieldError { kind, offset }
    }

    /// What is wrong.
    ///
    /// ```
    /// use auditparse::{FieldErrorKind, Record};
    ///
    /// let cut = Record::parse(b"type=AVC msg=audit(1.001:7): avc:  denied  { read wr")?;
    /// let error = cut.problems().next().unwrap();
    /// assert_eq!(error.kind(), FieldErrorKind::UnterminatedBrace);
    /// # Ok::<(), auditparse::RecordError>(())
    /// ```
    pub fn kind(&self) -> FieldErrorKind {
        self.kind
    }

    /// Byte offset in [`Record::body`](crate::Record::body).
    ///
    /// ```
    /// let cut = auditparse::Record::parse(b"type=SYSCALL msg=audit(1.001:7): pid=7 ui")?;
    /// let error = cut.problems().next().unwrap();
    /// assert_eq!(&cut.body()[error.offset()..], b"ui");
    /// # Ok::<(), auditparse::RecordError>(())
    /// ```
    pub fn offset(&self) -> usize {
        self.offset
    }
}

/// The kinds of [`FieldError`].
///
/// ```
/// use auditparse::{FieldErrorKind, Record};
///
/// let cut = Record::parse(b"type=SYSCALL msg=audit(1.001:7): pid=7 ui")?;
/// assert_eq!(cut.problems().next().unwrap().kind(), FieldErrorKind::StrayWord);
/// # Ok::<(), auditparse::RecordError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Error)]
#[non_exhaustive]
pub enum FieldErrorKind {
    /// A quoted value or a `msg='…'` without its closing quote: the line was cut.
    #[error("expected a closing quote, found the end of the record")]
    UnterminatedQuote,
    /// A `{ …` without its `}`: the line was cut, or its text holds a newline.
    #[error("expected '}}', found the end of the record")]
    UnterminatedBrace,
    /// A word that is neither `key=value` nor one of the words that old kernels and daemons write
    /// between fields: a key that was cut, for instance.
    #[error("expected key=value, found a word without '='")]
    StrayWord,
}
