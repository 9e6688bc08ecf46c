//! A report is at most 3 MB long, whatever the log, and tells what there was no room for.

use serde_json::Value;

use crate::common::rareport_with;
use crate::report::{data_of, data_of_jobs};

const MOST_BYTES: usize = 3_000_000;

const HEADER: &str = "time,destination.port,host.name,process.name,user.name,destination.ip\n";

/// The report on rows of CSV, its data, and what was told on stderr.
fn report_on(rows: &str) -> (String, Value, String) {
    let run = rareport_with(&["report"], rows.as_bytes()).expect(0);
    let data = data_of(&run.stdout);
    (run.stdout, data, run.stderr)
}

fn length(data: &Value, name: &str) -> u64 {
    data[name].as_array().unwrap().len() as u64
}

/// The scores of the records that are shown, in their order.
fn scores(data: &Value) -> Vec<f64> {
    let records = data["records"].as_array().unwrap().iter();
    records.map(|shown| shown["record"]["record_score"].as_f64().unwrap()).collect()
}

/// 30 days of 500 ports and 200 hosts.
fn thirty_days() -> String {
    let mut rows = HEADER.to_owned();
    // A generator of Knuth's, so that rare ports are spread over the time.
    let mut random = 7_u64;
    for event in 0..2880_u64 * 20 {
        random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        let number = random >> 33;
        let (port, host) = ((number % 500 * (number / 500 % 500)) / 500, number / 250_000 % 200);
        let time = 1_780_272_000 + event * 45;
        let (process, user) = (port % 60, host % 20);
        rows += &format!("{time},{},host{host},p{process},u{user},10.0.{port}.1\n", 1000 + port);
    }
    rows
}

#[test]
fn thirty_days_of_500_ports_and_200_hosts_fit() {
    let (page, data, stderr) = report_on(&thirty_days());
    assert!(page.len() <= MOST_BYTES, "{}", page.len());
    assert!(data["summary"]["ports"].as_u64() > Some(490) && data["summary"]["hosts"] == 200);
    // 2,880 buckets make 720 bins of an hour.
    assert_eq!((&data["axis"]["bins"], &data["axis"]["bin"]), (&720.into(), &3_600_000.into()));
    let cut = &data["left_out"];
    let all = data["summary"]["records"].as_u64().unwrap();
    assert!(cut["records"].as_u64() > Some(0), "{cut}");
    assert_eq!(length(&data, "records") + cut["records"].as_u64().unwrap(), all);
    assert!(scores(&data).is_sorted_by(|x, y| x >= y));
    assert_eq!(length(&data, "ports"), data["summary"]["ports"].as_u64().unwrap());
    let told = data["summary"]["left_out"].as_str().unwrap();
    assert!(told.contains("records with low scores") && told.contains("times finer than 1h"));
    assert!(stderr.contains(told), "{stderr}");
}

/// Ten ports in 2,500 buckets, and 625 others of hosts and processes with long names, each
/// character of which takes six bytes on a page.
fn dear_names() -> String {
    let mut rows = HEADER.to_owned();
    for bucket in 0..2500_u64 {
        let time = 900 * bucket;
        rows.extend((440..450).map(|port| format!("{time},{port},web01,curl,root,10.0.0.1\n")));
        if bucket.is_multiple_of(4) {
            let name = "<".repeat(1000);
            let port = 10_000 + bucket;
            rows += &format!("{},{port},{name}{bucket},{name},{name},{name}\n", time + 1);
        }
    }
    rows
}

#[test]
fn several_jobs_share_the_room() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("rules.toml");
    let jobs = ["linux_rare_destination_port", "linux_rare_process"];
    let rule = |job: &str| format!("[[rule]]\nname = \"{job}\"\njob_ids = [\"{job}\"]\n");
    std::fs::write(&path, jobs.map(rule).concat()).unwrap();
    let arguments = ["report", "--rules", path.to_str().unwrap()];
    let page = rareport_with(&arguments, dear_names().as_bytes()).expect(0).stdout;
    assert!(page.len() <= MOST_BYTES, "{}", page.len());
    // Rows without a category are for every job.
    let [ports, programs] = &data_of_jobs(&page)[..] else { panic!("there are two jobs") };
    let shown = [ports, programs].map(|data| length(data, "records"));
    // What one does not need is left to the other.
    assert!(shown[0] > 30 && shown[1] == 0 && page.len() > MOST_BYTES / 4 * 3, "{shown:?}");
    let left_out = ports["left_out"]["records"].as_u64().unwrap();
    assert_eq!(ports["summary"]["records"], shown[0] + left_out);
}

#[test]
fn no_name_is_too_long_and_no_character_too_dear() {
    let (page, data, stderr) = report_on(&dear_names());
    assert!(page.len() <= MOST_BYTES, "{}", page.len());
    // Ten usual ports and 625 others, whose users have long names.
    let ports = length(&data, "ports") + length(&data, "other_ports");
    assert_eq!(ports + data["left_out"]["ports"].as_u64().unwrap(), 635);
    assert!(length(&data, "ports") > 20 && length(&data, "records") > 20);
    assert!(scores(&data).is_sorted_by(|x, y| x >= y));
    assert!(stderr.contains("left out of it: "), "{stderr}");
}

#[test]
fn a_small_report_leaves_nothing_out() {
    let mut rows = HEADER.to_owned();
    for bucket in 0..50_u64 {
        rows += &format!("{},443,web01,curl,root,10.0.0.1\n", 900 * bucket);
    }
    let (_, data, stderr) = report_on(&rows);
    assert_eq!(data["summary"]["left_out"], Value::Null);
    assert_eq!(stderr.lines().count(), 1, "{stderr}");
}

#[test]
fn who_came_later_to_a_port_is_counted() {
    let mut rows = HEADER.to_owned();
    for event in 0..120_u64 {
        rows += &format!("{},443,web{},curl,root,10.0.0.1\n", 900 * event, event % 20);
    }
    let (_, data, _) = report_on(&rows);
    let port = &data["ports"][0];
    // Of 20 hosts, six times each, the first 16 are told apart.
    assert_eq!((length(port, "users"), &port["other_events"]), (16, &24.into()));
}
