//! The table of ready-made jobs in `docs/model.md` says what the catalogue has.

#![allow(clippy::unwrap_used, reason = "helpers of tests fail the test")]

use rareport::job::{CatalogueJob, Feed, catalogue};

const MODEL: &str = include_str!("../../../docs/model.md");

/// The cells of the rows that name a job in their first one, without back quotes.
fn rows() -> Vec<Vec<String>> {
    let rows = MODEL.lines().filter(|line| line.starts_with("| `linux_"));
    let cells = |row: &str| {
        let row = row.trim_matches('|').replace('`', "");
        row.split('|').map(|cell| cell.trim().to_owned()).collect()
    };
    rows.map(cells).collect()
}

#[test]
fn the_documented_jobs_are_those_of_the_catalogue() {
    let rows = rows();
    let documented: Vec<_> = rows.iter().map(|row| (&*row[0], &*row[2], &*row[3])).collect();
    let entries = catalogue();
    let ready: Vec<_> = entries
        .iter()
        .map(|CatalogueJob { job, .. }| {
            let partition = job.detector.partition_field.as_deref().unwrap_or_default();
            (&*job.job_id, &*job.detector.by_field, partition)
        })
        .collect();
    assert_eq!(documented, ready);
}

#[test]
fn jobs_are_fed_what_the_table_says() {
    for (entry, row) in catalogue().iter().zip(rows()) {
        let fed = &*row[4];
        match entry.feed {
            Feed::Connections => assert_eq!(fed, "connections"),
            Feed::ConnectionsTo(address) => assert_eq!(fed, format!("connections to {address}")),
            Feed::ProcessStarts => assert_eq!(fed, "program starts"),
            Feed::ProcessStartsOf(_) => assert!(fed.starts_with("starts of "), "{fed}"),
        }
    }
}

#[test]
fn influencers_are_those_that_the_text_above_the_table_names() {
    for entry in catalogue() {
        let mut influencers = entry.job.influencers.clone();
        influencers.sort_unstable();
        let all = ["destination.ip", "host.name", "process.name", "user.name"];
        let expected = if entry.feed.is_of_connections() { &all[..] } else { &all[1..] };
        assert_eq!(influencers, expected, "{}", entry.job.job_id);
    }
}
