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
        let snippets: Vec<&str> =
            blocks.iter().map(|it| &it[it.find("[[exception]]").unwrap()..]).collect();
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
}
