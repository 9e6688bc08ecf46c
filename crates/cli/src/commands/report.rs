//! `rareport report`: one HTML file to look around in.

use anyhow::{Result, bail};
use rareport::Detector;
use rareport::detection::Detection;
use rareport::results::BucketResults;
use rareport::rule::{Profile, RuleSet};

use crate::args::ReportArgs;
use crate::carry;
use crate::console::Console;
use crate::exit::Exit;
use crate::input::Input;
use crate::job::{self, Chosen};
use crate::observations::{Event, Fields, Observations, Selection};
use crate::output::Destination;
use crate::report::{self, Collector, Document};
use crate::seen::{Seen, with_rule_fields};
use crate::text::count;
use crate::unlearned;

/// Runs the command.
pub(crate) fn run(args: &ReportArgs, console: &Console) -> Result<Exit> {
    let Chosen { job, feed } = job::default();
    let set = every_record()?;
    let selection = &Selection::of(&args.feed, feed)?;
    let fields = with_rule_fields(Fields::of(&job, feed), &set);
    let input = Input::open(&args.input, console)?.with_background();
    let mut out = Destination::of(args.output.as_deref())?;
    if out.is_terminal() {
        bail!("a report is not for a terminal: -o report.html writes it to a file");
    }
    console.start_progress(input.size(), false);
    let mut run = Run {
        detection: Detection::new(set, &job, Profile::Rareport)?,
        collector: Collector::new(&fields, job.bucket_span, args.threshold),
        detector: carry::detector(job, args.feed.profile, None)?,
        fields: &fields,
        from: input.from(),
    };
    let format = args.feed.input_format;
    let observations =
        Observations { input: &input, format, fields: &fields, feed, selection, console };
    let read = observations.read(|event| run.take(event))?;
    run.finish();
    read.require_values_of(fields.by_name(), console)?;
    read.report(console);
    unlearned::tell(&run.detector.counts(), run.detector.job(), "connects", console);
    let Run { collector, detector, .. } = run;
    let (alerts, records, buckets) = (collector.alerts, collector.all_records, collector.buckets);
    let lost_events = read.audit.lost_events();
    let run = report::Run { detector: &detector, threshold: args.threshold, lost_events };
    report::write(&Document::of(collector, &run), &mut out)?;
    out.keep()?;
    console.note(format_args!(
        "{} in {}, {} with a score of {} or more",
        count(records, "record", "records"),
        count(buckets, "bucket", "buckets"),
        alerts,
        args.threshold
    ));
    Ok(Exit::Done)
}

/// A rule that alerts for every record: what lies behind records is told with
/// alerts only.
fn every_record() -> Result<RuleSet> {
    let mut set = RuleSet::default_rules()?;
    for rule in &mut set.rules {
        rule.threshold = 0.0;
        rule.max_alerts = usize::MAX;
    }
    Ok(set)
}

/// The model, and what is gathered of its results.
struct Run<'a> {
    detector: Detector,
    detection: Detection,
    collector: Collector,
    fields: &'a Fields,
    /// From when on results are shown, in milliseconds since 1970; what was before
    /// is learned only.
    from: Option<i64>,
}

impl Run<'_> {
    fn take(&mut self, event: &Event) -> Result<()> {
        let Run { detector, detection, collector, fields, from } = self;
        // The rule has no exceptions, so that everything is learned.
        let _ = detection.is_to_be_learned(&Seen { fields, event });
        let dropped = unlearned::dropped(detector);
        fields.observe(event, |observation| {
            for closed in detector.push(observation)? {
                judge(closed, detection, collector, *from);
            }
            if unlearned::dropped(detector) == dropped
                && let Some(port) = observation.by.filter(|port| !port.is_empty())
            {
                collector.event(port, event);
            }
            Ok(())
        })
    }

    /// Closes what is open.
    fn finish(&mut self) {
        let Run { detector, detection, collector, from, .. } = self;
        for closed in detector.finish() {
            judge(closed, detection, collector, *from);
        }
        collector.evidence(detection.finish());
    }
}

/// Gathers the results of a bucket, and what lies behind its records.
fn judge(
    mut closed: BucketResults,
    detection: &mut Detection,
    collector: &mut Collector,
    from: Option<i64>,
) {
    let bucket = &closed.bucket;
    let end = bucket.timestamp + i64::from(bucket.bucket_span) * 1000;
    if from.is_some_and(|from| end <= from) {
        closed.records.clear();
        closed.influencers.clear();
        closed.bucket.anomaly_score = 0.0;
    }
    collector.bucket(&closed);
    collector.evidence(detection.bucket(&closed));
}
