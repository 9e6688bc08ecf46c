//! The exception that `detect --details` prints for each alert, as it is pasted.

use std::fs;

use crate::common::{corpus, rareport};

#[test]
fn the_details_of_an_alert_have_the_exception_that_silences_it() {
    let fleet = corpus("fleet-day");
    let directory = tempfile::tempdir().unwrap();
    let path = |name: &str| directory.path().join(name).to_str().unwrap().to_owned();
    let several = "[[rule]]\nname = \"Ports\"\nthreshold = 20\n[[rule]]\nname = \"Programs\"\n\
        threshold = 5\njob_ids = [\"linux_rare_network_process\"]\n";
    fs::write(path("several.toml"), several).unwrap();
    fs::write(
        path("none.toml"),
        "[[calendar]]\ncomment = \"c\"\nfrom = 2020-01-01\nto = 2020-01-02\n",
    )
    .unwrap();
    let hostile = format!("{}/tests/data/hostile.log", env!("CARGO_MANIFEST_DIR"));
    let mut is_repeated = false;
    for (log, rules, threshold) in [
        (&fleet, path("none.toml"), "20"),
        (&fleet, path("several.toml"), "20"),
        (&hostile, path("none.toml"), "1"),
    ] {
        let arguments = ["detect", "--format", "table", "--threshold", threshold, log];
        let detect = |rules: &str, more: &[&str]| {
            rareport(&[&arguments, &["--rules", rules][..], more].concat()).expect(0)
        };
        let detailed = detect(&rules, &["--details"]).stdout;
        let blocks: Vec<&str> = detailed.split("\n\n").skip(1).collect();
        let snippet = |block: &&'_ str| block.find("[[exception]]");
        let snippets: Vec<&str> =
            blocks.iter().filter_map(|it| Some(&it[snippet(it)?..])).collect();
        let mut each_once: Vec<&str> = snippets.iter().map(|it| it.trim()).collect();
        each_once.sort_unstable();
        each_once.dedup();
        assert_eq!(each_once.len(), snippets.len());
        let repeated = detailed.matches("the same exception as above").count();
        assert_eq!(snippets.len() + repeated, blocks.len());
        is_repeated |= repeated > 0;
        assert!(snippets.len() > 5, "{detailed}");
        let without = |taken: &[&str]| {
            fs::write(path("with.toml"), fs::read_to_string(&rules).unwrap() + &taken.join("\n"))
                .unwrap();
            detect(&path("with.toml"), &[]).stdout.lines().count()
        };
        let all = detailed.lines().take_while(|line| !line.is_empty()).count();
        assert_eq!(without(&[]), all);
        assert!(without(&snippets[..1]) < all, "{}", snippets[0]);
        assert_eq!(without(&snippets), 0, "{}", snippets.concat());
    }
    assert!(is_repeated, "the port of an alert comes again");
}

#[test]
fn an_exception_of_one_host_leaves_what_others_do_to_be_told() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("rules.toml");
    let later = |host: &str| {
        let exception = format!(
            "[[exception]]\ncomment = \"known\"\nconditions = [\n    \
             {{ field = \"destination.port\", is = 4444 }},\n{host}]\n"
        );
        fs::write(&path, exception).unwrap();
        let rules = path.to_str().unwrap();
        let run = rareport(&["detect", &corpus("fleet-day"), "--rules", rules]).expect(0);
        assert_eq!(run.documents().len(), 6, "{}", run.stderr);
        run.stderr.lines().find(|line| line.contains("port 4444")).map(str::to_owned)
    };
    // By the log's ground truth, at 1780574751; web01 was the first.
    assert_eq!(
        later("    { field = \"host.name\", is = \"web01\" },\n").as_deref(),
        Some(
            "rareport: port 4444, hidden by an exception that does not cover this, was used later \
             by ci01 at 2026-06-04T12:05:51.863Z"
        )
    );
    assert_eq!(later(""), None, "the exception is of all hosts");
}
