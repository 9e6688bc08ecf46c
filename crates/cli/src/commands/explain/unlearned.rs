//! Events of a value that were not learned, and why: often what somebody wants to
//! know who finds nothing of a port.

use std::collections::BTreeMap;

use rareport::datafeed::Reason;

use crate::study::LeftOut;
use crate::text::count;

/// Numbers of events, by reason.
#[derive(Debug, Default)]
pub(super) struct Unlearned(BTreeMap<LeftOut, u64>);

impl Unlearned {
    /// Counts an event.
    pub(super) fn count(&mut self, why: LeftOut) {
        *self.0.entry(why).or_default() += 1;
    }

    /// What is said of them, a line each.
    pub(super) fn lines(&self) -> impl Iterator<Item = String> {
        self.0.iter().map(|(&why, &events)| {
            format!("{} not learned: {}", count(events, "event", "events"), words(why))
        })
    }
}

fn words(why: LeftOut) -> String {
    match why {
        LeftOut::Filter(reason) => format!("{}{}", reason.words(), advice(reason)),
        LeftOut::OtherEvent => "the job does not look at it".to_owned(),
        LeftOut::Rules => "in a calendar window, or ignored by an exception".to_owned(),
        LeftOut::Time => "with a time that is too late or too far ahead".to_owned(),
    }
}

/// How the event could be learned, if it could.
fn advice(reason: Reason) -> &'static str {
    match reason {
        Reason::NotStart => "; --include udp learns what is sent without a connect",
        _ => "",
    }
}
