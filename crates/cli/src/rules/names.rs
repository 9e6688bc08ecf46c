//! Words that auditctl knows: system calls, fields, lists.

use crate::spelling::meant;

/// Fields of `-F` and `-C` (auditctl(8)).
const FIELDS: &str = "a0 a1 a2 a3 arch auid devmajor devminor dir egid euid exe exit field_compare \
    filetype fsgid fstype fsuid gid inode key loginuid msgtype obj_gid obj_lev_high obj_lev_low \
    obj_role obj_type obj_uid obj_user path perm pers pid ppid saddr_fam ses sessionid sgid \
    subj_clr subj_role subj_sen subj_type subj_user success suid uid";

/// Lists of rules (auditctl(8)); `entry` is one of old kernels, and `(null)` is
/// what `auditctl -l` prints for a list that is newer than itself.
const LISTS: &str = "(null) entry exclude exit filesystem io_uring task user";

/// Actions of rules (auditctl(8)); `possible` is one of old kernels.
const ACTIONS: &str = "always never possible";

/// Checks the name of a field.
pub(super) fn field(name: &str) -> Result<(), String> {
    known("field", name, FIELDS.split(' '))
}

/// Checks the name of a list.
pub(super) fn list(name: &str) -> Result<(), String> {
    known("list", name, LISTS.split(' '))
}

/// Checks the name of an action.
pub(super) fn action(name: &str) -> Result<(), String> {
    known("action", name, ACTIONS.split(' '))
}

/// Checks the name of a system call of any machine; a number is one, too, and
/// so is `all`.
pub(super) fn syscall(name: &str) -> Result<(), String> {
    let number = !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_digit());
    if number || name == "all" { Ok(()) } else { known("system call", name, syscalls()) }
}

/// Checks a name; the error says which one is near.
fn known<'a>(what: &str, name: &str, names: impl Iterator<Item = &'a str>) -> Result<(), String> {
    match meant(name, names) {
        Some(near) if near == name => Ok(()),
        Some(near) => Err(format!("`{name}` is no {what} (is `{near}` meant?)")),
        None => Err(format!("`{name}` is no {what}")),
    }
}

/// System calls of the machines that rules are known for.
fn syscalls() -> impl Iterator<Item = &'static str> {
    macro_rules! names {
        ($($arch:ident),*) => {
            std::iter::empty()$(.chain(syscalls::$arch::Sysno::iter().map(|call| call.name())))*
        };
    }
    names!(x86_64, x86, aarch64, arm, powerpc64, s390x, riscv64, loongarch64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_known_and_what_is_near() {
        for name in ["connect", "socketcall", "accept4", "all", "42", "renameat2", "stime"] {
            assert_eq!(syscall(name), Ok(()));
        }
        assert_eq!(
            syscall("conect").unwrap_err(),
            "`conect` is no system call (is `connect` meant?)"
        );
        assert_eq!(syscall("frobnicate").unwrap_err(), "`frobnicate` is no system call");
        assert!(syscall("").is_err());
        assert_eq!(list("exi").unwrap_err(), "`exi` is no list (is `exit` meant?)");
        assert_eq!(list("(null)"), Ok(()));
        assert!(action("alway").unwrap_err().contains("`always`"));
        assert_eq!(field("saddr_fam"), Ok(()));
        assert!(field("nosuch").is_err());
    }
}
