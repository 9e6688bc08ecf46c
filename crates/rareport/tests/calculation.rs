//! The steps behind a score, held against the worked example of `docs/model.md` and against the
//! records that detectors write.

// Helpers of tests fail as tests do.
#![allow(clippy::expect_used, clippy::unwrap_used)]

use rareport::{Detector, JobConfig, Observation};

/// The example of `docs/model.md`: four ports in 101 buckets, and 4444 in the last.
fn worked_example() -> Detector {
    let mut detector = Detector::new(JobConfig::rare("destination.port")).unwrap();
    for bucket in 0..=100 {
        for port in ["443", "80", "22", "53"] {
            detector.push(&Observation::new(900 * bucket, port)).unwrap();
        }
    }
    detector.push(&Observation::new(90_001, "4444")).unwrap();
    detector
}

fn assert_near(actual: f64, expected: f64, what: &str) {
    assert!((actual - expected).abs() <= 1e-7 * expected.abs().max(0.1), "{what}: {actual}");
}

#[test]
fn the_steps_are_those_of_the_worked_example() {
    let mut detector = worked_example();
    let mut closed = detector.finish();
    let record = closed.next().unwrap().records.remove(0);
    let steps = closed.detector().calculation(b"", b"4444").unwrap();
    assert_near(steps.concentration, 0.999_750_03, "c");
    assert!((steps.total - 399.892_044).abs() < 1e-6, "{}", steps.total);
    assert_eq!((steps.known_values, steps.slices.len()), (5, 5));
    let shares = [0.000_269_08, 0.000_901_90, 0.001_752_41, 0.003_060_73, 0.006_516_13];
    let rarer = [0.000_282_54, 0.000_947_00, 0.001_840_03, 0.005_383_81, 0.020_043_47];
    for (slice, (share, rarer)) in steps.slices.iter().zip(shares.into_iter().zip(rarer)) {
        assert_near(slice.share, share, "s");
        assert_near(slice.rarer, rarer, "G");
    }
    assert_near(steps.raw_score, 0.015_576_96, "raw score");
    let ceilings = steps.ceilings.unwrap();
    assert!((ceilings.noise - 101.16).abs() < 0.01 && (ceilings.percentile - 75.8).abs() < 0.01);
    assert_eq!(ceilings.maximum, Some(100.0));
    assert!((steps.score - 38.197).abs() < 0.001);
    assert_eq!((steps.probability, steps.score), (record.probability, record.record_score));
}

#[test]
fn what_is_known_comes_rarest_first() {
    let mut detector = worked_example();
    detector.finish().for_each(drop);
    let known: Vec<_> = detector.known(b"").collect();
    let values: Vec<&[u8]> = known.iter().map(|known| known.value).collect();
    assert_eq!(values, [&b"4444"[..], b"443", b"80", b"22", b"53"]);
    assert_eq!(
        (known[0].buckets_seen, known[0].first_seen, known[0].last_seen),
        (1, 90_000_000, 90_000_000)
    );
    assert_eq!((known[1].buckets_seen, known[1].first_seen), (101, 0));
    assert_eq!(detector.known(b"other").count(), 0);
    assert_eq!(detector.calculation(b"", b"8080"), None);
}
