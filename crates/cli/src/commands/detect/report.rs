//! What is told at the end: how many alerts there were, how far to trust them,
//! and to those who ask what rules, exceptions and calendar windows left out.

use rareport::detection::{ExceptionReport, Report as DetectionReport, RuleReport, WindowReport};
use rareport::exception::Action;
use rareport::explain::MATURE_AFTER;
use rareport::results::Record;

use super::closest::{Named, score};
use super::idle::Idle;
use super::judge::{Judge, Tally};
use crate::carry::Carry;
use crate::console::Console;
use crate::crowd;
use crate::job_run::{JobRun, events_of};
use crate::noun::Noun;
use crate::stamp::rfc3339;
use crate::text::{count, grouped};
use crate::unlearned;

/// What a report is about.
pub(super) struct Report<'a> {
    pub(super) jobs: &'a [JobRun],
    /// One for each job.
    pub(super) judges: &'a [Judge],
    /// The state that was carried on.
    pub(super) carry: Option<&'a Carry>,
    /// Why no bucket was looked at, if so.
    pub(super) idle: Option<Idle>,
}

/// What is told of one of the jobs.
struct OfJob<'a> {
    job: &'a JobRun,
    judge: &'a Judge,
    /// Whether others run beside it.
    is_one_of_several: bool,
    /// Observations that are older than what a state had learned.
    older: u64,
    /// Whether a bucket of any job was looked at.
    has_looked: bool,
}

impl Report<'_> {
    /// Tells everything.
    pub(super) fn tell(&self, console: &Console) {
        let is_one_of_several = self.jobs.len() > 1;
        let jobs = self.jobs.iter().zip(self.judges).enumerate();
        let has_looked = self.idle.is_none();
        let jobs = jobs.map(|(place, (job, judge))| {
            let older = self.carry.map_or(0, |carry| carry.older_than(place));
            OfJob { job, judge, is_one_of_several, older, has_looked }
        });
        let jobs: Vec<OfJob<'_>> = jobs.collect();
        for OfJob { job, judge, .. } in &jobs {
            judge.later.tell(Noun(job.fields.by_name()), console);
        }
        for job in &jobs {
            job.tell_learning(console);
        }
        let (exceptions, calendar) = together(jobs.iter().map(OfJob::done));
        // What matched in an earlier run is of use.
        let (of_all_runs, _) = together(self.jobs.iter().map(|job| job.detection.report()));
        for (exception, of_all_runs) in exceptions.iter().zip(&of_all_runs) {
            tell_exception(exception, of_all_runs.is_unused(), console);
        }
        calendar.iter().for_each(|window| tell_window(window, console));
        jobs.iter().for_each(|job| job.tell_rules(console));
        if let Some(idle) = &self.idle {
            idle.tell(console);
        }
    }
}

impl OfJob<'_> {
    /// What the events of the job are called: connects, if it looks at nothing else.
    fn events(&self) -> [String; 2] {
        match self.is_one_of_several {
            false => events_of(std::slice::from_ref(self.job)).map(str::to_owned),
            true => ["event", "events"].map(|word| format!("{word} of {}", self.job.names().0)),
        }
    }

    /// Tells what the job did not learn, and how far it can be trusted.
    fn tell_learning(&self, console: &Console) {
        let OfJob { job: JobRun { detector, .. }, judge, .. } = self;
        let counts = unlearned::since(detector.counts(), judge.before.counts);
        let [one, many] = self.events();
        // Of those that are older than a state, its own line tells.
        let late = counts.late - self.older;
        if late > 0 {
            console.warn(format_args!(
                "{} came after a bucket was closed and could not be counted; the log is not in \
                 order of time: give the logs of a fleet together",
                count(late, &one, &many)
            ));
        }
        unlearned::tell(&counts, detector.job(), &many, console);
        self.tell_maturity(console);
        if let Some((start, end)) = judge.tally.cut_short() {
            console.detail(format_args!(
                "the last bucket{}, {} to {}, was closed with the input and may be incomplete",
                self.of_job(),
                rfc3339(start),
                rfc3339(end)
            ));
        }
    }

    /// Which job it is, where there are several.
    fn of_job(&self) -> String {
        match self.is_one_of_several {
            false => String::new(),
            true => format!(" of {}", self.job.names().0),
        }
    }

    fn tell_maturity(&self, console: &Console) {
        let immature = self.judge.tally.immature;
        let buckets = self.judge.before.buckets + self.judge.tally.buckets;
        let (span, of_job) = (self.span(), self.of_job());
        let pushed = self.job.detector.counts().pushed;
        if pushed == 0 && self.is_one_of_several {
            self.job.tell_unfed(console);
        } else if buckets == 0 && pushed > 0 && self.has_looked {
            console.warn(format_args!(
                "what was read of the log spans less than one full bucket{of_job} of {span} \
                 minutes: nothing was learned and nothing scored. Give more of the log, such as \
                 its rotations"
            ));
        } else if (1..MATURE_AFTER).contains(&buckets) && pushed > 0 {
            console.warn(format_args!(
                "only {} of {span} minutes to learn from{of_job}: scores mean little before \
                 {MATURE_AFTER}. Give more of the log, such as its rotations",
                count(buckets, "bucket", "buckets")
            ));
        } else if immature > 0 {
            console.warn(format_args!(
                "{} from the time when the model had learned little yet",
                count(immature, &format!("alert{of_job} is"), &format!("alerts{of_job} are"))
            ));
        }
    }

    /// What its rules, exceptions and calendar windows did in this run.
    fn done(&self) -> DetectionReport {
        self.job.detection.report().since(&self.judge.before.report)
    }

    fn tell_rules(&self, console: &Console) {
        let report = self.done();
        let (executed, idle): (Vec<_>, Vec<_>) =
            report.rules.iter().partition(|rule| rule.idle.is_none());
        for rule in idle {
            let why = rule.idle.as_deref().unwrap_or_default();
            console.warn(format_args!("the rule {} was not executed: {why}", rule.rule.rule_id));
        }
        for rule in &executed {
            tell_losses(rule, console);
        }
        let thresholds = executed.iter().map(|rule| rule.rule.threshold);
        self.tell_crowd(thresholds.fold(f64::INFINITY, f64::min), console);
        if self.has_looked {
            self.tell_found(&executed, console);
        }
    }

    /// Tells if values that came once and together keep others from a score of
    /// `threshold`, and if records were too many to be written.
    fn tell_crowd(&self, threshold: f64, console: &Console) {
        let detector = &self.job.detector;
        if let Some(hidden) = crowd::hidden(detector, threshold) {
            console.warn(hidden);
        }
        let cut = detector.counts().records_cut;
        if cut > 0 {
            let limit = detector.job().limits.results_per_bucket.unwrap_or(usize::MAX);
            console.warn(format_args!(
                "{} left out, as a bucket has {limit} at most: those with the largest \
                 probabilities. Ignore what is known with an exception of action = \"ignore\"",
                count(cut, "record was", "records were")
            ));
        }
    }

    /// Tells how many alerts there were and, where there was none, what came
    /// closest.
    fn tell_found(&self, executed: &[&RuleReport], console: &Console) {
        let Tally { buckets, background, .. } = self.judge.tally;
        let what = Noun(self.job.fields.by_name());
        let cut_short = self.judge.tally.cut_short().map(|_| ", the last closed with the input");
        let of = format!(
            "{} of {} minutes{}",
            count(buckets - background, "bucket", "buckets"),
            self.span(),
            cut_short.unwrap_or_default()
        );
        let was_fed = self.job.detector.counts().pushed > 0 || !self.is_one_of_several;
        for (place, rule) in executed.iter().enumerate().filter(|_| was_fed) {
            let closest = self.judge.closest.record(place).filter(|_| rule.alerts == 0);
            if let Some(closest) = closest {
                tell_too_little(closest, console);
            }
            let name = match (self.is_one_of_several, executed.len()) {
                (true, _) => format!("{}, rule {}: ", self.job.names().0, rule.rule.rule_id),
                (false, 1) => String::new(),
                (false, _) => format!("{}: ", rule.rule.rule_id),
            };
            console.note(format_args!(
                "{name}{} with a score of {} or more in {of}{}{}",
                count(rule.alerts, "alert", "alerts"),
                rule.rule.threshold,
                left_out(rule),
                highest_below(rule, closest, buckets, what)
            ));
        }
    }

    /// Length of a bucket in minutes.
    fn span(&self) -> u32 {
        self.job.detector.job().bucket_span / 60
    }
}

/// What exceptions and windows did in all jobs together. An event that several
/// jobs were given counts once, as far as the largest count tells.
fn together(
    reports: impl Iterator<Item = DetectionReport>,
) -> (Vec<ExceptionReport>, Vec<WindowReport>) {
    let (mut exceptions, mut calendar) =
        (Vec::<ExceptionReport>::new(), Vec::<WindowReport>::new());
    for report in reports {
        let known = exceptions.len();
        for other in report.exceptions {
            let same = exceptions[..known].iter_mut().find(|it| it.comment == other.comment);
            let Some(it) = same else {
                exceptions.push(other);
                continue;
            };
            it.events = it.events.max(other.events);
            it.hidden += other.hidden;
            it.after_expiry = it.after_expiry.max(other.after_expiry);
            it.alerts_after_expiry += other.alerts_after_expiry;
            it.expired |= other.expired;
            it.absent_fields.retain(|field| other.absent_fields.contains(field));
        }
        let known = calendar.len();
        for other in report.calendar {
            let same = calendar[..known].iter_mut().find(|it| it.comment == other.comment);
            let Some(it) = same else {
                calendar.push(other);
                continue;
            };
            it.events = it.events.max(other.events);
            it.absent_fields.retain(|field| other.absent_fields.contains(field));
        }
    }
    (exceptions, calendar)
}

/// What came closest to being an alert, where there was none.
fn highest_below(
    rule: &RuleReport,
    closest: Option<&Record>,
    buckets: u64,
    what: Noun<'_>,
) -> String {
    match closest {
        _ if rule.alerts > 0 => String::new(),
        Some(closest) => {
            let of = if rule.hidden > 0 { " of the rest" } else { "" };
            format!("; the highest{of} was {}: {}", score(closest), Named(closest))
        }
        None if rule.hidden > 0 => String::new(),
        None if buckets == 0 => "; no bucket was complete".to_owned(),
        None => format!("; no {} was rare", what.one()),
    }
}

/// Warns if not even a port that is new reached the threshold.
fn tell_too_little(closest: &Record, console: &Console) {
    let explanation = closest.anomaly_score_explanation.as_ref();
    if explanation.is_some_and(|it| it.by_field_first_occurrence) {
        console.warn(format_args!(
            "a {} that was never seen before scored only {}: the model has learned from too \
             little; give more of the log",
            Noun(&closest.by_field_name).one(),
            score(closest)
        ));
    }
}

/// What was left out of a rule's alerts on purpose.
fn left_out(rule: &RuleReport) -> String {
    let mut parts = Vec::new();
    if rule.hidden > 0 {
        parts.push(format!("{} more hidden by exceptions", grouped(rule.hidden)));
    }
    if rule.suppressed > 0 {
        parts.push(format!("{} more counted with these", grouped(rule.suppressed)));
    }
    if parts.is_empty() { String::new() } else { format!("; {}", parts.join(", ")) }
}

/// Tells what of a rule's alerts was lost.
fn tell_losses(report: &RuleReport, console: &Console) {
    let rule = &report.rule;
    if report.cut > 0 {
        console.warn(format_args!(
            "the rule {} lost {}: there were more than {} at a time; raise its max_alerts or \
             threshold",
            rule.rule_id,
            count(report.cut, "alert", "alerts"),
            rule.max_alerts
        ));
    }
    if report.missed > 0 {
        console.warn(format_args!(
            "the rule {} lost {}, which were too old by the time of an execution; raise its \
             look_back above {} seconds",
            rule.rule_id,
            count(report.missed, "alert", "alerts"),
            rule.look_back
        ));
    }
    if report.gap > 0 {
        console.warn(format_args!(
            "the rule {} leaves {} of every {} seconds without a look; make its look_back as long \
             as its interval, or longer",
            rule.rule_id,
            report.gap / 1000,
            rule.interval
        ));
    }
}

/// Tells what an exception did, or that it is of no use.
fn tell_exception(report: &ExceptionReport, is_unused: bool, console: &Console) {
    let name = &report.comment;
    if is_unused {
        let ended = if report.expired { " and has expired" } else { "" };
        console.warn(format_args!(
            "the exception “{name}” matched nothing{ended}; is it still needed?"
        ));
        return;
    }
    let late = [
        (report.after_expiry, ["event", "events"]),
        (report.alerts_after_expiry, ["alert", "alerts"]),
    ];
    for (number, [one, many]) in late.into_iter().filter(|(number, _)| *number > 0) {
        console.warn(format_args!(
            "the exception “{name}” has expired; {} after that would have matched",
            count(number, one, many)
        ));
    }
    if report.events + report.hidden > 0 {
        tell_absent(&format!("the exception “{name}”"), &report.absent_fields, console);
    }
    let events = count(report.events, "event", "events");
    let ended = if report.expired { "; it has expired by the end of the log" } else { "" };
    match report.action {
        _ if report.events == 0 && report.hidden == 0 => {}
        Action::Ignore => console
            .detail(format_args!("the exception “{name}” kept {events} from being learned{ended}")),
        Action::Hide if report.events == 0 => console.detail(format_args!(
            "the exception “{name}” hid {}{ended}",
            count(report.hidden, "alert", "alerts")
        )),
        Action::Hide => console.detail(format_args!(
            "the exception “{name}” covered {events} and hid {}{ended}",
            count(report.hidden, "alert", "alerts")
        )),
    }
}

/// Warns of negated conditions that could not but hold.
fn tell_absent(whose: &str, fields: &[String], console: &Console) {
    for field in fields {
        console.warn(format_args!(
            "{whose} asks that {field} is not something, and nothing in the input has {field}: \
             that holds for everything. Is the name right? If so, ask for \
             {{ field = \"{field}\", exists = true }} as well"
        ));
    }
}

/// Tells what a calendar window did.
fn tell_window(report: &WindowReport, console: &Console) {
    let WindowReport { comment, events, absent_fields, .. } = report;
    if *events > 0 {
        tell_absent(&format!("the calendar window “{comment}”"), absent_fields, console);
    }
    match events {
        0 => console.detail(format_args!("no event lies in the calendar window “{comment}”")),
        _ => console.detail(format_args!(
            "{} in the calendar window “{comment}”, neither learned nor looked at",
            count(*events, "event lies", "events lie")
        )),
    }
}
