//! A job that runs beside others: its model and its rules, over the events of
//! one pass of which it looks at its part.
//!
//! What is made of alerts is up to the commands.

use anyhow::{Result, bail};
use rareport::Detector;
use rareport::detection::Detection;
use rareport::job::Feed;
use rareport::results::BucketResults;
use rareport::rule::RuleSet;
use rareport::snapshot::Snapshot;
use smallvec::SmallVec;

use crate::args::Profile;
use crate::carry;
use crate::console::Console;
use crate::feeding::{Outcome, feed, pass_time};
use crate::job::Chosen;
use crate::observations::{Event, Fields, Verdict};
use crate::rule_file;
use crate::seen::{Seen, with_rule_fields};

/// A job that runs.
pub(crate) struct JobRun {
    /// The fields of all jobs, as this one looks at them.
    pub(crate) fields: Fields,
    pub(crate) feed: Option<Feed>,
    pub(crate) detector: Detector,
    pub(crate) detection: Detection,
}

/// What the events of jobs are called, one and several: connects, if they look at nothing else.
pub(crate) fn events_of(jobs: &[JobRun]) -> [&'static str; 2] {
    match jobs.iter().all(|job| job.feed == Some(Feed::Connections)) {
        true => ["connect", "connects"],
        false => ["event", "events"],
    }
}

/// What is to be read for jobs, of which there is one at least, and the rules
/// over them.
pub(crate) fn fields_of(jobs: &[Chosen], set: &RuleSet) -> Fields {
    let first = Fields::of(&jobs[0].job, jobs[0].feed);
    let others = jobs[1..].iter();
    let fields = others.fold(first, |fields, other| fields.with_job(&other.job, other.feed));
    with_rule_fields(fields, set)
}

/// What is to be fed at least: connections if any of the jobs looks at them.
pub(crate) fn feed_of(jobs: &[Chosen]) -> Option<Feed> {
    let feeds = || jobs.iter().filter_map(|chosen| chosen.feed);
    feeds().find(|feed| feed.is_of_connections()).or_else(|| feeds().next())
}

/// All jobs, each with its rules of a set, carried on from snapshots: first those
/// that these are of, in their order, then those that begin.
///
/// # Errors
///
/// If a job or its rules cannot be run or carried on, or there is a snapshot of a
/// job that is not among them.
pub(crate) fn run_all(
    mut jobs: Vec<Chosen>,
    set: &RuleSet,
    fields: &Fields,
    profile: Profile,
    snapshots: &[Snapshot],
) -> Result<Vec<JobRun>> {
    let place = |job_id: &str| snapshots.iter().position(|it| it.detector.job_id() == job_id);
    let is_run = |job_id: &str| jobs.iter().any(|chosen| chosen.job.job_id == job_id);
    if let Some(gone) = snapshots.iter().find(|it| !is_run(it.detector.job_id())) {
        bail!(
            "the state holds what the job {} learned, which this run does not have; run it with \
             --job or a rule for it, or name another file",
            gone.detector.job_id()
        );
    }
    jobs.sort_by_key(|chosen| place(&chosen.job.job_id).unwrap_or(usize::MAX));
    let ids: Vec<String> = jobs.iter().map(|chosen| chosen.job.job_id.clone()).collect();
    let ids: Vec<&str> = ids.iter().map(String::as_str).collect();
    let runs = jobs.into_iter().enumerate().map(|(at, Chosen { job, feed })| {
        let set = rule_file::of_job(set, &ids, at);
        let snapshot = place(ids[at]).map(|place| &snapshots[place]);
        let detection = carry::detection(set, &job, profile, snapshot)?;
        let fields = fields.for_job(&job, feed);
        let detector = carry::detector(job, profile, snapshot)?;
        Ok(JobRun { fields, feed, detector, detection })
    });
    runs.collect()
}

/// Gives an event to the jobs that look at it, and its time to the others, so
/// that none is behind; `each` gets the results of the buckets that end, with the
/// place of their job. What became of the event in each of the jobs.
///
/// # Errors
///
/// Those of `each`, and if there are more values than a job allows.
pub(crate) fn take_by_all(
    jobs: &mut [JobRun],
    event: &Event,
    verdict: Verdict,
    mut each: impl FnMut(usize, &mut Detection, BucketResults) -> Result<()>,
) -> Result<SmallVec<[Outcome; 16]>> {
    let mut outcomes = SmallVec::<[Outcome; 16]>::new();
    for (place, job) in jobs.iter_mut().enumerate() {
        let each = |detection: &mut Detection, results| each(place, detection, results);
        outcomes.push(job.take(event, verdict, each)?);
    }
    if jobs.len() > 1 && outcomes.iter().any(|outcome| outcome.is_learned) {
        pass_time_by_all(jobs, event.millis, each)?;
    }
    Ok(outcomes)
}

/// Tells all jobs what time it is, in milliseconds since 1970; `each` is as in
/// [`take_by_all`].
///
/// # Errors
///
/// Those of `each`.
pub(crate) fn pass_time_by_all(
    jobs: &mut [JobRun],
    millis: i64,
    mut each: impl FnMut(usize, &mut Detection, BucketResults) -> Result<()>,
) -> Result<()> {
    jobs.iter_mut().enumerate().try_for_each(|(place, JobRun { detector, detection, .. })| {
        pass_time(detector, millis, |results| each(place, detection, results))
    })
}

/// Warns that nothing in the input was for a job that runs beside others.
pub(crate) fn tell_unfed(job_id: &str, feed: Option<Feed>, console: &Console) {
    let what_it_needs = match feed.is_none_or(Feed::is_of_connections) {
        true => "",
        false => {
            "; it looks at the starts of programs, of which audit logs are not read: give it ECS \
             documents or CSV of these too"
        }
    };
    console.warn(format_args!(
        "the job {job_id} was given no event: nothing in the input is what it looks at\
         {what_it_needs}"
    ));
}

impl JobRun {
    /// Its name, and the field whose values are rare.
    pub(crate) fn names(&self) -> (&str, &str) {
        (&self.detector.job().job_id, self.fields.by_name())
    }

    /// What a state keeps of it.
    pub(crate) fn state(&mut self) -> (&mut Detector, Option<&Detection>) {
        (&mut self.detector, Some(&self.detection))
    }

    /// Warns that nothing in the input was for it.
    pub(crate) fn tell_unfed(&self, console: &Console) {
        tell_unfed(self.names().0, self.feed, console);
    }

    /// Whether it looks at an event of which this was said.
    pub(crate) fn looks_at(&self, event: &Event, verdict: Verdict) -> bool {
        verdict.is_for(self.feed) && self.fields.looks_at(event)
    }

    /// Gives the model an event, if the job looks at it and no rule says that it
    /// is not to be learned; what became of it.
    fn take(
        &mut self,
        event: &Event,
        verdict: Verdict,
        mut each: impl FnMut(&mut Detection, BucketResults) -> Result<()>,
    ) -> Result<Outcome> {
        if !self.looks_at(event, verdict) {
            return Ok(Outcome::default());
        }
        let JobRun { fields, detector, detection, .. } = self;
        if !detection.is_to_be_learned(&Seen { fields, event }) {
            return Ok(Outcome::default());
        }
        feed(detector, event, fields, |results| each(detection, results))
    }
}
