//! `rareport check`.

use std::fmt::Write;

use serde_json::Value;

use crate::common::{corpus, rareport, rareport_with};

/// The codes of what was found.
fn codes(answer: &Value) -> Vec<String> {
    let findings = answer["findings"].as_array().unwrap();
    findings.iter().map(|finding| finding["code"].as_str().unwrap().to_owned()).collect()
}

/// A log of so many connects, one a minute, with this result.
fn connects(number: u64, result: &str) -> String {
    let mut log = String::new();
    for serial in 1..=number {
        let id = format!("audit({}.000:{serial})", 1_700_000_000 + serial * 60);
        writeln!(
            log,
            "type=SYSCALL msg={id}: arch=c000003e syscall=42 {result} a0=3 pid=1 uid=0\u{1d}UID=\"root\"\n\
             type=SOCKADDR msg={id}: saddr=0200115CCB0071090000000000000000\n\
             type=PROCTITLE msg={id}: proctitle=6E63"
        )
        .unwrap();
    }
    log
}

#[test]
fn a_real_log_of_three_hosts_is_fit() {
    let fleet = corpus("fleet-day");
    let run = rareport(&["check", &fleet, "--exit-code"]).expect(0);
    let answer = &run.documents()[0];
    assert_eq!(answer["fit"], true);
    assert_eq!(codes(answer), ["short_baseline"]);
    // `verify.json` was made by another program.
    let verify = std::fs::read_to_string(corpus("fleet-day/verify.json")).unwrap();
    let verify: Value = serde_json::from_str(&verify).unwrap();
    assert_eq!(answer["events"], verify["events"]);
    let hosts: Vec<_> = answer["hosts"].as_array().unwrap().iter().map(|h| &h["name"]).collect();
    assert_eq!(hosts, ["db01", "ci01", "web01"]);
    let text = rareport(&["check", &fleet, "--format", "text"]).expect(0).stdout;
    assert!(text.starts_with("fit for detection\n"), "{text}");
    assert!(text.contains("remark: the log covers 3.5 days; two weeks"), "{text}");
}

#[test]
fn a_rule_for_success_only_is_suspected() {
    let run = |result: &str| {
        let log = connects(1500, result);
        rareport_with(&["check", "--exit-code"], log.as_bytes())
    };
    let only_success = run("success=yes exit=0").expect(1).documents();
    assert!(codes(&only_success[0]).contains(&"only_successful_connects".to_owned()));
    assert_eq!(only_success[0]["fit"], true);
    let refused = run("success=no exit=-111").expect(0).documents();
    assert_eq!(codes(&refused[0]), ["short_baseline"]);
}

#[test]
fn a_log_without_connects_and_a_short_one_are_not_fit() {
    let line = "type=USER_LOGIN msg=audit(1.000:1): pid=1 res=success\n";
    let none = rareport_with(&["check", "--exit-code"], line.as_bytes()).expect(1).documents();
    assert_eq!(none[0]["fit"], false);
    assert_eq!(codes(&none[0]), ["no_connect_rule", "too_short"]);
    // 20 whole buckets need between 20 and 21 quarters of an hour.
    let short = |minutes| {
        let log = connects(minutes, "success=no exit=-111");
        codes(&rareport_with(&["check"], log.as_bytes()).expect(0).documents()[0])
    };
    assert_eq!(short(280), ["too_short"]);
    assert_eq!(short(330), ["short_baseline"]);
    // An event with a wrong clock makes a log no longer.
    let old = "type=USER_LOGIN msg=audit(1577836800.000:9): pid=1 res=success\n";
    let log = old.to_owned() + &connects(280, "success=no exit=-111");
    let run = rareport_with(&["check"], log.as_bytes()).expect(0).documents();
    assert!(codes(&run[0]).contains(&"too_short".to_owned()), "{}", run[0]);
}

#[test]
fn loss_clock_steps_and_silence_are_told() {
    let log = connects(1500, "success=no exit=-111");
    let without: String = log
        .lines()
        .enumerate()
        .filter(|(i, _)| i / 3 % 20 != 7)
        .fold(String::new(), |log, (_, l)| log + l + "\n");
    let lost = rareport_with(&["check", "--exit-code"], without.as_bytes()).expect(1).documents();
    assert_eq!(codes(&lost[0]), ["lost_events", "short_baseline"]);
    assert_eq!(lost[0]["lost_events"], 75);

    // One of 199 events is less than one in 100.
    let few: String = connects(199, "success=no exit=-111");
    let few = few.replace("audit(1700006000.000:100)", "audit(1700006000.000:99)");
    let few = rareport_with(&["check"], few.as_bytes()).expect(0).documents();
    assert_eq!(few[0]["lost_events"], 1);
    assert!(!codes(&few[0]).contains(&"lost_events".to_owned()), "{}", few[0]);

    let (first, second) = log.split_at(log.len() / 2);
    let second = &second[second.find("type=SYSCALL").unwrap()..];
    let first = &first[..first.rfind("type=SYSCALL").unwrap()];
    let stepped = [second, first].concat();
    let stepped = rareport_with(&["check"], stepped.as_bytes()).expect(0).documents();
    assert!(codes(&stepped[0]).contains(&"clock_steps".to_owned()), "{}", stepped[0]);
    assert_eq!(stepped[0]["hosts"][0]["steps_back"], 1);

    let log = connects(1000, "success=no exit=-111");
    let later = log.replace("audit(17000", "audit(17001");
    let silent = rareport_with(&["check"], [log, later].concat().as_bytes()).expect(0).documents();
    assert!(codes(&silent[0]).contains(&"silence".to_owned()), "{}", silent[0]);
    // 100,000 seconds less the 999 minutes between the first event and the last.
    assert_eq!(silent[0]["longest_silence_seconds"], 40_060);
}

#[test]
fn users_without_names_are_told() {
    let run = rareport(&["check", &corpus("raw")]).expect(0).documents();
    assert!(codes(&run[0]).contains(&"not_enriched".to_owned()), "{}", run[0]);
    let run = rareport(&["check", &corpus("enriched")]).expect(0).documents();
    assert!(!codes(&run[0]).contains(&"not_enriched".to_owned()), "{}", run[0]);
}

#[test]
fn a_port_scan_that_hides_others_is_told() {
    let both = [corpus("fleet-day"), corpus("busy")];
    let run = rareport(&["check", &both[0], &both[1]]).expect(0);
    let answer = &run.documents()[0];
    let findings = answer["findings"].as_array().unwrap();
    let crowd = findings.iter().find(|it| it["code"] == "ports_hide_others").expect("a finding");
    let message = crowd["message"].as_str().unwrap();
    // The same bucket and as many ports as `detect` tells.
    let detect = rareport(&["detect", &both[0], &both[1]]).expect(0);
    let new_ports = message.split(" came in the bucket of").next().unwrap();
    let told = format!("{new_ports} came in the bucket of 2026-06-02T15:00:00.000Z");
    assert!(message.starts_with(&told) && detect.stderr.contains(&told), "{message}");
    assert!(
        !codes(&rareport(&["check", &both[0]]).expect(0).documents()[0])
            .contains(&"ports_hide_others".to_owned())
    );
}

#[test]
fn a_log_without_its_calls_is_not_taken_for_one_without_a_rule() {
    let log = connects(330, "success=no exit=-111");
    let addresses: Vec<&str> =
        log.split_inclusive('\n').filter(|line| !line.contains("type=SYSCALL")).collect();
    let answer = rareport_with(&["check"], addresses.concat().as_bytes()).expect(0).documents();
    assert_eq!(codes(&answer[0])[0], "no_syscall_records");
    assert!(!codes(&answer[0]).contains(&"no_connect_rule".to_owned()), "{}", answer[0]);
    let run = rareport_with(&["detect", "-v"], addresses.concat().as_bytes());
    assert!(
        run.stderr.contains("its SYSCALL records are missing or damaged. Give the whole audit.log"),
        "{}",
        run.stderr
    );
    assert!(run.stderr.contains("330 events have an address and no SYSCALL record"));
}

#[test]
fn a_log_that_begins_amid_an_event_may_lack_a_rule_all_the_same() {
    let begin = "type=SOCKADDR msg=audit(1.000:1): saddr=020001BB0A0000010000000000000000\n";
    let accepts = connects(330, "success=yes exit=4").replace("syscall=42", "syscall=288");
    let log = begin.to_owned() + &accepts;
    let answer = rareport_with(&["check"], log.as_bytes()).expect(0).documents();
    assert_eq!(codes(&answer[0])[0], "no_connect_rule", "{}", answer[0]);
    let run = rareport_with(&["detect"], log.as_bytes());
    let told = "no audit rule for it was loaded when it was written, or the log was filtered";
    assert!(run.stderr.contains(told), "{}", run.stderr);
}

#[test]
fn a_log_without_a_whole_bucket_is_told_to_be_one() {
    let message = |connects: &str| {
        let answer = rareport_with(&["check"], connects.as_bytes()).expect(0).documents();
        let findings = answer[0]["findings"].as_array().unwrap().clone();
        let short = findings.into_iter().find(|finding| finding["code"] == "too_short");
        short.expect("it is short")["message"].as_str().unwrap().to_owned()
    };
    let log = connects(330, "success=no exit=-111");
    let few: String = log.split_inclusive('\n').take(6).collect();
    let told = message(&few);
    assert!(told.starts_with("the log spans no whole bucket of 15 minutes; "), "{told}");
    assert!(!told.contains("0 buckets"), "{told}");
}
