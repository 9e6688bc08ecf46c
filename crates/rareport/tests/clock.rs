//! Time that is told from outside, as while logs are silent, may be that of a clock that is wrong.

#![allow(clippy::unwrap_used)]

use rareport::results::BucketResults;
use rareport::{Detector, JobConfig, Observation};

const SPAN: i64 = 900;

/// Results of 60 buckets with three usual ports, and a new one in the last; after each observation
/// the clock says what `clock` makes of its time.
fn results(clock: impl Fn(i64) -> Option<i64>) -> Vec<BucketResults> {
    let mut detector = Detector::new(JobConfig::rare("destination.port")).unwrap();
    let mut results = Vec::new();
    for bucket in 0..60 {
        let ports: &[&str] = if bucket < 59 { &["22", "53", "443"] } else { &["22", "4444"] };
        for port in ports {
            let time = bucket * SPAN + 7;
            results.extend(detector.push(&Observation::new(time, *port)).unwrap());
            if let Some(told) = clock(time) {
                results.extend(detector.advance_to(told).unwrap());
            }
        }
    }
    results.extend(detector.finish());
    assert_eq!(detector.counts().late, 0);
    results
}

#[test]
fn a_clock_that_is_set_back_closes_nothing_and_loses_nothing() {
    let undisturbed = results(|_| None);
    assert_eq!(undisturbed.last().unwrap().records[0].value(), "4444");
    for back in [0, 1, SPAN, 30 * SPAN, 1_000_000_000] {
        assert_eq!(results(|time| Some(time - back)), undisturbed, "{back} seconds");
    }
    // A clock that goes back and forth.
    assert_eq!(results(|time| Some(time - time % 5 * SPAN)), undisturbed);
}
