//! Which connects a rule of the exit list matches.

use super::doors::{Abi, Door, SYS_CONNECT};
use super::syntax::{Filter, Op, Rule};

/// Address families that matter here, by their number in the kernel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Family {
    Inet = 2,
    Inet6 = 10,
}

/// A kind of connect: through this door, to an address of this family.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Connect {
    pub(super) door: Door,
    pub(super) family: Family,
}

/// How far a rule matches a kind of connect.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Match<'a> {
    /// None of them.
    No,
    /// Those for which all of these conditions hold.
    Some(Vec<&'a Filter>),
    /// All of them.
    All,
}

impl Rule {
    /// How far the rule matches a kind of connect on a machine whose native
    /// interface is `native`.
    pub(super) fn matches(&self, connect: &Connect, native: Abi) -> Match<'_> {
        let arch = self.filters.iter().any(|filter| filter.field == "arch");
        if !self.names(&connect.door) || (!arch && connect.door.abi != native) {
            return Match::No;
        }
        let mut conditions = Vec::new();
        for filter in &self.filters {
            match filter.decides(connect) {
                Some(true) => {}
                Some(false) => return Match::No,
                None => conditions.push(filter),
            }
        }
        if conditions.is_empty() { Match::All } else { Match::Some(conditions) }
    }

    /// Whether the rule is one for connects through io_uring. auditctl before
    /// 3.1 knows neither the list nor its operations: it lists the rule as of
    /// list `(null)`, for the system call that has the operation's number on
    /// i386.
    pub(super) fn names_uring_connect(&self) -> bool {
        match self.list.as_str() {
            "io_uring" => {
                self.syscalls.is_empty()
                    || self.syscalls.iter().any(|name| matches!(&**name, "connect" | "16" | "all"))
            }
            "(null)" => self.syscalls.iter().any(|name| name == "lchown"),
            _ => false,
        }
    }

    fn names(&self, door: &Door) -> bool {
        let number = door.number.to_string();
        self.syscalls.is_empty()
            || self
                .syscalls
                .iter()
                .any(|name| name == "all" || name == door.syscall || *name == number)
    }
}

impl Filter {
    /// Whether the filter holds for every connect of the kind (`Some(true)`)
    /// or for none; `None` if it depends on the call.
    fn decides(&self, connect: &Connect) -> Option<bool> {
        match self.field.as_str() {
            "arch" => {
                let same = Abi::named(&self.value)? == connect.door.abi;
                Some(same == (self.op == Op::Eq))
            }
            "saddr_fam" => self.compares(connect.family as u64),
            "a0" if connect.door.is_socketcall() => self.compares(SYS_CONNECT),
            "path" | "dir" | "perm" | "inode" | "filetype" => Some(false),
            _ => None,
        }
    }

    /// Compares a known value; `None` if the filter's value is no number.
    fn compares(&self, actual: u64) -> Option<bool> {
        let wanted = number(&self.value)?;
        Some(match self.op {
            Op::Eq => actual == wanted,
            Op::Ne => actual != wanted,
            Op::Lt => actual < wanted,
            Op::Le => actual <= wanted,
            Op::Gt => actual > wanted,
            Op::Ge => actual >= wanted,
            Op::Mask => actual & wanted != 0,
            Op::MaskEq => actual & wanted == wanted,
        })
    }
}

/// A decimal number, or hexadecimal after `0x`.
pub(super) fn number(text: &str) -> Option<u64> {
    match text.strip_prefix("0x") {
        Some(digits) => u64::from_str_radix(digits, 16).ok(),
        None => text.parse().ok(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::args::Machine;
    use crate::rules::syntax::Statement;

    fn rule(line: &str) -> Rule {
        match Statement::parse(line) {
            Some(Statement::Rule(rule)) => rule,
            other => panic!("{line}: {other:?}"),
        }
    }

    /// For each door of x86_64 and each family, whether the rule matches: `-`
    /// none, `?` some, `+` all.
    fn pattern(line: &str) -> String {
        let rule = rule(line);
        let mut pattern = String::new();
        for &door in Machine::X86_64.doors() {
            for family in [Family::Inet, Family::Inet6] {
                pattern.push(match rule.matches(&Connect { door, family }, Abi::B64) {
                    Match::No => '-',
                    Match::Some(_) => '?',
                    Match::All => '+',
                });
            }
        }
        pattern
    }

    #[test]
    fn doors_and_families() {
        // b64 connect, b32 connect, b32 socketcall; IPv4 and IPv6 of each.
        assert_eq!(pattern("-a always,exit -F arch=b64 -S connect"), "++----");
        assert_eq!(pattern("-a always,exit -F arch=c000003e -S 42"), "++----");
        assert_eq!(pattern("-a always,exit -F arch=b32 -S connect,socketcall"), "--++++");
        assert_eq!(pattern("-a always,exit -F arch=i386 -S all"), "--++++");
        assert_eq!(pattern("-a always,exit -F arch=b64 -S connect -F saddr_fam=2"), "+-----");
        assert_eq!(pattern("-a always,exit -F arch=b64 -S connect -F saddr_fam!=1"), "++----");
        assert_eq!(pattern("-a always,exit -F arch=b32 -S socketcall -F a0=3"), "----++");
        assert_eq!(pattern("-a always,exit -F arch=b32 -S socketcall -F a0=0x2"), "------");
        assert_eq!(pattern("-a always,exit -S connect"), "++----");
        assert_eq!(pattern("-a always,exit -F arch=b64 -S openat"), "------");
        assert_eq!(pattern("-a always,exit -F path=/etc/passwd -F perm=wa"), "------");
    }

    #[test]
    fn connects_through_io_uring() {
        // IORING_OP_CONNECT is 16 in linux/io_uring.h.
        for line in [
            "-a always,io_uring -S connect -k net",
            "-a io_uring,always -S openat,connect",
            "-a always,io_uring -S 16",
            "-a always,io_uring -S all",
            "-a always,(null) -S lchown -F key=uring",
        ] {
            assert!(rule(line).names_uring_connect(), "{line}");
        }
        for line in ["-a always,io_uring -S uring_cmd", "-a always,exit -S connect"] {
            assert!(!rule(line).names_uring_connect(), "{line}");
        }
    }

    #[test]
    fn conditions_that_depend_on_the_call() {
        assert_eq!(pattern("-a always,exit -F arch=b64 -S connect -F success=1"), "??----");
        assert_eq!(pattern("-a always,exit -F arch=b64 -S connect -F a2=16 -k net"), "??----");
        assert_eq!(pattern("-a always,exit -F arch=b64 -S connect -C auid!=uid"), "??----");
    }
}
