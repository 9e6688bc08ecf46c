//! Who made a call: the process, its users, and the rules that its event matched. Nearly every
//! `SYSCALL` record has its fields in the one order in which `audit_log_exit` in
//! `kernel/auditsc.c` prints them; those are read straight through, others field by field.

mod id;
mod kernel_order;
mod keys;

pub use id::Id;
pub(crate) use kernel_order::{bare, string};
pub use keys::{Keys, KeysIter};

use std::borrow::Cow;

use nom::Parser;
use nom::combinator::all_consuming;

use crate::field::Field;
use crate::record::Record;
use crate::syscall::once;
use id::IdFields;
use kernel_order::{kernel_form, other_names, separates_names_alone};

/// Who made a call, on whose behalf, and with which arguments.
///
/// ```
/// use auditparse::Connections;
///
/// let log = b"type=SYSCALL msg=audit(1.001:7): \
///     arch=c000003e syscall=42 a0=3 pid=7 uid=33 comm=\"curl\" exe=\"/usr/bin/curl\"";
/// let process = Connections::new(log).next().unwrap().process();
/// assert_eq!(process.pid, Some(7));
/// assert_eq!(process.exe.as_deref(), Some(&b"/usr/bin/curl"[..]));
/// assert_eq!(process.arguments[0], Some(&b"3"[..]));
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Process<'a> {
    /// The process.
    pub pid: Option<u32>,
    /// Its parent.
    pub ppid: Option<u32>,
    /// The login user, who stays the same through `su` and `sudo`.
    pub auid: Option<Id<'a>>,
    /// The real user.
    pub uid: Option<Id<'a>>,
    /// The effective user.
    pub euid: Option<Id<'a>>,
    /// The real group.
    pub gid: Option<Id<'a>>,
    /// The login session; `u32::MAX` for none.
    pub ses: Option<u32>,
    /// The terminal; `None` without one.
    pub tty: Option<&'a [u8]>,
    /// The security context.
    pub subj: Option<&'a [u8]>,
    /// Name of the task.
    pub comm: Option<Cow<'a, [u8]>>,
    /// Path of the executable.
    pub exe: Option<Cow<'a, [u8]>>,
    /// The keys of the rules that matched.
    pub keys: Keys<'a>,
    /// The first four arguments of the call, `a0` to `a3`, in hexadecimal as the kernel writes
    /// them.
    pub arguments: [Option<&'a [u8]>; 4],
}

impl<'a> Process<'a> {
    /// Reads a record whose arguments are known to start at `arguments` of its body, or are not if
    /// that is 0.
    pub(crate) fn of(record: &Record<'a>, arguments: usize) -> Process<'a> {
        let body = record.body();
        match kernel_form(body, arguments) {
            Ok((rest, process)) if separates_names_alone(body, rest) => process,
            _ => Process::of_fields(record),
        }
    }

    /// Reads a record only if all of it is as the kernel and auditd write it, so that nothing is wrong
    /// with any field.
    pub(crate) fn of_sound(record: &Record<'a>, arguments: usize) -> Option<Process<'a>> {
        let body = record.body();
        let (rest, process) = kernel_form(body, arguments).ok()?;
        let is_sound = separates_names_alone(body, rest)
            && (rest.is_empty() || all_consuming(other_names).parse(rest).is_ok());
        is_sound.then_some(process)
    }

    /// Reads a record whose fields are in any order. Of a field that repeats, the first counts,
    /// also if it cannot be read.
    fn of_fields(record: &Record<'a>) -> Process<'a> {
        let [mut pid, mut ppid, mut ses] = [None; 3];
        let [mut auid, mut uid, mut euid, mut gid] = [IdFields::default(); 4];
        let [mut tty, mut subj] = [None; 2];
        let [mut comm, mut exe, mut key] = [None, None, None];
        let mut arguments = [None; 4];
        for field in record.fields() {
            match field.key() {
                [b'a', index @ b'0'..=b'3'] => {
                    arguments[usize::from(index - b'0')].get_or_insert(field.raw_value());
                }
                b"pid" => once(&mut pid, || field.as_id()),
                b"ppid" => once(&mut ppid, || field.as_id()),
                b"auid" => once(&mut auid.number, || field.as_id()),
                b"uid" => once(&mut uid.number, || field.as_id()),
                b"euid" => once(&mut euid.number, || field.as_id()),
                b"gid" => once(&mut gid.number, || field.as_id()),
                b"AUID" => auid.add_name(&field),
                b"UID" => uid.add_name(&field),
                b"EUID" => euid.add_name(&field),
                b"GID" => gid.add_name(&field),
                b"ses" => once(&mut ses, || field.as_id()),
                b"tty" => once(&mut tty, || terminal(field)),
                b"subj" => once(&mut subj, || Some(field.raw_value())),
                b"comm" => once(&mut comm, || present_text(field)),
                b"exe" => once(&mut exe, || present_text(field)),
                b"key" => once(&mut key, || present_text(field)),
                _ => {}
            }
        }
        Process {
            pid: pid.flatten(),
            ppid: ppid.flatten(),
            auid: auid.id(),
            uid: uid.id(),
            euid: euid.id(),
            gid: gid.id(),
            ses: ses.flatten(),
            tty: tty.flatten(),
            subj: subj.flatten(),
            comm: comm.flatten(),
            exe: exe.flatten(),
            keys: Keys { joined: key.flatten() },
            arguments,
        }
    }
}

/// The text of a field that says there is some.
pub(crate) fn present_text(field: Field<'_>) -> Option<Cow<'_, [u8]>> {
    (!field.is_absent()).then(|| field.text())
}

/// `tty=`, which is `(none)` for a process without a terminal.
pub(crate) fn terminal(field: Field<'_>) -> Option<&[u8]> {
    Some(field.raw_value()).filter(|&tty| tty != b"(none)" && !field.is_absent())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::syscall::CallHead;

    const FRONT: &str = "arch=c000003e syscall=42 success=yes exit=0 a0=3 a1=7f a2=10 a3=0 items=0 \
        ppid=1 pid=2 auid=4294967295 uid=33 gid=34 euid=35 suid=36 fsuid=37 egid=38 sgid=39 \
        fsgid=40 tty=pts0 ses=3";
    const NAMES: &str = "\x1dARCH=x86_64 SYSCALL=connect AUID=\"unset\" UID=\"www-data\" \
        GID=\"www\" EUID=\"root\" SUID=\"a\" FSUID=\"b\" EGID=\"c\" SGID=\"d\" FSGID=\"e\"";

    /// Reads a body both ways; gives what both say, and whether it has the kernel's order.
    fn read(body: &str) -> (bool, String) {
        let line = format!("type=SYSCALL msg=audit(1.001:1): {body}");
        let record = Record::parse(line.as_bytes()).unwrap();
        let process = Process::of(&record, 0);
        assert_eq!(process, Process::of_fields(&record), "{body}");
        let arguments = CallHead::read(&record).arguments as usize;
        assert_eq!(process, Process::of(&record, arguments), "{body}");
        (kernel_form(record.body(), 0).is_ok(), format!("{process:?}"))
    }

    #[test]
    fn the_kernels_order_is_read_straight_through() {
        for tail in [
            "comm=\"nc\" exe=\"/usr/bin/nc\" subj=unconfined key=\"net\"",
            "comm=\"nc\" exe=\"/usr/bin/nc\" key=(null)",
            "comm=\"nc\" exe=\"/usr/bin/nc\" subj=docker-default (enforce) key=\"net\"",
            "comm=612062 exe=2F7467 subj=unconfined key=6101",
            "comm=\"\" exe=(null) key=\"\"",
        ] {
            assert!(read(&format!("{FRONT} {tail}")).0, "{tail}");
            assert!(read(&format!("{FRONT} {tail}{NAMES}")).0, "{tail} with names");
        }
    }

    #[test]
    fn any_other_order_is_read_field_by_field() {
        let tail = "comm=\"nc\" exe=\"/usr/bin/nc\" subj=unconfined key=\"net\"";
        for body in [
            format!("pid=9 {FRONT} {tail}"),
            format!("{FRONT} {tail} pid=9"),
            format!("{FRONT} comm=\"nc\" exe=\"/x\" subj=docker-default  (enforce) key=\"net\""),
            format!("{FRONT} comm=\"nc\" exe=\"/x\" subj=docker-default (enforce key=\"net\""),
            format!("{FRONT} comm=\"nc\" exe=\"/x\" subj=docker-default enforce key=\"net\""),
            format!("{FRONT} comm=\"nc\" exe=\"/x\" subj=docker-default (a) (b) key=\"net\""),
            format!("{FRONT} comm=\"nc\" exe=\"/x\" subj=docker-default (enforce)"),
            format!("{FRONT} comm=\"nc\" exe=\"/usr/b"),
            format!("{FRONT} comm='nc' exe={{ x }} key=\"net\""),
            format!("{FRONT}  {tail}"),
            format!("{} {tail}", FRONT.replace("pid=2", "pid=-1")),
            format!("{} {tail}", FRONT.replace("pts0", "\"pts 0\"")),
            format!("{} {tail}{NAMES}", FRONT.replace("uid=33", "uid=4294967296")),
            format!("{FRONT} {tail}\x1dUID=\"root\""),
            format!("{FRONT} {tail}\x1d"),
            FRONT.to_owned(),
            String::new(),
        ] {
            assert!(!read(&body).0, "{body}");
        }
    }

    #[test]
    fn of_a_field_that_repeats_the_first_counts_even_if_it_cannot_be_read() {
        let line = b"type=SYSCALL msg=audit(1.001:1): auid=x pid=1 pid=2 auid=3 AUID=\"a\"";
        let process = Process::of(&Record::parse(line).unwrap(), 0);
        assert_eq!(process.auid, None);
        assert_eq!(process.pid, Some(1));
    }

    #[test]
    fn names_belong_to_their_ids() {
        let (_, shown) = read(&format!("{FRONT} comm=\"nc\" exe=\"/x\" key=(null){NAMES}"));
        for (number, text) in [(u32::MAX, "unset"), (33, "www-data"), (34, "www"), (35, "root")] {
            let id = Id { number, name: Some(text.as_bytes()) };
            assert!(shown.contains(&format!("{id:?}")), "{shown}");
        }
    }
}
