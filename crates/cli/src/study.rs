//! A pass over logs for somebody who looks around in them: models and rules are what
//! `detect` has, and everything that happens is told to a [`Watcher`] of each job.
//!
//! Owns what is read, and what is told of all jobs. What one of them learns is its [`learner`]'s,
//! what is shown of it the watcher's.

mod learner;

use anyhow::{Result, bail};
use rareport::Detector;
use rareport::alert::Alert;
use rareport::datafeed::Reason;
use rareport::detection::{Hidden, Report};
use rareport::explain::MATURE_AFTER;
use rareport::job::Feed;
use rareport::results::BucketResults;

use self::learner::Learner;
use crate::args::StudyArgs;
use crate::carry::Begun;
use crate::console::Console;
use crate::input::Input;
use crate::job::Chosen;
use crate::job_run::{JobRun, feed_of, fields_of, run_all};
use crate::observations::{Event, Fields, Observations, Selection, Verdict};
use crate::rule_file;
use crate::seen::Seen;
use crate::text::count;
use crate::unlearned;

/// Field whose values are ports.
pub(crate) const PORT: &str = "destination.port";

/// Field of the port that a socket was bound to, which is no destination.
pub(crate) const BOUND_PORT: &str = "auditd.data.socket.port";

/// Which jobs are shown, by their models.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Models {
    /// Those with one model, which is asked what it knows of a value.
    One,
    /// Those with a model for each value of a partition field, too.
    Partitions,
}

/// Why an event is not learned.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum LeftOut {
    /// The filter leaves it out.
    Filter(Reason),
    /// The job does not look at it.
    OtherEvent,
    /// A calendar window, or an exception of events that are to be ignored.
    Rules,
    /// Its time cannot be: it came too late, or far ahead of those before.
    Time,
}

/// Who is told what happens in a job.
pub(crate) trait Watcher {
    /// All that follows is to be read; results are shown from this time on, in milliseconds since
    /// 1970.
    fn begins(&mut self, _from: Option<i64>) {}

    /// An event that was learned, and its value.
    fn learned(&mut self, value: &[u8], seen: &Seen<'_>);

    /// An event that was not.
    fn left_out(&mut self, _: &Event, _: LeftOut) {}

    /// The results of a bucket, with the detector as it is behind it. Those of a bucket
    /// that ended before `--from` are empty.
    fn bucket(&mut self, closed: &BucketResults, detector: &Detector);

    /// What the rules made of results: alerts, of whatever bucket, and what exceptions hid of the
    /// bucket before.
    fn judged(&mut self, alerts: Vec<Alert>, hidden: &[Hidden]);
}

/// Everything that a pass needs.
pub(crate) struct Study<'a> {
    args: &'a StudyArgs,
    console: &'a Console,
    selection: Selection,
    feed: Option<Feed>,
    /// The fields of all jobs.
    fields: Fields,
    /// The jobs that run, one at least.
    pub(crate) jobs: Vec<JobRun>,
    begun: Option<Begun>,
}

/// What is known when all is read.
pub(crate) struct Studied {
    /// In the order of the jobs that run.
    pub(crate) jobs: Vec<StudiedJob>,
    /// Events that were read, whatever they tell of.
    pub(crate) events: u64,
    /// Events that the audit system lost, by their serials.
    pub(crate) lost_events: u64,
}

/// What is known of a job then.
pub(crate) struct StudiedJob {
    pub(crate) detector: Detector,
    /// What the rules did.
    pub(crate) rules: Report,
    /// Buckets that a state had learned before.
    pub(crate) buckets_before: u64,
    /// Start of the last bucket, in milliseconds since 1970, if it was closed because the input
    /// ended.
    pub(crate) cut_short: Option<i64>,
}

impl<'a> Study<'a> {
    /// The pass that a command line asks for, over jobs with models such as are shown.
    ///
    /// # Errors
    ///
    /// If the jobs, the rules or the state cannot be used, or no job has such models.
    pub(crate) fn of(
        args: &'a StudyArgs,
        models: Models,
        console: &'a Console,
    ) -> Result<Study<'a>> {
        let rules = args.rules.as_deref();
        let (jobs, set) = rule_file::asked_for(&args.job, rules, args.threshold, console)?;
        let jobs = with_models(models, jobs, console)?;
        rule_file::check(&set, &jobs[0].job, args.feed.input_format, console);
        let selection = Selection::of(&args.feed, jobs.iter().filter_map(|chosen| chosen.feed))?;
        let feed = feed_of(&jobs);
        let fields = fields_of(&jobs, &set).and([BOUND_PORT]).0;
        let ids: Vec<&str> = jobs.iter().map(|chosen| chosen.job.job_id.as_str()).collect();
        let begun = args.state.as_deref();
        let begun = begun.map(|path| Begun::with(path, &args.feed, &ids, &fields)).transpose()?;
        let (begun, snapshots) = begun.unzip();
        let snapshots = snapshots.unwrap_or_default();
        let jobs = run_all(jobs, &set, &fields, args.feed.profile, &snapshots)?;
        if !jobs.iter().any(|job| job.detection.has_rules()) {
            bail!("{}", rule_file::none_to_execute(jobs.iter().map(|job| job.names().0)));
        }
        Ok(Study { args, console, selection, feed, fields, jobs, begun })
    }

    /// Reads everything, and tells the watchers, of which there is one for each job.
    ///
    /// # Errors
    ///
    /// If the input cannot be read, or there is nothing in it that can be used.
    pub(crate) fn run<W: Watcher>(self, watchers: &mut [W]) -> Result<Studied> {
        let Study { args, console, selection, feed, fields, jobs, begun } = self;
        let input = Input::open(&args.input, console)?.with_background();
        console.start_progress(input.size(), false);
        let from = input.from();
        watchers.iter_mut().for_each(|watcher| watcher.begins(from));
        let learners = jobs.into_iter().map(|job| Learner::new(job, from)).collect();
        let mut pass = Pass { learners, watchers, begun, rows: 0 };
        let format = args.feed.input_format;
        let selection = &selection;
        let observations =
            Observations { input: &input, format, fields: &fields, feed, selection, console };
        let read = observations.read_all(|event, verdict| pass.take(event, verdict))?;
        pass.finish();
        read.require_values_of(fields.by_name(), console)?;
        read.report(console);
        let (events, lost_events) = (read.audit.events() + pass.rows, read.audit.lost_events());
        pass.tell(read.events, console);
        let Pass { learners, begun, .. } = pass;
        let jobs = learners.into_iter().map(|learner| {
            let buckets_before = buckets_before(begun.as_ref(), learner.id());
            let cut_short = learner.closed_at_end.filter(|&(_, end)| !input.reaches(end));
            let cut_short = cut_short.map(|(start, _)| start);
            let (detector, rules) = learner.end();
            rule_file::tell_idle(&rules, console);
            StudiedJob { detector, rules, buckets_before, cut_short }
        });
        Ok(Studied { jobs: jobs.collect(), events, lost_events })
    }
}

/// The jobs that have models such as are shown.
///
/// # Errors
///
/// If there is none.
fn with_models(models: Models, jobs: Vec<Chosen>, console: &Console) -> Result<Vec<Chosen>> {
    let why_not = |chosen: &Chosen| why_not_shown(chosen, models);
    let (shown, others): (Vec<_>, Vec<_>) =
        jobs.into_iter().partition(|chosen| why_not(chosen).is_none());
    let others: Vec<String> = others.iter().filter_map(why_not).collect();
    if shown.is_empty() {
        bail!("{}", others.join("; "));
    }
    others.iter().for_each(|why| console.warn(why));
    Ok(shown)
}

/// Why a job is not shown, if its models are not.
fn why_not_shown(Chosen { job, .. }: &Chosen, models: Models) -> Option<String> {
    let partition = job.detector.partition_field.as_ref().filter(|_| models == Models::One);
    let of = [("partition", partition), ("population (over)", job.detector.over_field.as_ref())];
    let (what, field) = of.into_iter().find_map(|(what, field)| Some((what, field?)))?;
    Some(format!(
        "the job {} has a {what} field, {field}, and so a model for each value of it, of which this \
         command shows none; `rareport anomalies` runs it",
        job.job_id
    ))
}

/// Buckets that a state had learned of a job before.
fn buckets_before(begun: Option<&Begun>, job_id: &str) -> u64 {
    begun.map_or(0, |begun| begun.buckets_of(job_id))
}

/// Models and rules at work.
struct Pass<'a, W> {
    learners: Vec<Learner>,
    /// One for each of them.
    watchers: &'a mut [W],
    begun: Option<Begun>,
    /// Events that are not of audit logs.
    rows: u64,
}

impl<W: Watcher> Pass<'_, W> {
    fn take(&mut self, event: &Event, verdict: Verdict) -> Result<()> {
        self.rows += u64::from(!event.is_audit);
        let left_out = match verdict {
            Verdict::Passed | Verdict::Chosen | Verdict::Start => None,
            Verdict::Excluded(reason) => Some(LeftOut::Filter(reason)),
            Verdict::OtherEvent => Some(LeftOut::OtherEvent),
        };
        if let Some(why) = left_out {
            self.watchers.iter_mut().for_each(|watcher| watcher.left_out(event, why));
            return Ok(());
        }
        if self.begun.as_mut().is_some_and(|begun| !begun.is_new(event)) {
            return Ok(());
        }
        let mut is_learned = false;
        for (learner, watcher) in self.learners.iter_mut().zip(self.watchers.iter_mut()) {
            is_learned |= learner.take(event, verdict, watcher)?;
        }
        // No job is to be behind the others.
        if is_learned && self.learners.len() > 1 {
            for (learner, watcher) in self.learners.iter_mut().zip(self.watchers.iter_mut()) {
                learner.pass_time(event.millis, watcher)?;
            }
        }
        Ok(())
    }

    /// Closes what is open.
    fn finish(&mut self) {
        for (learner, watcher) in self.learners.iter_mut().zip(self.watchers.iter_mut()) {
            learner.finish(watcher);
        }
    }

    /// Tells of each job what was not learned, and how far it can be trusted; `events` is how many
    /// there were for any.
    fn tell(&self, events: u64, console: &Console) {
        let is_one = self.learners.len() == 1;
        for learner in &self.learners {
            if learner.job.detector.counts().pushed == 0 && !is_one {
                learner.job.tell_unfed(console);
                continue;
            }
            let (words, of_job) = match is_one {
                true => (learner.events().to_owned(), String::new()),
                false => (format!("events of {}", learner.id()), format!(" of {}", learner.id())),
            };
            unlearned::tell(&learner.counts(), learner.job.detector.job(), &words, console);
            if events > 0 {
                let buckets = learner.buckets + buckets_before(self.begun.as_ref(), learner.id());
                tell_maturity(buckets, learner.job.detector.job().bucket_span, &of_job, console);
            }
        }
        if let Some(begun) = &self.begun {
            let words = if is_one { self.learners[0].events() } else { "events" };
            begun.tell(words, console);
        }
    }
}

/// Warns if there were too few buckets to learn from.
fn tell_maturity(buckets: u64, bucket_span: u32, of_job: &str, console: &Console) {
    let minutes = f64::from(bucket_span) / 60.0;
    if buckets == 0 {
        console.warn(format_args!(
            "the log spans less than one full bucket{of_job} of {minutes} minutes: nothing was \
             learned and nothing scored. Give more of the log, such as its rotations"
        ));
    } else if buckets < MATURE_AFTER {
        console.warn(format_args!(
            "only {} of {minutes} minutes to learn from{of_job}: scores mean little before \
             {MATURE_AFTER}. Give more of the log, such as its rotations",
            count(buckets, "bucket", "buckets")
        ));
    }
}
