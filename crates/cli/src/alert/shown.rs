//! Which exceptions were shown below alerts, so that one that silences several alerts is shown once.

use std::collections::HashSet;

use rareport::alert::Alert;
use xxhash_rust::xxh3::xxh3_64;

use crate::snippet;

/// Most exceptions that are remembered, by their hashes; later ones are shown each time.
const MOST: usize = 1 << 16;

/// What the details of an alert end with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Details {
    /// The exception that silences it.
    WithException,
    /// A word that this exception was shown above.
    ExceptionAbove,
}

/// The exceptions that were shown.
#[derive(Debug, Default)]
pub(crate) struct Shown(HashSet<u64>);

impl Shown {
    /// What is to be shown of an alert whose details follow those of all alerts before.
    pub(crate) fn next(&mut self, alert: &Alert) -> Details {
        let hash = xxh3_64(snippet::of_alert(alert).as_bytes());
        if self.0.contains(&hash) {
            return Details::ExceptionAbove;
        }
        if self.0.len() < MOST {
            self.0.insert(hash);
        }
        Details::WithException
    }
}
