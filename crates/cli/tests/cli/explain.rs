//! `rareport explain`: each step of a score, and what there is to say of a port that has
//! none.

use crate::common::{corpus, rareport, rareport_with};

#[test]
fn a_port_is_explained_step_by_step() {
    let story = rareport(&["explain", "4444", &corpus("fleet-day")]).expect(0).stdout;
    for part in [
        "Seen in 3 buckets by 3 connects",
        "web01 → bash (www-data) → 203.0.113.66: 1 connect",
        "never seen in 325 earlier buckets",
        "7. The least of them and 100 is the score: 67.382.",
    ] {
        assert!(story.contains(part), "{part}: {story}");
    }
    let usual = rareport(&["explain", "443", &corpus("fleet-day")]).expect(0).stdout;
    assert!(usual.contains("never rare enough") && usual.contains("The score is 0"), "{usual}");
}

#[test]
fn several_ports_go_by_numbers_and_names() {
    let fleet = corpus("fleet-day");
    let story = rareport(&["explain", "https,ircd", &fleet]).expect(0).stdout;
    let one = |port| rareport(&["explain", port, &fleet]).expect(0).stdout;
    assert_eq!(story, format!("{}\n\n{}", one("443"), one("6667")));
    for (wrong, said) in [("htps", "did you mean"), ("70000", "ports are 0 to 65535")] {
        let run = rareport(&["explain", wrong, &fleet]).expect(2);
        assert!(run.stderr.contains(said), "{}", run.stderr);
    }
}

#[test]
fn a_port_that_was_never_learned_is_told_why() {
    let fleet = corpus("fleet-day");
    let never = rareport(&["explain", "4", &fleet]).expect(0).stdout;
    assert!(never.contains("Never seen: 7,441 connects learned, none of them to it."), "{never}");
    // By the truth beside the log, web01 bound it.
    let bound = rareport(&["explain", "31335", &fleet]).expect(0).stdout;
    assert!(bound.contains("Never seen"), "{bound}");
    assert!(bound.contains("1 event not learned: not outbound (bind, listen, accept)"), "{bound}");
    let rows = "@timestamp,destination.port,event.category,event.type,event.action\n\
                2026-06-01T00:00:01Z,53,network,\"connection,start\",connected-to\n\
                2026-06-01T00:20:01Z,514,network,connection,sent-to\n";
    let sent = rareport_with(&["explain", "514"], rows.as_bytes()).expect(0).stdout;
    assert!(sent.contains("1 event not learned: not a connect; --include udp"), "{sent}");
}

#[test]
fn what_was_before_from_is_learned_and_told() {
    let fleet = corpus("fleet-day");
    let late = ["--from", "2026-06-04T12:30:00Z"];
    let story = rareport(&[&["explain", "4444", &fleet], &late[..]].concat()).expect(0).stdout;
    assert!(story.contains("Seen in 3 buckets"), "{story}");
    assert!(story.contains("Not seen since --from, 2026-06-04T12:30:00.000Z."), "{story}");
    assert!(story.contains("No bucket since --from has a record of it"), "{story}");
    // The score of a bucket is that of the whole log.
    let ten = ["--from", "2026-06-04T10:00:00Z"];
    let story = rareport(&[&["explain", "6667", &fleet], &ten[..]].concat()).expect(0).stdout;
    assert!(story.contains("2026-06-04T10:00:00.000Z  score 61.0"), "{story}");
    assert!(!story.contains("Not seen since"), "{story}");
}

#[test]
fn what_the_rules_made_of_it_is_told() {
    let directory = tempfile::tempdir().unwrap();
    let rules = directory.path().join("rules.toml");
    let rules = rules.to_str().unwrap();
    let text = "[[exception]]\ncomment = \"A \\u202Erobot\"\nconditions = [\n    \
                { field = \"destination.port\", is = \"6667\" }\n]\n";
    std::fs::write(rules, text).unwrap();
    let fleet = corpus("fleet-day");
    let story = rareport(&["explain", "6667,4444", &fleet, "--rules", rules]).expect(0).stdout;
    for part in [
        "Hidden from the rule linux-rare-destination-port by the exception “A \\xe2\\x80\\xaerobot”.",
        "An alert of the rule linux-rare-destination-port.",
    ] {
        assert!(story.contains(part), "{part}: {story}");
    }
    let by_process = ["explain", "kinsing", &fleet, "--job", "linux_rare_network_process"];
    let story = rareport(&by_process).expect(0).stdout;
    assert!(story.starts_with("kinsing\nSeen in 2 buckets by 3 events"), "{story}");
}

#[test]
fn a_sentence_shows_what_would_act() {
    let mut rows = "time,process.name\n".to_owned();
    for bucket in 0..100 {
        rows += &format!("{0},curl\n{0},ssh\n{0},dig\n", 900 * bucket);
    }
    rows += "89101,gpj.\u{202e}hs\n90000,curl\n";
    let job = ["--job", "linux_rare_network_process"];
    let arguments = [&["explain", "gpj.\u{202e}hs"], &job[..]].concat();
    let story = rareport_with(&arguments, rows.as_bytes()).expect(0).stdout;
    let sentence = "  process.name gpj.\\xe2\\x80\\xaehs was never seen in ";
    assert!(story.contains(sentence) && !story.contains('\u{202e}'), "{story}");
}

#[test]
fn what_was_meant_is_told() {
    let fleet = corpus("fleet-day");
    let programs = ["--job", "linux_rare_network_process"];
    for (arguments, said) in [
        (&["explain", "44444", &fleet][..], "Did you mean 4444?"),
        (&[&["explain", "kinsin", &fleet][..], &programs].concat(), "Did you mean kinsing?"),
        (
            &[&["explain", "4444", &fleet][..], &programs].concat(),
            "without --job, a number is a port",
        ),
    ] {
        let story = rareport(arguments).expect(0).stdout;
        assert!(story.contains(said), "{story}");
    }
    for (arguments, said) in [
        (&["explain", &fleet, "4444"][..], format!("`rareport explain 4444 {fleet}`")),
        (&["explain", &fleet], format!("`rareport explain 4444 {fleet}`")),
        (
            &[&["explain", &fleet, "nc"][..], &programs].concat(),
            format!("`rareport explain nc {fleet}`"),
        ),
    ] {
        let error = rareport(arguments).expect(2).stderr;
        assert!(error.contains(&said), "{error}");
    }
}
