//! Very many new ports at once, such as those of a port scan: what they hide, and
//! what to do.

use rareport::Detector;
use rareport::detector::{Crowd, CrowdInfluencer};

use crate::console::Console;
use crate::stamp::rfc3339;
use crate::text::{Inert, count};

/// Fewest ports that came once and together of which it is told that they hide
/// others.
const FEWEST: u64 = 10;

/// Share of the new ports that must have been seen with the same host, process or
/// user for these to be named.
const MOST: f64 = 0.9;

/// Tells if ports that came once and together keep a new port from a score of
/// `threshold`, and if records were too many to be written.
pub(super) fn tell(detector: &Detector, threshold: f64, console: &Console) {
    if let Some(crowd) = detector.crowd().filter(|crowd| hides(crowd, threshold)) {
        console.warn(format_args!("{}", sentence(&crowd)));
    }
    let cut = detector.counts().records_cut;
    if cut > 0 {
        let limit = detector.job().limits.results_per_bucket.unwrap_or(usize::MAX);
        console.warn(format_args!(
            "{} left out, as a bucket has {limit} at most: those with the largest probabilities. \
             Ignore what is known with an exception of action = \"ignore\"",
            count(cut, "record was", "records were")
        ));
    }
}

/// Whether a new port cannot alert, and that is mostly because of these.
fn hides(crowd: &Crowd, threshold: f64) -> bool {
    crowd.once >= FEWEST
        && crowd.new_score < threshold
        && 2.0 * crowd.share >= crowd.new_probability
}

fn sentence(crowd: &Crowd) -> String {
    let most = MOST * crowd.values as f64;
    let with: Vec<&CrowdInfluencer> =
        crowd.with.iter().filter(|it| it.values as f64 >= most).collect();
    let shown = |it: &&CrowdInfluencer| format!("{} {}", it.field, Inert(it.value.as_bytes()));
    let whose = match with.iter().map(shown).collect::<Vec<_>>() {
        all if all.is_empty() => String::new(),
        all => format!(" (nearly all with {})", all.join(", ")),
    };
    format!(
        "{} came in the bucket of {}{whose} and never again, as in a port scan. Among so many a new \
         port is not rare: it scores {:.1} at most, so that others are hidden. If they are known, an \
         exception with action = \"ignore\" on what they have in common keeps them from being \
         learned; `rareport anomalies --partition host.name` looks at each host by itself",
        count(crowd.once, "new port", "new ports"),
        rfc3339(crowd.timestamp),
        crowd.new_score
    )
}
