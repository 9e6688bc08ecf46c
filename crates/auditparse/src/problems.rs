//! What inside readable records is not as the format wants it: of one record, and of the records of a
//! connection. This module owns the search; what is wrong and its wording are `error`'s.

use core::iter::FusedIterator;

use thiserror::Error;

use crate::error::FieldError;
use crate::record::Record;
use crate::record_type::RecordType;
use crate::segment::Segments;
use crate::sockaddr::SockAddrHexError;

/// Iterator over what is wrong in a record's body; made by
/// [`Record::problems`](crate::Record::problems).
///
/// ```
/// use auditparse::Record;
///
/// let sound = Record::parse(b"type=CWD msg=audit(1.001:7): cwd=\"/\"")?;
/// assert_eq!(sound.problems().count(), 0);
/// # Ok::<(), auditparse::RecordError>(())
/// ```
#[derive(Clone, Debug)]
pub struct Problems<'a> {
    body_bytes: usize,
    segments: Segments<'a>,
}

impl<'a> Record<'a> {
    /// What in the body is not as the format wants it. Empty for a sound record.
    ///
    /// ```
    /// use auditparse::{FieldErrorKind, Record};
    ///
    /// let cut = Record::parse(b"type=SYSCALL msg=audit(1.001:1): pid=7 exe=\"/usr/b")?;
    /// assert_eq!(cut.get("pid").unwrap().as_u64(), Some(7));
    /// let kinds: Vec<_> = cut.problems().map(|problem| problem.kind()).collect();
    /// assert_eq!(kinds, [FieldErrorKind::UnterminatedQuote]);
    /// # Ok::<(), auditparse::RecordError>(())
    /// ```
    pub fn problems(&self) -> Problems<'a> {
        Problems { body_bytes: self.body().len(), segments: self.segments() }
    }
}

impl Iterator for Problems<'_> {
    type Item = FieldError;

    fn next(&mut self) -> Option<FieldError> {
        loop {
            let offset = self.body_bytes - self.segments.remaining();
            if let Some(kind) = self.segments.next()?.problem() {
                return Some(FieldError::new(kind, offset));
            }
        }
    }
}

impl FusedIterator for Problems<'_> {}

/// Something in the records of a connection that is not as the format wants it; see
/// [`Connection::problems`](crate::Connection::problems).
///
/// ```
/// use auditparse::{ConnectionProblem, Connections, SockAddrHexError};
///
/// let log = b"\
/// type=SYSCALL msg=audit(1.001:7): arch=c000003e syscall=42 success=yes exit=0 a0=3
/// type=SOCKADDR msg=audit(1.001:7): saddr=020001BB0A0000010
/// ";
/// let connection = Connections::new(log).next().unwrap();
/// let problems: Vec<_> = connection.problems().collect();
/// assert_eq!(problems, [ConnectionProblem::Address(SockAddrHexError::OddDigit)]);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum ConnectionProblem {
    /// A field of the `SYSCALL`, `URINGOP` or `PROCTITLE` record.
    #[error("{record_type}: {error}")]
    Field {
        /// The type of the record.
        record_type: RecordType,
        /// What is wrong, and where.
        error: FieldError,
    },
    /// The `saddr=` of the `SOCKADDR` record; the bytes before are read.
    #[error("SOCKADDR: {0}")]
    Address(SockAddrHexError),
}

/// Iterator over what is wrong in the records of a connection; made by
/// [`Connection::problems`](crate::Connection::problems).
///
/// ```
/// let log = b"type=SYSCALL msg=audit(1.001:7): \
///     arch=c000003e syscall=42 a0=3 pid=7 exe=\"/usr/b";
/// let mut problems = auditparse::Connections::new(log).next().unwrap().problems();
/// assert_eq!(
///     problems.next().unwrap().to_string(),
///     "SYSCALL: expected a closing quote, found the end of the record at byte 36 of the body"
/// );
/// assert_eq!(problems.next(), None);
/// ```
#[derive(Clone, Debug)]
pub struct ConnectionProblems<'a> {
    records: [Option<(RecordType, Problems<'a>)>; 3],
    address: Option<SockAddrHexError>,
}

impl<'a> ConnectionProblems<'a> {
    pub(crate) fn of(
        records: [Option<Record<'a>>; 3],
        address: Option<SockAddrHexError>,
    ) -> ConnectionProblems<'a> {
        let problems = |record: Record<'a>| (record.record_type(), record.problems());
        ConnectionProblems { records: records.map(|record| record.map(problems)), address }
    }
}

impl Iterator for ConnectionProblems<'_> {
    type Item = ConnectionProblem;

    fn next(&mut self) -> Option<ConnectionProblem> {
        let in_record = self.records.iter_mut().flatten().find_map(|(record_type, problems)| {
            let error = problems.next()?;
            Some(ConnectionProblem::Field { record_type: *record_type, error })
        });
        in_record.or_else(|| self.address.take().map(ConnectionProblem::Address))
    }
}

impl FusedIterator for ConnectionProblems<'_> {}

#[cfg(test)]
mod tests {
    use crate::Connections;

    fn said(log: &str) -> Vec<String> {
        let connection = Connections::new(log.as_bytes()).next().unwrap();
        connection.problems().map(|problem| problem.to_string()).collect()
    }

    const SYSCALL: &str =
        "type=SYSCALL msg=audit(1.001:1): arch=c000003e syscall=42 success=yes exit=0 a0=3";

    #[test]
    fn a_sound_connection_has_none() {
        let log = format!(
            "{SYSCALL} exe=\"/a\"\ntype=SOCKADDR msg=audit(1.001:1): saddr=020001BB0A000001\n\
             type=PROCTITLE msg=audit(1.001:1): proctitle=\"a\"\n"
        );
        assert_eq!(said(&log), [""; 0]);
    }

    #[test]
    fn each_damaged_record_is_named() {
        let log = format!(
            "{SYSCALL} stray exe=\"/usr/bi\n\
             type=SOCKADDR msg=audit(1.001:1): saddr=0200115CCB007109ZZ\n\
             type=PROCTITLE msg=audit(1.001:1): proctitle=\"a\n"
        );
        let expected = [
            "SYSCALL: expected key=value, found a word without '=' at byte 49 of the body",
            "SYSCALL: expected a closing quote, found the end of the record at byte 55 of the body",
            "PROCTITLE: expected a closing quote, found the end of the record at byte 0 of the body",
            "SOCKADDR: expected a hexadecimal digit, found another character at digit 16",
        ];
        assert_eq!(said(&log), expected);
    }

    #[test]
    fn an_odd_digit_of_an_address_is_said() {
        let log = format!("{SYSCALL}\ntype=SOCKADDR msg=audit(1.001:1): saddr=020001BB0A0000010\n");
        let expected =
            "SOCKADDR: expected pairs of hexadecimal digits, found an odd digit at the end";
        assert_eq!(said(&log), [expected]);
    }
}
