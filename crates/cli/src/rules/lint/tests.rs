use super::super::finding::Severity;
use super::*;
use crate::rules::recommend;

fn source(name: &str, text: &str, merged: bool) -> Source {
    Source { name: name.to_owned(), text: text.to_owned(), merged }
}

/// What is wrong with one file on a machine, without remarks.
fn wrong(text: &str, machine: Machine) -> Vec<Finding> {
    let mut found = lint(&[source("x", text, false)], machine);
    found.retain(|finding| finding.severity != Severity::Remark);
    found
}

/// Findings as `line severity: start of message`.
fn findings(text: &str) -> Vec<String> {
    let shown = |finding: Finding| {
        let line = finding.place.map_or("-".to_owned(), |place| place.line.to_string());
        format!("{line} {}: {}", finding.severity, finding.message)
    };
    wrong(text, Machine::X86_64).into_iter().map(shown).collect()
}

/// Asserts that there are exactly these findings, by their line and a part
/// of their text.
fn assert_findings(text: &str, expected: &[(&str, &str)]) {
    let found = findings(text);
    assert_eq!(found.len(), expected.len(), "{found:#?}");
    for (found, (line, part)) in found.iter().zip(expected) {
        assert!(found.starts_with(line) && found.contains(part), "{found} / {part}");
    }
}

const GOOD: &str = "-b 8192\n\
    -a always,exit -F arch=b64 -S connect -k net\n\
    -a always,exit -F arch=b32 -S connect,socketcall -k net\n";

#[test]
fn what_we_recommend_has_no_finding_on_any_machine() {
    use clap::ValueEnum;
    for &machine in Machine::value_variants() {
        assert_eq!(wrong(&recommend(machine), machine), []);
    }
    assert_findings(GOOD, &[]);
}

#[test]
fn an_empty_file_misses_everything() {
    assert_findings(
        "",
        &[
            ("- warning", "-b 8192"),
            (
                "- error",
                "64-bit connect(2). Add `-a always,exit -F arch=b64 -S connect -F saddr_fam=2",
            ),
            ("- error", "32-bit connect(2)"),
            (
                "- error",
                "32-bit socketcall(2). Add `-a always,exit -F arch=b32 -S socketcall -F a0=3",
            ),
        ],
    );
}

#[test]
fn one_family_only() {
    let text = GOOD.replace("b64 -S connect", "b64 -S connect -F saddr_fam=2");
    assert_findings(
        &text,
        &[(
            "- error",
            "64-bit connect(2) to IPv6 addresses. Add `-a always,exit -F arch=b64 -S connect -F saddr_fam=10",
        )],
    );
}

#[test]
fn the_success_trap() {
    let text = GOOD.replace("b64 -S connect", "b64 -S connect -F success=1");
    assert_findings(&text, &[("2 error", "EINPROGRESS"), ("- error", "64-bit connect(2). Add")]);
}

#[test]
fn a_restricted_rule_beside_a_full_one_is_fine() {
    let text = format!("-a always,exit -F arch=b64 -S connect -F success=1 -k ok\n{GOOD}");
    assert_findings(&text, &[]);
}

#[test]
fn never_rules_before_and_after() {
    let never = "-a never,exit -F arch=b64 -S connect -F exe=/usr/sbin/rsyslogd\n";
    assert_findings(&format!("{never}{GOOD}"), &[]);
    assert_findings(&format!("{GOOD}{never}"), &[("4 warning", "before line 2")]);
    assert_findings(&format!("{GOOD}{}", never.replace("-a", "-A")), &[]);
    let all = "-a never,exit -F arch=b64 -S connect\n";
    assert_findings(
        &format!("{all}{GOOD}"),
        &[("1 error", "keeps every 64-bit connect(2) out"), ("- error", "64-bit connect(2)")],
    );
    let failed = "-a never,exit -F arch=b64 -S connect -F success=0\n";
    assert_findings(&format!("{failed}{GOOD}"), &[("1 error", "by how they end")]);
}

#[test]
fn a_never_rule_before_the_others_that_drops_some_connects() {
    for filter in ["auid=-1", "auid=unset", "auid=4294967295", "auid!=1000", "uid=33"] {
        for scope in ["-F arch=b64 -S connect ", "-F arch=b64 ", ""] {
            let never = format!("-a never,exit {scope}-F {filter}\n");
            let part = format!("`-F {filter}`");
            assert_findings(&format!("{never}{GOOD}"), &[("1 warning", &part)]);
        }
    }
    let program = "-a never,exit -F arch=b64 -S connect -F exe=/usr/bin/x -F uid=0\n";
    assert_findings(&format!("{program}{GOOD}"), &[]);
    let others = "-a never,exit -F arch=b64 -S connect -F exe!=/usr/bin/x\n";
    assert_findings(&format!("{others}{GOOD}"), &[("1 warning", "exe!=")]);
    let no_connect = "-a never,exit -F arch=b64 -S openat -F auid=unset\n";
    assert_findings(&format!("{no_connect}{GOOD}"), &[]);
}

#[test]
fn words_that_auditctl_does_not_know() {
    for (line, part) in [
        ("-a always,exit -F arch=b64 -S conect", "is `connect` meant?); auditctl stops here"),
        ("-a always,exi -S connect", "is `exit` meant?); auditctl stops here"),
        ("-a always,exit -S connect -F nosuch=1", "`nosuch` is no field"),
        ("-a always,exit -F arch=b99 -S connect", "`b99` is no arch"),
    ] {
        assert_findings(&format!("{GOOD}{line}\n"), &[("4 error", part)]);
    }
    let none = findings("No rules\n");
    assert!(none[0].starts_with("1 error: no rules are loaded"), "{none:#?}");
}

#[test]
fn files_of_a_directory_are_one() {
    let places = |merged| {
        let files = [
            source("1.rules", "-e 2\n-b 8192\n", merged),
            source("2.rules", GOOD, merged),
            source("3.rules", "-D\n-a never,exit -F arch=b64 -S connect\n", merged),
        ];
        let mut found = lint(&files, Machine::X86_64);
        found.retain(|finding| finding.severity != Severity::Remark);
        found
    };
    let merged = places(true);
    assert_eq!(merged.len(), 1, "{merged:#?}");
    assert_eq!(merged[0].place, Some(Place { file: 2, line: 2 }));
    assert!(merged[0].message.contains("before 2.rules:2"), "{merged:#?}");
    let single = places(false);
    assert!(single.iter().any(|finding| finding.message.contains("(1.rules:1)")));
}

#[test]
fn lines_that_undo_the_others() {
    assert_findings(&format!("{GOOD}-a never,task\n"), &[("4 error", "never,task")]);
    assert_findings(&format!("{GOOD}-e 0\n"), &[("4 error", "-e 0")]);
    assert_findings(
        &format!("{GOOD}-a always,exclude -F msgtype=SOCKADDR\n"),
        &[("4 error", "msgtype=SOCKADDR")],
    );
    assert_eq!(findings(&format!("{GOOD}-D\n")).len(), 4);
    assert_eq!(findings(&format!("-e 2\n{GOOD}")).len(), 3 + 4);
    assert_findings(&GOOD.replace("8192", "64"), &[("1 warning", "-b 64")]);
    assert_findings(&format!("{GOOD}-a exit\n"), &[("4 error", "auditctl stops here")]);
}

#[test]
fn a_rule_without_arch() {
    let text = GOOD.replace("-F arch=b64 ", "");
    assert_findings(&text, &[("2 warning", "no `-F arch=`")]);
}

#[test]
fn rules_that_log_everything_together() {
    let (success, failure) = (
        GOOD.replace("b64 -S connect", "b64 -S connect -F success=1"),
        "-a always,exit -F arch=b64 -S connect -F success=0\n",
    );
    assert_findings(&format!("{success}{failure}"), &[]);
    let never = "-a never,exit -F arch=b64 -S connect\n";
    assert_findings(&format!("{success}{failure}{never}"), &[]);
    assert_findings(
        &format!("{success}{never}{failure}"),
        &[
            ("2 error", "EINPROGRESS"),
            ("4 error", "keeps every 64-bit connect(2) out"),
            ("- error", "no rule logs every 64-bit connect(2)"),
        ],
    );
}

#[test]
fn what_is_not_loaded_logs_nothing() {
    let wrong = GOOD.replace("-b 8192\n", "-b 8192\n-a exit\n");
    assert_findings(
        &wrong,
        &[
            ("2 error", "auditctl stops here"),
            ("- error", "64-bit connect(2); auditctl stops at line 2. Correct that, or add `-a"),
            ("- error", "32-bit connect(2); auditctl stops at line 2"),
            ("- error", "32-bit socketcall(2); auditctl stops at line 2"),
        ],
    );
    assert_findings(&format!("-i\n{wrong}"), &[("3 error", "does not load this line")]);
}

#[test]
fn a_deleted_rule_has_no_effect() {
    assert_findings(&format!("-a never,task\n-d never,task\n{GOOD}"), &[]);
    assert_findings(&format!("-a never,task -k off\n-D -k off\n{GOOD}"), &[]);
}

#[test]
fn the_number_of_a_big_endian_machine() {
    // AUDIT_ARCH_S390X, _S390, _PPC64 and _PPC of linux/audit.h.
    for (machine, wide, narrow) in
        [(Machine::S390x, "80000016", "0x00000016"), (Machine::Ppc64, "0x80000015", "00000014")]
    {
        let text = format!(
            "-b 8192\n-a always,exit -F arch={wide} -S connect,socketcall\n\
             -a always,exit -F arch={narrow} -S connect,socketcall\n"
        );
        assert_eq!(wrong(&text, machine), []);
    }
}

#[test]
fn connects_through_io_uring() {
    let remarks = |text: &str| {
        let found = lint(&[source("x", text, false)], Machine::X86_64).into_iter();
        found.filter(|finding| finding.severity == Severity::Remark).collect::<Vec<_>>()
    };
    let logs_io_uring = |rules: &str| remarks(&format!("{GOOD}{rules}")).is_empty();
    assert!(!logs_io_uring(""));
    assert!(logs_io_uring("-a always,io_uring -S connect -k net\n"));
    assert!(!logs_io_uring("-a always,io_uring -S openat\n"));
    assert!(!logs_io_uring("-a always,io_uring -S connect -F uid=0\n"));
    assert!(!logs_io_uring("-A never,io_uring -S all\n-a always,io_uring -S connect\n"));
    let [remark] = &remarks(GOOD)[..] else { panic!("it is told once") };
    assert_eq!(remark.place.map(|place| place.line), Some(3));
    assert!(remark.message.contains("-a always,io_uring -S connect"), "{}", remark.message);
}
