//! The keys of audit rules, which the kernel joins into one field.

use core::iter::FusedIterator;
use std::borrow::Cow;

/// The keys of the audit rules that matched an event (`auditctl -k`). The kernel joins several
/// with a 0x01 byte.
///
/// ```
/// use auditparse::Connections;
///
/// // Two keys, joined by the byte 01.
/// let log = b"type=SYSCALL msg=audit(1.001:7): \
///     arch=c000003e syscall=42 a0=3 pid=7 uid=33 key=6E657401776562";
/// let keys = Connections::new(log).next().unwrap().keys();
///
/// assert_eq!(keys.iter().collect::<Vec<_>>(), [&b"net"[..], b"web"]);
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Keys<'a> {
    pub(crate) joined: Option<Cow<'a, [u8]>>,
}

impl Keys<'_> {
    /// The keys one by one.
    ///
    /// ```
    /// let log = b"type=SYSCALL msg=audit(1.001:7): arch=c000003e syscall=42 a0=3 key=\"net\"";
    /// let keys = auditparse::Connections::new(log).next().unwrap().keys();
    /// assert!(keys.iter().any(|key| key == b"net"));
    /// ```
    pub fn iter(&self) -> KeysIter<'_> {
        KeysIter { rest: self.joined.as_deref() }
    }

    /// Whether there is none.
    ///
    /// ```
    /// let log = b"type=SYSCALL msg=audit(1.001:7): arch=c000003e syscall=42 a0=3 key=(null)";
    /// assert!(auditparse::Connections::new(log).next().unwrap().keys().is_empty());
    /// ```
    pub fn is_empty(&self) -> bool {
        self.joined.is_none()
    }
}

impl<'k> IntoIterator for &'k Keys<'_> {
    type Item = &'k [u8];
    type IntoIter = KeysIter<'k>;

    fn into_iter(self) -> KeysIter<'k> {
        self.iter()
    }
}

/// Iterator over the keys of an event; made by [`Keys::iter`].
///
/// ```
/// let keys = auditparse::Keys::default();
/// assert_eq!(keys.iter().next(), None);
/// ```
#[derive(Clone, Debug)]
pub struct KeysIter<'k> {
    /// The keys to come, joined; `None` behind the last.
    rest: Option<&'k [u8]>,
}

impl<'k> Iterator for KeysIter<'k> {
    type Item = &'k [u8];

    fn next(&mut self) -> Option<&'k [u8]> {
        let joined = self.rest?;
        let (key, rest) = match joined.iter().position(|&byte| byte == 1) {
            Some(end) => (&joined[..end], Some(&joined[end + 1..])),
            None => (joined, None),
        };
        self.rest = rest;
        Some(key)
    }
}

impl FusedIterator for KeysIter<'_> {}
