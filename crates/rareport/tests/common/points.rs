//! Where a run is cut.

use std::collections::BTreeSet;

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
