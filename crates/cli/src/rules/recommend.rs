//! The audit rules that detection needs.

use std::fmt::Write;

use super::doors::{Door, SYS_CONNECT};
use crate::args::Machine;

const HEAD: &str = "\
# Save as /etc/audit/rules.d/40-rareport.rules, then: augenrules --load
# (check with: auditctl -l; watch `lost` in auditctl -s)

# Room for bursts; the kernel's own 64 records overflow at once.
-b 8192
";

const LOGGERS: &str = "
# Programs that carry the log away make connections of their own. If they are
# audited, each record they send makes new records: a feedback loop. Take the
# # off for those that run here (see `ps -e -o exe`); the first rule that
# matches wins, so these lines must stay before the others.
";

const LOGGER_PROGRAMS: [&str; 5] = [
    "/usr/sbin/audisp-syslog",
    "/usr/sbin/audisp-remote",
    "/usr/sbin/rsyslogd",
    "/usr/sbin/syslog-ng",
    "/usr/lib/systemd/systemd-journald",
];

const CONNECTS: &str = "
# Every connect to an IPv4 (2) or IPv6 (10) address, whether it succeeds or
# not: a non-blocking connect reports EINPROGRESS, which counts as failure, so
# a filter on success would miss most clients. saddr_fam needs Linux 5.3 and
# audit 3.0; on older systems leave that filter off, and connects to local
# sockets are logged as well.
";

const URING: &str = "
# Programs can connect through io_uring without a system call. Needs Linux 5.16
# and audit 3.1; take the # off if auditctl accepts it.
";

/// The rule that logs connects through io_uring.
pub(super) const URING_RULE: &str = "-a always,io_uring -S connect -k netconn";

/// Rules for a machine, as text that `auditctl -R` and `augenrules` load.
pub(crate) fn recommend(machine: Machine) -> String {
    let mut text = format!("# Audit rules for rareport on {}\n{HEAD}{LOGGERS}", machine.name());
    let native = machine.native();
    for program in LOGGER_PROGRAMS {
        push(
            &mut text,
            format_args!("# -a never,exit -F arch={native} -S connect -F exe={program}"),
        );
    }
    text.push_str(CONNECTS);
    for door in machine.doors() {
        for rule in rules_for(door) {
            push(&mut text, format_args!("{rule}"));
        }
    }
    text.push_str(URING);
    push(&mut text, format_args!("# {URING_RULE}"));
    text
}

/// The rules that log every IP connect through a door.
pub(super) fn rules_for(door: &Door) -> Vec<String> {
    let Door { abi, syscall, .. } = door;
    let rule = format!("-a always,exit -F arch={abi} -S {syscall}");
    if door.is_socketcall() {
        return vec![format!("{rule} -F a0={SYS_CONNECT} -k netconn")];
    }
    [2, 10].map(|family| format!("{rule} -F saddr_fam={family} -k netconn")).into()
}

fn push(text: &mut String, line: std::fmt::Arguments<'_>) {
    // Writing to a String cannot fail.
    let _ = writeln!(text, "{line}");
}

#[cfg(test)]
mod tests {
    use super::*;

    fn active(machine: Machine) -> Vec<String> {
        let text = recommend(machine);
        text.lines().filter(|line| line.starts_with('-')).map(str::to_owned).collect()
    }

    #[test]
    fn a_pc_needs_both_widths_and_socketcall() {
        assert_eq!(
            active(Machine::X86_64),
            [
                "-b 8192",
                "-a always,exit -F arch=b64 -S connect -F saddr_fam=2 -k netconn",
                "-a always,exit -F arch=b64 -S connect -F saddr_fam=10 -k netconn",
                "-a always,exit -F arch=b32 -S connect -F saddr_fam=2 -k netconn",
                "-a always,exit -F arch=b32 -S connect -F saddr_fam=10 -k netconn",
                "-a always,exit -F arch=b32 -S socketcall -F a0=3 -k netconn",
            ]
        );
    }

    #[test]
    fn riscv_has_neither_32_bit_calls_nor_socketcall() {
        let rules = active(Machine::Riscv64);
        assert_eq!(rules.len(), 3);
        assert!(rules.iter().all(|rule| !rule.contains("b32") && !rule.contains("socketcall")));
    }
}
