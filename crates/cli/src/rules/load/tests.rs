use super::*;

fn source(text: &str, merged: bool) -> Source {
    Source { name: "x".to_owned(), text: text.to_owned(), merged }
}

/// The lines of the rules that are loaded, as `file:line` with both from 1.
fn loaded(files: &[Source]) -> Vec<String> {
    let rules = load(files, &mut Findings::new(files)).rules;
    rules.iter().map(|(place, _)| format!("{}:{}", place.file + 1, place.line)).collect()
}

/// Findings as `line: message`.
fn findings(files: &[Source]) -> Vec<String> {
    let mut findings = Findings::new(files);
    load(files, &mut findings);
    let line = |place: Option<Place>| place.map_or(0, |place| place.line);
    let found = findings.in_order().into_iter();
    found.map(|finding| format!("{}: {}", line(finding.place), finding.message)).collect()
}

/// Three rules with an error between the first two.
const WRONG: &str = "-b 8192\n-a never,task\n-a exit\n-a always,exit -S bind\n-a always,user\n";

#[test]
fn an_error_stops_the_loading() {
    let files = [source(WRONG, false)];
    assert_eq!(loaded(&files), ["1:2"]);
    assert_eq!(load(&files, &mut Findings::new(&files)).stopped, Some(Place { file: 0, line: 3 }));
    let found = findings(&[source(&format!("{WRONG}-a task\n"), false)]);
    assert_eq!(found.len(), 2, "{found:#?}");
    assert!(found[0].ends_with("auditctl stops here, and no later line is loaded"), "{found:#?}");
    assert!(found[1].starts_with("6: ") && found[1].ends_with("too"), "{found:#?}");
}

#[test]
fn an_error_that_is_ignored_does_not() {
    for option in ["-i", "-c"] {
        let files = [source(&format!("{option}\n{WRONG}"), false)];
        assert_eq!(loaded(&files), ["1:3", "1:5", "1:6"]);
        let found = findings(&files);
        assert_eq!(found.len(), 1, "{found:#?}");
        assert!(found[0].ends_with("auditctl does not load this line"), "{found:#?}");
    }
    // Too late: auditctl does not come to the option.
    assert_eq!(loaded(&[source(&format!("{WRONG}-i\n"), false)]), ["1:2"]);
}

#[test]
fn a_file_is_a_run_of_auditctl_and_a_directory_is_one() {
    let files = |merged| [source(WRONG, merged), source("-a always,exit -S connect\n", merged)];
    assert_eq!(loaded(&files(false)), ["1:2", "2:1"]);
    assert_eq!(loaded(&files(true)), ["1:2"]);
    let lenient = |merged| [source("-i\n", merged), source(WRONG, merged)];
    assert_eq!(loaded(&lenient(false)), ["2:2"]);
    assert_eq!(loaded(&lenient(true)), ["2:2", "2:4", "2:5"]);
}

#[test]
fn deletions() {
    let rules = "-b 8192\n-a always,exit -S bind -k net\n-a always,exit -S connect\n";
    let after = |deletion: &str| loaded(&[source(&format!("{rules}{deletion}\n"), false)]);
    assert_eq!(after("-d always,exit -S connect"), ["1:2"]);
    assert_eq!(after("-d always,exit -S connect -k net"), ["1:2", "1:3"]);
    assert_eq!(after("-D -k net"), ["1:3"]);
    assert!(after("-D").is_empty());
    // augenrules(8) puts `-D` first, but one with a key stays where it is.
    let merged = |deletion: &str| loaded(&[source(&format!("{rules}{deletion}\n"), true)]);
    assert_eq!(merged("-D"), ["1:2", "1:3"]);
    assert_eq!(merged("-D -k net"), ["1:3"]);
}

#[test]
fn the_last_setting_counts() {
    assert!(findings(&[source("-b 8192\n-e 0\n-a always,exit -S bind\n-e 1\n", false)]).is_empty());
    assert!(findings(&[source("-b 64\n-b 8192\n", false)]).is_empty());
    let found = findings(&[source("-b 8192\n-e 1\n-e 0\n", false)]);
    assert!(found.len() == 1 && found[0].starts_with("3: `-e 0`"), "{found:#?}");
    // In a directory `-b` and `-e` are moved, so an error does not hide them.
    let found = findings(&[source("-a exit\n-b 8192\n-e 0\n", true)]);
    assert!(found.len() == 2 && found[1].starts_with("3: `-e 0`"), "{found:#?}");
}
