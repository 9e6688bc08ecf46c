//! A run that begins with what a state has learned, and leaves the state as it is.

use std::path::Path;

use anyhow::{Context, Result, bail};
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
    /// Ids of the jobs that go on, each with the buckets that the state has learned of it.
    buckets: Vec<(String, u64)>,
    /// Up to when, in milliseconds since 1970.
    learned_until: Option<i64>,
}

impl Begun {
    /// What a state file or a snapshot holds of jobs.
    ///
    /// # Errors
    ///
    /// If it cannot be used, was learned from events that were read in another way, or holds nothing
    /// of one of the jobs.
    pub(crate) fn with(
        path: &Path,
        feed: &FeedArgs,
        job_ids: &[&str],
        fields: &Fields,
    ) -> Result<(Begun, Vec<Snapshot>)> {
        let name = StateFile::look_at(path).name().to_owned();
        let content = content_of(path).context("there is no state to begin with")?;
        let (about, snapshots) = unpack(content, &name, feed)?;
        let (mut found, mut buckets) = (Vec::new(), Vec::new());
        for (place, snapshot) in snapshots.into_iter().enumerate() {
            if let Some(&id) = job_ids.iter().find(|id| snapshot.detector.job_id() == **id) {
                buckets.push((id.to_owned(), about.buckets_of(place)));
                found.push(snapshot);
            }
        }
        let is_found = |id: &&&str| buckets.iter().any(|(found, _)| found == **id);
        if let Some(missing) = job_ids.iter().find(|id| !is_found(id)) {
            bail!("{name}: holds nothing that the job {missing} learned; name another file");
        }
        let begun = Begun {
            name,
            buckets,
            learned_until: about.learned_until,
            taken: Taken::carried_on(about.boundary, fields),
        };
        Ok((begun, found))
    }

    /// Buckets that the state has learned of a job.
    pub(crate) fn buckets_of(&self, job_id: &str) -> u64 {
        let mut buckets = self.buckets.iter();
        buckets.find(|(id, _)| id == job_id).map_or(0, |(_, buckets)| *buckets)
    }

    /// Whether an event is new; if not, the state has learned it.
    pub(crate) fn is_new(&mut self, event: &Event) -> bool {
        self.taken.is_new(event)
    }

    /// Tells with what the run began.
    pub(crate) fn tell(&self, events: &str, console: &Console) {
        let until = self.learned_until.map_or_else(|| "nothing".to_owned(), rfc3339);
        let buckets = self.buckets.iter().map(|(_, buckets)| *buckets).max().unwrap_or(0);
        console.note(format_args!(
            "{}: {} learned before, up to {until}; {} {events} passed over, which it has taken or \
             which are older; it stays as it is",
            self.name,
            count(buckets, "bucket", "buckets"),
            grouped(self.taken.passed_over())
        ));
    }
}
