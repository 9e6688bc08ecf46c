//! Events that are older than what a state had learned in the beginning: of other
//! logs, as a rule, whose hosts the state does not know. What the jobs made of
//! them decides, not their time alone: one that has begun since learns them.

use rareport::snapshot::Snapshot;

use crate::feeding::Outcome;

/// What became of such events.
#[derive(Debug)]
pub(super) struct Older {
    /// Up to when the first job had learned, in milliseconds since 1970.
    began_at: Option<i64>,
    /// The jobs that the state held, in its order.
    held: Vec<Held>,
    /// Events that came too late for one of these jobs, or that are older and no job has learned.
    events: u64,
    /// Of these, the ones that no job has learned.
    unlearned: u64,
}

/// A job that a state held.
#[derive(Debug)]
struct Held {
    job_id: String,
    /// Up to when it had closed its buckets, in milliseconds since 1970.
    closed_until: i64,
    /// Observations from before that, which came too late for it.
    late: u64,
}

impl Older {
    /// For a state that had learned up to `began_at`, in milliseconds since 1970. Before its first
    /// bucket is complete, no event counts as older.
    pub(super) fn than(began_at: Option<i64>, snapshots: &[Snapshot]) -> Older {
        let held = began_at.map_or(&[][..], |_| snapshots).iter().map(Held::of).collect();
        Older { began_at, held, events: 0, unlearned: 0 }
    }

    /// Notes what became of a new event in each of the jobs.
    pub(super) fn note(&mut self, millis: i64, outcomes: &[Outcome]) {
        let mut is_late = false;
        for (held, outcome) in self.held.iter_mut().zip(outcomes) {
            if outcome.late > 0 && millis < held.closed_until {
                held.late += outcome.late;
                is_late = true;
            }
        }
        let is_learned = outcomes.iter().any(|outcome| outcome.is_learned);
        let is_older = is_late || self.began_at.is_some_and(|at| millis < at);
        self.unlearned += u64::from(is_older && !is_learned);
        self.events += u64::from(is_late || is_older && !is_learned);
    }

    /// Events that at least one job had no use of.
    pub(super) fn events(&self) -> u64 {
        self.events
    }

    /// Events that no job has learned.
    pub(super) fn unlearned(&self) -> u64 {
        self.unlearned
    }

    /// Observations for which a job was too far already, by its place.
    pub(super) fn late(&self, job: usize) -> u64 {
        self.held.get(job).map_or(0, |held| held.late)
    }

    /// The jobs that were too far already.
    pub(super) fn job_ids(&self) -> Vec<&str> {
        let late = self.held.iter().filter(|held| held.late > 0);
        late.map(|held| held.job_id.as_str()).collect()
    }
}

impl Held {
    fn of(snapshot: &Snapshot) -> Held {
        let closed_until = snapshot.detector.closed_until();
        Held {
            job_id: snapshot.detector.job_id().to_owned(),
            closed_until: closed_until.map_or(i64::MIN, |seconds| seconds.saturating_mul(1000)),
            late: 0,
        }
    }
}
