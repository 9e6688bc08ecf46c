//! `rareport rules`.

use crate::common::{rareport, rareport_with};

#[test]
fn the_printed_rules_pass_their_own_check() {
    for machine in ["x86_64", "i386", "aarch64", "arm", "ppc64le", "s390x", "riscv64"] {
        let rules = rareport(&["rules", "--arch", machine]).expect(0);
        assert!(rules.stdout.contains("-a always,exit"), "{}", rules.stdout);
        let check = ["rules", "--arch", machine, "--lint", "-", "--exit-code"];
        let check = rareport_with(&check, rules.stdout.as_bytes()).expect(0);
        assert!(!check.stdout.contains("error:"), "{}", check.stdout);
        assert!(check.stderr.contains("every connect by system call"), "{}", check.stderr);
    }
}

#[test]
fn a_way_around_the_system_calls_is_told() {
    let rules = rareport(&["rules", "--arch", "x86_64"]).expect(0).stdout;
    let check = |rules: &str| {
        let arguments = ["rules", "--arch", "x86_64", "--lint", "-", "--exit-code"];
        rareport_with(&arguments, rules.as_bytes()).expect(0).stdout
    };
    let rule = "-a always,io_uring -S connect -k netconn";
    let without = check(&rules);
    assert!(
        without.starts_with("-:") && without.contains(": remark: ") && without.contains(rule),
        "{without}"
    );
    let with = check(&rules.replace(&format!("# {rule}"), rule));
    assert_eq!(without.lines().count(), 1);
    assert_eq!(with, "");
}

#[test]
fn a_comment_need_not_be_utf_8() {
    let rules = rareport(&["rules", "--arch", "x86_64"]).expect(0).stdout;
    let check = ["rules", "--arch", "x86_64", "--lint", "-", "--exit-code"];
    let latin_1 = [b"# f\xfcr alle\n", rules.as_bytes()].concat();
    let told = rareport_with(&check, &latin_1).expect(0).stdout;
    assert!(told.contains(": remark: ") && told.lines().count() == 1, "{told}");
}

#[test]
fn a_finding_names_file_and_line() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("net.rules");
    std::fs::write(&file, "-b 8192\n-a always,exit -F arch=b64 -S connect -F success=1 -k net\n")
        .unwrap();
    let file = file.to_str().unwrap();
    let run = rareport(&["rules", "--arch", "x86_64", "--lint", file]).expect(0);
    let trap = run.stdout.lines().next().unwrap();
    assert!(trap.starts_with(&format!("{file}:2: error: `-F success=1`")), "{trap}");
    assert!(run.stdout.contains("-S socketcall -F a0=3"), "{}", run.stdout);
    // What is counted is what is printed.
    let severities = ["error", "warning", "remark"]
        .map(|severity| run.stdout.matches(&format!(": {severity}: ")).count());
    assert_eq!(severities.iter().sum::<usize>(), run.stdout.lines().count());
    let [errors, warnings, remarks] = severities;
    assert_eq!((warnings, remarks), (0, 1), "{}", run.stdout);
    let told = format!("{file}: {errors} errors, 1 remark for x86_64; ");
    assert!(run.stderr.contains(&told), "{}", run.stderr);
    rareport(&["rules", "--arch", "x86_64", "--lint", file, "--exit-code"]).expect(1);
    let quiet = rareport(&["rules", "--arch", "x86_64", "--lint", file, "--quiet"]).expect(0);
    assert_eq!(quiet.stderr, "");
}

#[test]
fn a_directory_and_several_files() {
    let directory = tempfile::tempdir().unwrap();
    let printed = rareport(&["rules", "--arch", "x86_64"]).expect(0).stdout;
    let (head, tail) = printed.split_at(printed.find("-a always").unwrap());
    let write = |name: &str, text: &str| {
        let path = directory.path().join(name);
        std::fs::write(&path, text).unwrap();
        path.to_str().unwrap().to_owned()
    };
    let first = write("9-first.rules", head);
    let second = write("10-second.rules", tail);
    write("notes", "nothing that auditctl reads");
    let lint =
        |files: &[&str]| rareport(&[&["rules", "--arch", "x86_64", "--lint"], files].concat());
    let whole = directory.path().to_str().unwrap();
    for files in [&[whole][..], &[&first, &second]] {
        let run = lint(files).expect(0);
        assert_eq!(run.stdout.lines().count(), 1);
        assert!(run.stdout.contains(": remark: connects through io_uring"), "{}", run.stdout);
        assert!(run.stderr.contains("every connect"), "{}", run.stderr);
    }
    write("10-second.rules", &tail.replacen("connect", "conect", 1));
    let run = lint(&[whole]).expect(0);
    assert!(run.stdout.starts_with(&format!("{second}:1: error: `conect`")), "{}", run.stdout);
}

#[test]
fn a_rules_file_that_cannot_be_read() {
    let run = rareport(&["rules", "--lint", "no-such-file"]).expect(2);
    assert!(run.stderr.contains("no-such-file"), "{}", run.stderr);
    rareport(&["rules", "--exit-code"]).expect(2);
    rareport(&["rules", "--arch", "vax"]).expect(2);
}
