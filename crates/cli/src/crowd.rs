//! Very many new ports at once, such as those of a port scan: what they hide, and
//! what to do. What they are is the model's to say.

use rareport::Detector;
use rareport::detector::{Crowd, CrowdInfluencer};

use crate::noun::Noun;
use crate::stamp::rfc3339;
use crate::text::{Inert, count};

/// Fewest ports that came once and together of which it is told that they hide
/// others.
const FEWEST: u64 = 10;

/// Share of the new ports that must have been seen with the same host, process or
/// user for these to be named.
const MOST: f64 = 0.9;

/// What ports that came once and together hide, if they keep a new port from a
/// score of `threshold`.
pub(crate) fn hidden(detector: &Detector, threshold: f64) -> Option<String> {
    let crowd = detector.crowd().filter(|crowd| hides(crowd, threshold))?;
    Some(sentence(&crowd, Noun(&detector.job().detector.by_field)))
}

/// Whether a new port cannot alert, and that is mostly because of these.
fn hides(crowd: &Crowd, threshold: f64) -> bool {
    crowd.once >= FEWEST
        && crowd.new_score < threshold
        && 2.0 * crowd.share >= crowd.new_probability
}

fn sentence(crowd: &Crowd, what: Noun<'_>) -> String {
    let most = MOST * crowd.values as f64;
    let with: Vec<&CrowdInfluencer> =
        crowd.with.iter().filter(|it| it.values as f64 >= most).collect();
    let shown = |it: &&CrowdInfluencer| format!("{} {}", it.field, Inert(it.value.as_bytes()));
    let whose = match with.iter().map(shown).collect::<Vec<_>>() {
        all if all.is_empty() => String::new(),
        all => format!(" (nearly all with {})", all.join(", ")),
    };
    let like = if what.is_port() { ", as in a port scan" } else { "" };
    format!(
        "{} came in the bucket of {}{whose} and never again{like}. Among so many a new {} is not \
         rare: it scores {:.1} at most, so that others are hidden. If they are known, an \
         exception with action = \"ignore\" on what they have in common keeps them from being \
         learned; `rareport anomalies --partition host.name` looks at each host by itself",
        count(crowd.once, &format!("new {}", what.one()), &format!("new {}", what.many())),
        rfc3339(crowd.timestamp),
        what.one(),
        crowd.new_score
    )
}
