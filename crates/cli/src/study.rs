//! A pass over logs for somebody who looks around in them: model and rules are what
//! `detect` has, and everything that happens is told to a [`Watcher`].
//!
//! Owns what is learned, judged and left out. What is shown of it is the watcher's.

use anyhow::{Result, bail};
use rareport::alert::Alert;
use rareport::datafeed::Reason;
use rareport::detection::{Detection, Hidden, Report};
use rareport::explain::MATURE_AFTER;
use rareport::job::Feed;
use rareport::results::{Bucket, BucketResults};
use rareport::{Detector, JobConfig};

use crate::args::StudyArgs;
use crate::carry::{self, Begun};
use crate::console::Console;
use crate::feeding::end_of;
use crate::input::Input;
use crate::job::{self, Chosen};
use crate::observations::{Event, Fields, Observations, Selection, Verdict};
use crate::rule_file;
use crate::seen::{Seen, with_rule_fields};
use crate::text::count;
use crate::unlearned;

/// Field whose values are ports.
pub(crate) const PORT: &str = "destination.port";

/// Field of the port that a socket was bound to, which is no destination.
pub(crate) const BOUND_PORT: &str = "auditd.data.socket.port";

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

/// Who is told what happens.
pub(crate) trait Watcher {
    /// All that follows is to be read; results are shown from this time on, in milliseconds since
    /// 1970.
    fn begins(&mut self, _from: Option<i64>) {}

    /// An event that is about to be learned.
    fn before(&mut self, _: &Seen<'_>) {}

    /// An event that was learned, and its value.
    fn learned(&mut self, value: &[u8], event: &Event);

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
    feed: Option<Feed>,
    pub(crate) fields: Fields,
    detector: Detector,
    detection: Detection,
    begun: Option<Begun>,
}

/// What is known when all is read.
pub(crate) struct Studied {
    pub(crate) detector: Detector,
    /// What the rules did.
    pub(crate) rules: Report,
    /// Buckets that a state had learned before.
    pub(crate) buckets_before: u64,
    /// Start of the last bucket, in milliseconds since 1970, if it was closed because the input
    /// ended.
    pub(crate) cut_short: Option<i64>,
    /// Events that were read, whatever they tell of.
    pub(crate) events: u64,
    /// Events that the audit system lost, by their serials.
    pub(crate) lost_events: u64,
}

impl<'a> Study<'a> {
    /// The pass that a command line asks for.
    ///
    /// # Errors
    ///
    /// If the job, the rules or the state cannot be used, or the job has more than one model.
    pub(crate) fn of(args: &'a StudyArgs, console: &'a Console) -> Result<Study<'a>> {
        let Chosen { job, feed } = job::choose(&args.job, console)?;
        check_job(&job)?;
        let set = rule_file::choose(args.rules.as_deref(), args.threshold, &job)?;
        rule_file::check(&set, &job, args.feed.input_format, console);
        let fields = with_rule_fields(Fields::of(&job, feed), &set);
        let fields = fields.and([BOUND_PORT]).0;
        let begun =
            args.state.as_deref().map(|path| Begun::with(path, &args.feed, &job.job_id, &fields));
        let (begun, snapshot) = begun.transpose()?.unzip();
        let profile = args.feed.profile;
        let detection = carry::detection(set, &job, profile, snapshot.as_ref())?;
        if !detection.has_rules() {
            bail!(
                "none of the rules can be executed: none is enabled and for the job {}",
                job.job_id
            );
        }
        let detector = carry::detector(job, profile, snapshot.as_ref())?;
        Ok(Study { args, console, feed, fields, detector, detection, begun })
    }

    /// The job whose model learns.
    pub(crate) fn job(&self) -> &JobConfig {
        self.detector.job()
    }

    /// Reads everything, and tells the watcher.
    ///
    /// # Errors
    ///
    /// If the input cannot be read, or there is nothing in it that can be used.
    pub(crate) fn run(self, watcher: &mut impl Watcher) -> Result<Studied> {
        let Study { args, console, feed, fields, detector, detection, begun } = self;
        let selection = &Selection::of(&args.feed, feed)?;
        let input = Input::open(&args.input, console)?.with_background();
        console.start_progress(input.size(), false);
        let counts_before = detector.counts();
        let from = input.from();
        watcher.begins(from);
        let mut pass = Pass {
            detector,
            detection,
            begun,
            watcher,
            fields: &fields,
            from,
            buckets: 0,
            rows: 0,
        };
        let format = args.feed.input_format;
        let observations =
            Observations { input: &input, format, fields: &fields, feed, selection, console };
        let read = observations.read_all(|event, verdict| pass.take(event, verdict))?;
        let last = pass.finish();
        read.require_values_of(fields.by_name(), console)?;
        read.report(console);
        let (events, lost_events) = (read.audit.events() + pass.rows, read.audit.lost_events());
        let words = if feed == Some(Feed::Connections) { "connects" } else { "events" };
        let Pass { detector, detection, begun, buckets, .. } = pass;
        let counts = unlearned::since(detector.counts(), counts_before);
        unlearned::tell(&counts, detector.job(), words, console);
        begun.iter().for_each(|begun| begun.tell(words, console));
        let buckets_before = begun.map_or(0, |begun| begun.buckets);
        if read.events > 0 {
            tell_maturity(buckets + buckets_before, detector.job().bucket_span, console);
        }
        let rules = detection.report();
        rule_file::tell_idle(&rules, console);
        let cut_short = last.filter(|last| !input.reaches(end_of(last))).map(|last| last.timestamp);
        Ok(Studied { detector, rules, buckets_before, cut_short, events, lost_events })
    }
}

/// Refuses jobs with more than one model: what is known of a value is asked of one.
fn check_job(job: &JobConfig) -> Result<()> {
    let of = [
        ("partition", &job.detector.partition_field),
        ("population (over)", &job.detector.over_field),
    ];
    match of.into_iter().find_map(|(what, field)| Some((what, field.as_ref()?))) {
        None => Ok(()),
        Some((what, field)) => bail!(
            "the job {} has a {what} field, {field}, and so a model for each value of it, of which \
             this command shows none; `rareport anomalies` runs it",
            job.job_id
        ),
    }
}

/// Warns if there were too few buckets to learn from.
fn tell_maturity(buckets: u64, bucket_span: u32, console: &Console) {
    let minutes = f64::from(bucket_span) / 60.0;
    if buckets == 0 {
        console.warn(format_args!(
            "the log spans less than one full bucket of {minutes} minutes: nothing was learned and \
             nothing scored. Give more of the log, such as its rotations"
        ));
    } else if buckets < MATURE_AFTER {
        console.warn(format_args!(
            "only {} of {minutes} minutes to learn from: scores mean little before {MATURE_AFTER}. \
             Give more of the log, such as its rotations",
            count(buckets, "bucket", "buckets")
        ));
    }
}

/// The model and the rules at work.
struct Pass<'a, W> {
    detector: Detector,
    detection: Detection,
    begun: Option<Begun>,
    watcher: &'a mut W,
    fields: &'a Fields,
    /// From when on results are shown, in milliseconds since 1970; what was before is learned only.
    from: Option<i64>,
    /// Buckets that were closed.
    buckets: u64,
    /// Events that are not of audit logs.
    rows: u64,
}

impl<W: Watcher> Pass<'_, W> {
    fn take(&mut self, event: &Event, verdict: Verdict) -> Result<()> {
        self.rows += u64::from(!event.is_audit);
        match verdict {
            Verdict::Passed | Verdict::Chosen | Verdict::Start => self.learn(event)?,
            Verdict::Excluded(reason) => self.watcher.left_out(event, LeftOut::Filter(reason)),
            Verdict::OtherEvent => self.watcher.left_out(event, LeftOut::OtherEvent),
        }
        Ok(())
    }

    fn learn(&mut self, event: &Event) -> Result<()> {
        let Pass { detector, detection, begun, watcher, fields, from, buckets, .. } = self;
        if begun.as_mut().is_some_and(|begun| !begun.is_new(event)) {
            return Ok(());
        }
        let seen = Seen { fields, event };
        if !detection.is_to_be_learned(&seen) {
            watcher.left_out(event, LeftOut::Rules);
            return Ok(());
        }
        watcher.before(&seen);
        let dropped = unlearned::dropped(detector);
        fields.observe(event, |observation| -> Result<()> {
            let mut closed = detector.push(observation)?;
            while let Some(results) = closed.next() {
                *buckets += 1;
                judge(results, closed.detector(), detection, *watcher, *from);
            }
            Ok(())
        })?;
        if unlearned::dropped(detector) == dropped {
            fields.observe(event, |observation| {
                if let Some(value) = observation.by.filter(|value| !value.is_empty()) {
                    watcher.learned(value, event);
                }
            });
        } else {
            watcher.left_out(event, LeftOut::Time);
        }
        Ok(())
    }

    /// Closes what is open; the last bucket, if any was.
    fn finish(&mut self) -> Option<Bucket> {
        let Pass { detector, detection, watcher, from, buckets, .. } = self;
        let mut closed = detector.finish();
        let mut last = None;
        while let Some(results) = closed.next() {
            *buckets += 1;
            last = Some(results.bucket.clone());
            judge(results, closed.detector(), detection, *watcher, *from);
        }
        drop(closed);
        watcher.judged(detection.finish(), &[]);
        last
    }
}

/// Gives the results of a bucket to the rules, and both to the watcher.
fn judge(
    mut closed: BucketResults,
    detector: &Detector,
    detection: &mut Detection,
    watcher: &mut impl Watcher,
    from: Option<i64>,
) {
    if from.is_some_and(|from| end_of(&closed.bucket) <= from) {
        closed.records.clear();
        closed.influencers.clear();
        closed.bucket.anomaly_score = 0.0;
    }
    watcher.bucket(&closed, detector);
    let alerts = detection.bucket(&closed);
    watcher.judged(alerts, detection.hidden());
}
