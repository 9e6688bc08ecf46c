//! The ids of users and groups, and the names that the logging host had for them.

use crate::field::Field;

/// A user or group id, with the name that the logging host had for it (ENRICHED format only).
///
/// ```
/// use auditparse::Connections;
///
/// let log = b"type=SYSCALL msg=audit(1.001:7): \
///     arch=c000003e syscall=42 a0=3 pid=7 uid=33\x1dUID=\"www-data\"";
/// let uid = Connections::new(log).next().unwrap().uid().unwrap();
/// assert_eq!(uid.number, 33);
/// assert_eq!(uid.name, Some(&b"www-data"[..]));
/// assert!(uid.is_set());
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Id<'a> {
    /// The id; `u32::MAX` stands for "not set".
    pub number: u32,
    /// The name; auditd writes `unset` and `unknown(1234)` where there is none.
    pub name: Option<&'a [u8]>,
}

impl Id<'_> {
    /// Whether the id is one, and not the kernel's "not set".
    ///
    /// ```
    /// use auditparse::Id;
    ///
    /// assert!(Id { number: 0, name: Some(b"root") }.is_set());
    /// assert!(!Id { number: 4_294_967_295, name: Some(b"unset") }.is_set());
    /// ```
    pub fn is_set(&self) -> bool {
        self.number != u32::MAX
    }
}

/// The fields that an id is made of: its number, once that was seen, and the name behind it.
#[derive(Clone, Copy, Default)]
pub(super) struct IdFields<'a> {
    pub(super) number: Option<Option<u32>>,
    name: Option<&'a [u8]>,
}

impl<'a> IdFields<'a> {
    /// Names stand behind all numbers.
    pub(super) fn add_name(&mut self, field: &Field<'a>) {
        if self.number.is_some() {
            self.name.get_or_insert(field.raw_value());
        }
    }

    pub(super) fn id(self) -> Option<Id<'a>> {
        Some(Id { number: self.number??, name: self.name })
    }
}
