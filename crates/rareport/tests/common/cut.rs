//! Cutting a run: saving the state, dropping everything, and carrying on from the bytes.

use rareport::Detector;
use rareport::snapshot::{self, Snapshot};
use std::collections::BTreeSet;

/// The detector after its state was saved, and it was dropped and restored.
pub(crate) fn detector_cut(detector: Detector) -> Detector {
    let job = detector.job().clone();
    let saved = Snapshot { detector: detector.snapshot(), detection: None };
    let bytes = snapshot::encode(&saved).unwrap();
    drop(detector);
    let read = snapshot::decode(&bytes).unwrap();
    assert_eq!(read, saved);
    let restored = Detector::restore(job, &read.detector).unwrap();
    assert_eq!(restored.snapshot(), saved.detector);
    restored
}

/// So many places below `limit`, pseudo-random but the same every time.
pub(crate) fn points(limit: usize, count: usize) -> BTreeSet<usize> {
    let mut random = limit as u64;
    let mut point = || {
        random =
            random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (random >> 33) as usize % limit.max(1)
    };
    (0..count).map(|_| point()).collect()
}
