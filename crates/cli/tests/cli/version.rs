//! What the program says of itself.

use std::path::Path;
use std::process::Command;

use crate::common::rareport;

#[test]
fn the_version_is_a_line_or_all_facts_of_the_build() {
    let version = env!("CARGO_PKG_VERSION");
    assert_eq!(rareport(&["-V"]).expect(0).stdout, format!("rareport {version}\n"));
    let long = rareport(&["--version"]).expect(0).stdout;
    let lines: Vec<_> = long.lines().collect();
    let [first, commit, target, rustc] = lines[..] else { panic!("{long}") };
    assert_eq!(first, format!("rareport {version}"));
    assert!(commit.starts_with("commit: "), "{long}");
    assert!(target.starts_with(&format!("target: {}-", std::env::consts::ARCH)), "{long}");
    assert!(rustc.starts_with("rustc: 1."), "{long}");
}

#[test]
fn of_a_checkout_the_commit_is_told() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let head = Command::new("git").arg("-C").arg(&root).args(["rev-parse", "HEAD"]).output();
    let Some(head) = head.ok().filter(|head| head.status.success() && root.join(".git").exists())
    else {
        println!("skipped: this is no checkout");
        return;
    };
    let head = String::from_utf8(head.stdout).unwrap();
    let long = rareport(&["--version"]).expect(0).stdout;
    let commit = long.lines().find_map(|line| line.strip_prefix("commit: ")).unwrap();
    let commit = commit.strip_suffix(", with changes").unwrap_or(commit);
    assert!(commit.len() >= 12 && head.starts_with(commit), "{head} {long}");
}
