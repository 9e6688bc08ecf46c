//! Which states a normaliser can be restored from.

#![allow(clippy::unwrap_used, reason = "helpers of tests fail the test")]

use rareport::digest::{DigestError, Node};
use rareport::normalizer::{MaximumState, Normalizer, NormalizerError, NormalizerState, Scope};

const SPAN: u32 = 900;

/// A normaliser with two maxima and one pending score.
fn good() -> NormalizerState {
    let mut normalizer = Normalizer::new(SPAN);
    normalizer.age();
    for value in ["22", "80", "443"] {
        let scope = Scope { partition: b"", value: value.as_bytes() };
        normalizer.feed(scope, if value == "80" { 0.9 } else { 0.001 });
    }
    normalizer.state()
}

type Change = fn(&mut NormalizerState);

fn refused(change: Change) -> String {
    let mut state = good();
    change(&mut state);
    Normalizer::from_state(SPAN, &state).unwrap_err().to_string()
}

#[test]
fn what_cannot_be_is_refused() {
    assert!(Normalizer::from_state(SPAN, &good()).is_ok());
    assert_eq!(good().maxima.len(), 2);
    let cases: [(Change, &str); 15] = [
        (|state| state.pending_count = 2, "fewer than 2 pending scores"),
        (|state| state.pending_count = 0, "no pending score"),
        (|state| state.pending_maximum = f64::NAN, "pending score of a normalizer between"),
        (|state| state.pending_maximum = -1.0, "pending score of a normalizer between"),
        (|state| state.clock = 0.0, "ageing clock of a normalizer above 0"),
        (|state| state.clock = f64::NAN, "ageing clock of a normalizer between"),
        (|state| state.clock = 20.5, "ageing clock of a normalizer between 0 and 20"),
        (|state| state.ordinary_count = 2, "ordinary scores of a normalizer between 0 and 1"),
        (|state| state.maxima[0].raw_score = 0.0, "maximum of a normalizer above 0"),
        (|state| state.maxima[0].raw_score = f64::INFINITY, "maximum of a normalizer between"),
        (|state| state.maxima[1].age = 51, "age of a maximum of a normalizer between 0 and 50"),
        (|state| state.maxima[1].age = u32::MAX, "age of a maximum"),
        (|state| state.maxima.swap(0, 1), "by scope, each once, found another at 1"),
        (|state| state.maxima[1] = state.maxima[0].clone(), "each once, found another at 1"),
        (|state| state.scores.reverse(), "in the scores of a normalizer: expected digest nodes"),
    ];
    for (change, expected) in cases {
        let message = refused(change);
        assert!(message.contains(expected), "{message} instead of {expected}");
    }
    let negative = serde_json::to_string(&good()).unwrap().replace("[1,1,0]", "[1,1,-1]");
    let negative = negative.replace("[0,1,0]", "[0,1,-1]");
    assert!(serde_json::from_str::<NormalizerState>(&negative).is_err());
}

#[test]
fn digests_that_cannot_be_are_refused_with_their_name() {
    let mut state = good();
    state.high_scores = vec![Node { lo: 0, hi: 1, count: u64::MAX }];
    let error = Normalizer::from_state(SPAN, &state).unwrap_err();
    let expected = NormalizerError::Digest { which: "high scores", source: DigestError::Total };
    assert_eq!(error, expected);
}

/// Nothing that a normaliser goes through in a long life is refused.
#[test]
fn every_state_on_the_way_can_be_restored() {
    for span in [60, 900, 86_400] {
        let mut normalizer = Normalizer::new(span);
        for bucket in 0..3000_u32 {
            normalizer.age();
            for node in 0..bucket % 11 {
                let noise = (bucket * 11 + node).wrapping_mul(2_654_435_761) >> 8;
                let value = (noise % 17).to_string();
                let scope = Scope { partition: b"p", value: value.as_bytes() };
                normalizer.feed(scope, f64::from(noise % 10_000 + 1) / 1e5);
            }
            if bucket.is_multiple_of(7) {
                let state = normalizer.state();
                assert_eq!(Normalizer::from_state(span, &state), Ok(normalizer.clone()));
            }
        }
    }
}

#[test]
fn the_oldest_maximum_is_restored_and_forgotten_in_time() {
    let mut state = good();
    let old = MaximumState { age: 50, ..state.maxima[0].clone() };
    state.maxima = vec![old];
    let mut normalizer = Normalizer::from_state(SPAN, &state).unwrap();
    normalizer.age();
    assert!(normalizer.state().maxima.is_empty());
}
