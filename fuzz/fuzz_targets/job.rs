//! A text as a job, with filters. A job that is read can be run: its detector takes observations and
//! closes their buckets. It is the same when it is written as TOML and read back, and adding filters
//! that cannot be used leaves it as it was.
#![no_main]

use arbitrary::Arbitrary;
use libfuzzer_sys::fuzz_target;
use rareport::{Detector, JobConfig, Observation};

#[derive(Arbitrary, Debug)]
struct Input<'a> {
    /// Length of the filters, in units of 8 bytes.
    filters: u8,
    text: &'a [u8],
}

fuzz_target!(|input: Input<'_>| {
    let length = input.text.len().min(usize::from(input.filters) * 8);
    let (filters, text) = input.text.split_at(length);
    let (filters, text) = (String::from_utf8_lossy(filters), String::from_utf8_lossy(text));
    let mut job = match JobConfig::parse(&text) {
        Ok(parsed) => parsed.job,
        Err(error) => {
            assert!(!error.to_string().is_empty());
            JobConfig::rare("destination.port")
        }
    };
    let written = toml::to_string(&job).expect("TOML");
    assert_eq!(JobConfig::from_toml(&written).expect("the same job"), job);
    let before = job.clone();
    if job.add_filters_json(&filters).is_err() {
        assert_eq!(job, before);
    }
    let Ok(mut detector) = Detector::new(job.clone()) else { return };
    let influencers = vec![Some(&b"web01"[..]); job.influencers.len()];
    let span = i64::from(job.bucket_span).min(1 << 32);
    for step in 0..30_i64 {
        let port = if step < 29 { "443" } else { "4444" };
        let observation = Observation {
            over: job.detector.over_field.is_some().then_some(&b"a"[..]),
            partition: job.detector.partition_field.is_some().then_some(&b"b"[..]),
            influencers: &influencers,
            ..Observation::new(step * span, port)
        };
        match detector.push(&observation) {
            Ok(closed) => closed.for_each(drop),
            // The job's limits may be as low as nothing.
            Err(error) => assert!(!error.to_string().is_empty()),
        }
    }
    detector.finish().for_each(drop);
    let counts = detector.counts();
    assert_eq!(counts.pushed, 30);
});
