//! A run that begins with what a state has learned, and leaves the state as it is.

use std::path::Path;

use anyhow::{Context, Result};
use rareport::snapshot::Snapshot;

use super::unpack;
use crate::args::FeedArgs;
use crate::console::Console;
use crate::observations::{Event, Fields};
use crate::stamp::rfc3339;
use crate::state_file::{StateFile, Taken, content_of};
use crate::text::{count, grouped};

/// What such a run knows of the state.
pub(crate) struct Begun {
    /// The file, as people know it.
    name: String,
    taken: Taken,
    /// Buckets that the state has learned.
    pub(crate) buckets: u64,
    /// Up to when, in milliseconds since 1970.
    learned_until: Option<i64>,
}

impl Begun {
    /// What a state file or a snapshot holds of a job, or of its first job if it does
    /// not know this one.
    ///
    /// # Errors
    ///
    /// If it cannot be used, or was learned from events that were read in another way.
    pub(crate) fn with(
        path: &Path,
        feed: &FeedArgs,
        fields: &Fields,
        job_id: &str,
    ) -> Result<(Begun, Option<Snapshot>)> {
        let name = StateFile::look_at(path).name().to_owned();
        let content = content_of(path).context("there is no state to begin with")?;
        let (about, snapshots) = unpack(content, &name, feed)?;
        let known = snapshots.iter().position(|it| it.detector.job_id() == job_id).unwrap_or(0);
        let other = known.checked_sub(1).and_then(|other| about.others.get(other));
        let begun = Begun {
            name,
            taken: Taken::carried_on(about.boundary, fields),
            buckets: other.map_or(about.buckets, |other| other.buckets),
            learned_until: about.learned_until,
        };
        Ok((begun, snapshots.into_iter().nth(known)))
    }

    /// Whether an event is new; if not, the state has learned it.
    pub(crate) fn is_new(&mut self, event: &Event) -> bool {
        self.taken.is_new(event)
    }

    /// Tells with what the run began.
    pub(crate) fn tell(&self, events: &str, console: &Console) {
        let until = self.learned_until.map_or_else(|| "nothing".to_owned(), rfc3339);
        console.note(format_args!(
            "{}: {} learned before, up to {until}; {} {events} passed over, which it has taken or \
             which are older; it stays as it is",
            self.name,
            count(self.buckets, "bucket", "buckets"),
            grouped(self.taken.passed_over())
        ));
    }
}
