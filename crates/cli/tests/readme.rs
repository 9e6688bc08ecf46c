//! The README shows what the program prints.

use std::path::Path;
use std::process::Command;

#[test]
fn the_readmes_first_command_prints_what_the_readme_says() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let readme = std::fs::read_to_string(root.join("README.md")).expect("README.md is readable");
    let shown: Vec<&str> = readme
        .lines()
        .skip_while(|line| !line.starts_with("SCORE "))
        .take_while(|line| *line != "```")
        .collect();

    let run = Command::new(env!("CARGO_BIN_EXE_rareport"))
        .args(["detect", "--format", "table", "corpus/fleet-day"])
        .current_dir(&root)
        .output()
        .expect("rareport starts");
    let printed = [run.stdout, run.stderr].concat();
    let printed = String::from_utf8(printed).expect("the output is UTF-8");
    assert_eq!(printed.lines().collect::<Vec<_>>(), shown);
}
