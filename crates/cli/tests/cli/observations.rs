//! What `rareport anomalies` is fed: formats of input, and what of it cannot
//! be used.

use std::fmt::Write as _;
use std::io::Write as _;

use crate::common::{corpus, rareport, rareport_with};

/// A connect: second, port, host, process, address.
type Connect = (u64, u16, &'static str, &'static str, &'static str);

/// The first second of a bucket.
const START: u64 = 1_704_067_200;

/// Three connects in each of 60 buckets, a fourth in the last, and one that
/// closes it.
fn connects() -> Vec<Connect> {
    let usual = |bucket: u64| {
        let second = START + 900 * bucket;
        [
            (second, 22, "web01", "ssh", "203.0.113.9"),
            (second + 1, 53, "db01", "a b, \"c\"", "203.0.113.10"),
            (second + 899, 443, "web01", "curl", "203.0.113.9"),
        ]
    };
    let mut connects: Vec<Connect> = (0..60).flat_map(usual).collect();
    connects.insert(178, (START + 900 * 59 + 30, 4444, "db01", "nc", "203.0.113.66"));
    connects.push((START + 900 * 61, 22, "web01", "ssh", "203.0.113.9"));
    connects
}

/// The connects as text, one after the other.
fn text(connect: impl Fn(Connect) -> String) -> String {
    connects().into_iter().map(connect).collect()
}

fn quoted(text: &str) -> String {
    serde_json::to_string(text).unwrap()
}

fn csv() -> String {
    let header = "@timestamp,destination.port,host.name,process.name,user.name,destination.ip\n";
    let row = |(second, port, host, process, ip): Connect| {
        let process = process.replace('"', "\"\"");
        format!("{second},{port},{host},\"{process}\",33,{ip}\n")
    };
    header.to_owned() + &text(row)
}

fn audit((second, port, host, process, ip): Connect) -> String {
    let hex = |bytes: &[u8]| {
        bytes.iter().fold(String::new(), |mut hex, byte| {
            write!(hex, "{byte:02X}").unwrap();
            hex
        })
    };
    let address = hex(&ip.parse::<std::net::Ipv4Addr>().unwrap().octets());
    let (id, process) = (format!("audit({second}.000:{second})"), hex(process.as_bytes()));
    format!(
        "node={host} type=SYSCALL msg={id}: arch=c000003e syscall=42 success=yes exit=0 a0=3 \
         pid=1 uid=33 comm={process}\n\
         node={host} type=SOCKADDR msg={id}: saddr=0200{port:04X}{address}\n\
         node={host} type=PROCTITLE msg={id}: proctitle=\"x\"\n"
    )
}

/// Results of the connects in the given form.
fn results(arguments: &[&str], input: impl AsRef<[u8]>) -> String {
    let run = rareport_with(&[&["anomalies"], arguments].concat(), input.as_ref()).expect(0);
    assert!(!run.stderr.contains("warning"), "{}", run.stderr);
    run.stdout
}

#[test]
fn the_same_events_give_the_same_bytes_in_every_format() {
    let expected = results(&[], csv());
    assert!(expected.contains("\"by_field_value\":\"4444\""), "{expected}");
    let nested = text(|(second, port, host, process, ip)| {
        let process = quoted(process);
        format!(
            "{{\"@timestamp\":{second},\"destination\":{{\"ip\":\"{ip}\",\"port\":{port}}},\
             \"host\":{{\"name\":\"{host}\"}},\"process\":{{\"pid\":1,\"name\":{process}}},\
             \"user\":{{\"name\":\"33\"}}}}\n"
        )
    });
    let dotted = text(|(second, port, host, process, ip)| {
        let process = quoted(process);
        format!(
            "{{\"destination.port\":\"{port}\",\"destination.ip\":[\"{ip}\"],\"host.name\":\
             \"{host}\",\"process.name\":{process},\"user.name\":33,\"time\":\"{second}000\"}}\n"
        )
    });
    let rfc3339 = text(|(second, port, host, process, ip)| {
        let (process, second) = (process.replace('"', "\"\""), second - START);
        let (hour, minute, second) = (second / 3600, second / 60 % 60, second % 60);
        let time = format!("2024-01-01T{hour:02}:{minute:02}:{second:02}.999Z");
        format!("x,33,{ip},\"{process}\",{port},{host},{time}\r\n")
    });
    let columns = "tags,user.name,destination.ip,process.name,destination.port,host.name,time\r\n";
    assert_eq!(results(&[], nested.as_bytes()), expected);
    assert_eq!(results(&[], dotted.as_bytes()), expected);
    assert_eq!(results(&[], format!("{columns}{rfc3339}")), expected);
    assert_eq!(results(&[], format!("\u{feff}{}", csv())), expected);
    assert_eq!(results(&[], text(audit)), expected);
    assert_eq!(results(&["--input-format", "csv"], csv()), expected);
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), Default::default());
    gzip.write_all(nested.as_bytes()).unwrap();
    assert_eq!(results(&["-"], gzip.finish().unwrap()), expected);
}

#[test]
fn files_of_several_formats_are_merged_by_time() {
    let directory = tempfile::tempdir().unwrap();
    let path = |name: &str| directory.path().join(name).to_str().unwrap().to_owned();
    let all = csv();
    let (header, rows) = all.split_once('\n').unwrap();
    let rows: Vec<&str> = rows.split_inclusive('\n').collect();
    // One log in two files, each with a header of its own.
    let part = |rows: &[&str]| format!("{header}\n{}", rows.concat());
    std::fs::write(path("old.csv.1"), part(&rows[..50])).unwrap();
    std::fs::write(path("old.csv"), part(&rows[50..90])).unwrap();
    // The rest, hosts in files of their own.
    let of_host = |host: &str| {
        connects().into_iter().skip(90).filter(|connect| connect.2 == host).map(audit).collect()
    };
    let (web, db): (String, String) = (of_host("web01"), of_host("db01"));
    std::fs::write(path("web.log"), web).unwrap();
    std::fs::write(path("db.log"), db).unwrap();
    let paths = ["old.csv", "old.csv.1", "web.log", "db.log"].map(path);
    let paths = paths.each_ref().map(String::as_str);
    assert_eq!(results(&paths, ""), results(&[], all));
}

#[test]
fn what_detect_finds_in_an_audit_log_is_among_the_anomalies() {
    let fleet = corpus("fleet-day");
    let alerts = rareport(&["detect", &fleet]).expect(0);
    let anomalies = rareport(&["anomalies", "--results", "record", &fleet]).expect(0);
    let records: Vec<_> = anomalies
        .documents()
        .into_iter()
        .map(|record| (record["id"].clone(), record["record_score"].clone()))
        .collect();
    let alerts = alerts.documents();
    assert!(!alerts.is_empty());
    // The end of the log closes nothing here, but the attack is before it.
    for alert in alerts {
        let id = alert["kibana.alert.ancestors"][0]["id"].clone();
        assert!(records.contains(&(id, alert["record_score"].clone())), "{alert}");
    }
}

#[test]
fn events_of_an_audit_log_can_be_fed_as_documents() {
    let fleet = corpus("fleet-day");
    let ports = |input: &str, arguments: &[&str]| -> Vec<String> {
        let arguments = [&["anomalies", "--results", "record", "--format", "csv"], arguments];
        let run = rareport_with(&arguments.concat(), input.as_bytes()).expect(0);
        let score_and_port = |line: &str| {
            let cells: Vec<&str> = line.split(',').collect();
            (cells[9].parse::<f64>().unwrap_or(0.0) > 50.0).then(|| cells[4].to_owned())
        };
        run.stdout.lines().skip(1).filter_map(score_and_port).collect()
    };
    let expected = ports("", &[&fleet]);
    assert_eq!(expected.len(), 7);
    for format in ["ndjson", "csv"] {
        let events = rareport(&["events", "--kind", "connect", "--format", format, &fleet]);
        assert_eq!(ports(&events.expect(0).stdout, &[]), expected, "{format}");
    }
}

#[test]
fn bad_rows_are_counted_by_reason_and_the_rest_is_used() {
    let expected = results(&[], csv());
    let mut rows: Vec<String> = csv().split_inclusive('\n').map(str::to_owned).collect();
    rows.insert(3, "1704067200,443\n".into());
    rows.insert(5, ",443,web01,curl,33,203.0.113.9\n".into());
    rows.insert(6, ",80,web01,curl,33,203.0.113.9\n".into());
    rows.insert(7, "soon,443,web01,curl,33,203.0.113.9\n".into());
    let run = rareport_with(&["anomalies"], rows.concat().as_bytes()).expect(0);
    assert_eq!(run.stdout, expected);
    for told in [
        "1 row skipped: with more or fewer cells than the header; the first is line 4 of standard",
        "2 rows skipped: without a time; the first is line 6 of standard input",
        "1 row skipped: with a time that is not RFC 3339",
        "is line 8 of standard input",
    ] {
        assert!(run.stderr.contains(told), "{told}: {}", run.stderr);
    }

    let long = "x".repeat(1 << 21);
    let mut documents = text(|(second, port, host, process, ip)| {
        let process = quoted(process);
        format!(
            "{{\"time\":{second},\"destination.port\":{port},\"host.name\":\"{host}\",\
             \"process.name\":{process},\"user.name\":\"33\",\"destination.ip\":\"{ip}\"}}\n\n"
        )
    });
    documents.insert_str(0, "{\"time\":1,\n");
    documents.push_str("[]\n{\"destination.port\":1}\n{\"time\":{\"x\":1}}\n");
    documents.push_str(&format!("{{\"time\":1,\"x\":\"{long}\"}}\n{{\"time\":true}}"));
    let run = rareport_with(&["anomalies"], documents.as_bytes()).expect(0);
    assert_eq!(run.stdout, expected);
    for told in [
        "2 rows skipped: not one whole JSON object; the first is line 1 of standard",
        "2 rows skipped: without a time; the first is line 367 of standard input",
        "1 row skipped: longer than 1 MiB; the first is line 369 of standard input",
        "the first is line 370 of standard input",
    ] {
        assert!(run.stderr.contains(told), "{told}: {}", run.stderr);
    }
}

#[test]
fn a_quote_that_is_not_closed_is_told() {
    let input = format!("{}1704067200,\"443\n{}", csv(), "x,y\n".repeat(1 << 20));
    let run = rareport_with(&["anomalies"], input.as_bytes()).expect(2);
    assert_eq!(run.stdout, results(&[], csv()));
    assert!(run.stderr.contains("the row in line 184 does not end within"), "{}", run.stderr);
}

#[test]
fn nothing_to_use_is_status_2_but_no_rows_are_no_error() {
    let header = csv().lines().next().unwrap().to_owned();
    for rows in [header.clone(), header + "\n"] {
        let run = rareport_with(&["anomalies"], rows.as_bytes()).expect(0);
        assert_eq!(run.stdout, "");
    }
    for (input, arguments, told) in [
        ("", &[][..], "the input is empty"),
        ("hello, world\n", &[], "neither NDJSON nor CSV with a column @timestamp or time"),
        ("a,b\n1,2\n", &["--input-format", "csv"], "the header line has no column @timestamp"),
        ("{\"a\":1}\n", &[], "no row could be read"),
        ("{\"a\":1}\n", &["--input-format", "audit"], "nothing to use"),
    ] {
        let run = rareport_with(&[&["anomalies"], arguments].concat(), input.as_bytes()).expect(2);
        assert!(run.stderr.contains(told), "{told}: {}", run.stderr);
    }
}

#[test]
fn only_the_wanted_range_of_time_is_used() {
    let from = (START + 900 * 10).to_string();
    let run = rareport_with(&["anomalies", "-v", "--from", &from], csv().as_bytes()).expect(0);
    let told = "182 rows in 1 file, 152 of them in the wanted range of time";
    assert!(run.stderr.contains(told), "{}", run.stderr);
    assert_eq!(run.documents()[0]["timestamp"], (START + 900 * 10) * 1000);
}

#[test]
fn values_that_are_never_there_are_told() {
    let arguments = ["anomalies", "--influencer", "host.name", "--influencer", "host.id"];
    let run = rareport_with(&arguments, csv().as_bytes()).expect(0);
    assert!(run.stderr.contains("no event has a value of host.id"), "{}", run.stderr);
    let run = rareport_with(&arguments, text(audit).as_bytes()).expect(0);
    assert!(run.stderr.contains("no event has a value of host.id"), "{}", run.stderr);
    let run = rareport_with(&["anomalies", "--by", "host.id"], text(audit).as_bytes()).expect(2);
    assert!(run.stderr.contains("no field host.id; they have @timestamp"), "{}", run.stderr);
}

#[test]
fn late_events_are_told() {
    let early: String = csv().split_inclusive('\n').nth(1).unwrap().to_owned();
    let run = rareport_with(&["anomalies", "-v"], (csv() + &early + &early).as_bytes()).expect(0);
    assert!(run.stderr.contains("2 events came too late"), "{}", run.stderr);
    // One connect of the 60th bucket comes behind 4444.
    assert!(run.stderr.contains("3 events were out of order"), "{}", run.stderr);
}

#[test]
fn a_log_whose_lines_begin_with_a_bracket_is_no_json() {
    let run = rareport(&["anomalies", "-v", &corpus("printk/dmesg.txt.xz")]).expect(0);
    // As many as a search for the numbers of the calls finds in the text.
    assert!(run.stderr.contains("784 connections"), "{}", run.stderr);
}
