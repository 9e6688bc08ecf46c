//! Cutting a run: saving the state, dropping everything, and carrying on from the bytes.

use rareport::Detector;
use rareport::snapshot::{self, Snapshot};

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
