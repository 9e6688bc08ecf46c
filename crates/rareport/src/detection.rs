//! Detection: rules executed over the results of a job, in the time of the log.
//!
//! A [`Detection`] sees every event before the model does, and says whether it is to be learned;
//! it takes the results of every closed bucket, and gives alerts. What exceptions, calendar windows,
//! suppression and limits did is counted in a [`Report`]: nothing is left out without a word.

mod executor;
mod hidden;
mod names;
mod report;
mod state;
mod watched;

pub use hidden::Hidden;
pub use report::{ExceptionReport, Report, RuleReport, WindowReport};
pub use state::DetectionState;

use crate::alert::Alert;
use crate::evidence::{Behind, Gatherer, LogEvent};
use crate::exception::Action;
use crate::job::JobConfig;
use crate::moment::SECOND;
use crate::results::{BucketResults, Record};
use crate::rule::{Profile, Rule, RuleError, RuleSet};
use crate::snapshot::SnapshotJob;
use executor::Executor;
use watched::{WatchedException, WatchedWindow};

/// Rules being executed over the results of a job.
///
/// ```
/// use rareport::detection::Detection;
/// use rareport::evidence::{LogEvent, Sample};
/// use rareport::rule::{Profile, RuleSet};
/// use rareport::{Detector, JobConfig, Observation};
///
/// struct Connect(i64, &'static str);
///
/// impl LogEvent for Connect {
///     fn millis(&self) -> i64 {
///         self.0 * 1000
///     }
///     fn value(&self, field: &str) -> Option<&[u8]> {
///         (field == "destination.port").then_some(self.1.as_bytes())
///     }
///     fn sample(&self) -> Sample {
///         Sample { millis: self.millis(), ..Sample::default() }
///     }
/// }
///
/// let mut job = JobConfig::rare("destination.port");
/// job.job_id = "linux_rare_destination_port".to_owned();
/// let mut rules = RuleSet::default_rules()?;
/// rules.rules[0].threshold = 10.0;
/// let mut detection = Detection::new(rules, &job, Profile::Rareport)?;
/// let mut detector = Detector::new(job)?;
/// let mut alerts = Vec::new();
/// let usual = (0..100).flat_map(|n| ["22", "53", "80"].map(|port| Connect(n * 900, port)));
/// for event in usual.chain([Connect(99 * 900 + 7, "4444")]) {
///     if detection.is_to_be_learned(&event) {
///         for closed in detector.push(&Observation::new(event.0, event.1))? {
///             alerts.extend(detection.bucket(&closed));
///         }
///     }
/// }
/// for closed in detector.finish() {
///     alerts.extend(detection.bucket(&closed));
/// }
/// alerts.extend(detection.finish());
/// assert_eq!(alerts[0].record.value(), "4444");
/// assert_eq!(alerts[0].evidence.first_seen, Some((99 * 900 + 7) * 1000));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct Detection {
    job: SnapshotJob,
    profile: Profile,
    fields: JobFields,
    executors: Vec<Executor>,
    /// Rules that are not executed, and why.
    idle: Vec<RuleReport>,
    exceptions: Vec<WatchedException>,
    /// Which rules each exception is for.
    is_for: Vec<Vec<bool>>,
    calendar: Vec<WatchedWindow>,
    gatherer: Gatherer,
    /// What exceptions hid of the last closed bucket.
    hidden: Vec<Hidden>,
    /// End of the last closed bucket, in milliseconds since 1970.
    closed_until: Option<i64>,
}

/// The fields that tell the records of a job apart.
#[derive(Clone, Debug)]
struct JobFields {
    /// The field whose values are rare.
    value: String,
    partition: Option<String>,
    /// All fields of which a record has values.
    all: Vec<String>,
}

impl Detection {
    /// The enabled rules of a set that are for a job.
    ///
    /// # Errors
    /// If the rules, exceptions or windows [cannot be meant so](RuleSet::validate), or if a rule
    /// groups alerts by a field that records of the job do not have.
    pub fn new(mut set: RuleSet, job: &JobConfig, profile: Profile) -> Result<Self, RuleError> {
        set.complete(&job.job_id);
        set.validate()?;
        let RuleSet { rules, exceptions, calendar } = set;
        let mut idle = Vec::new();
        let mut executors = Vec::new();
        for rule in rules {
            if !rule.enabled {
                idle.push(RuleReport::idle(rule, "it is not enabled".to_owned()));
            } else if !rule.job_ids.contains(&job.job_id) {
                let of = rule.job_ids.join(", ");
                let why = format!("it is for {of}, and the job that runs is {}", job.job_id);
                idle.push(RuleReport::idle(rule, why));
            } else {
                check_suppression(&rule, job)?;
                executors.push(Executor::new(rule, profile));
            }
        }
        let watched = |exception| WatchedException::new(exception, profile);
        let exceptions: Vec<_> = exceptions.into_iter().map(watched).collect();
        let is_for = exceptions.iter().map(|exception| {
            executors.iter().map(|rule| exception.is_for(&rule.rule().rule_id)).collect()
        });
        let is_for = is_for.collect();
        let detector = &job.detector;
        let fields = JobFields {
            value: detector.over_field.as_ref().unwrap_or(&detector.by_field).clone(),
            partition: detector.partition_field.clone(),
            all: fields_of_records(job).into_iter().cloned().collect(),
        };
        Ok(Detection {
            job: SnapshotJob::of(job),
            profile,
            fields,
            executors,
            idle,
            is_for,
            exceptions,
            calendar: calendar.into_iter().map(WatchedWindow::new).collect(),
            gatherer: Gatherer::new(i64::from(job.bucket_span.max(1)) * SECOND, most_open(job)),
            hidden: Vec::new(),
            closed_until: None,
        })
    }

    /// Whether any rule is executed.
    #[must_use]
    pub fn has_rules(&self) -> bool {
        !self.executors.is_empty()
    }

    /// Notes an event, and says whether the model is to learn it. If not, it is as if it were not in
    /// the log: it is not to be pushed to the detector, nor is the detector to be advanced to its
    /// time.
    pub fn is_to_be_learned(&mut self, event: &impl LogEvent) -> bool {
        let mut in_window = false;
        for window in &mut self.calendar {
            in_window |= window.covers(event);
        }
        if in_window {
            return false;
        }
        let covering = self.covering(event);
        if covering.iter().any(|&place| self.exceptions[place].action() == Action::Ignore) {
            return false;
        }
        self.gather(event, &covering);
        true
    }

    /// Places of the exceptions that cover an event.
    fn covering(&mut self, event: &impl LogEvent) -> Vec<usize> {
        let exceptions = self.exceptions.iter_mut().enumerate();
        exceptions.filter_map(|(place, it)| it.covers(event).then_some(place)).collect()
    }

    /// Keeps an event as evidence.
    fn gather(&mut self, event: &impl LogEvent, covering: &[usize]) {
        let JobFields { value, partition, all } = &self.fields;
        let Some(value) = event.value(value).filter(|value| !value.is_empty()) else { return };
        let partition = partition.as_deref().and_then(|field| event.value(field));
        let Some(behind) = self.gatherer.add(event, partition.unwrap_or_default(), value) else {
            return;
        };
        behind.evidence.note_lists(event, all);
        behind.covered_by.resize(self.exceptions.len(), 0);
        behind.uncovered.resize(self.executors.len(), 0);
        for &place in covering {
            behind.covered_by[place] += 1;
        }
        for (rule, uncovered) in behind.uncovered.iter_mut().enumerate() {
            let covered = covering.iter().any(|&place| self.is_for[place][rule]);
            *uncovered += u64::from(!covered);
        }
    }

    /// Whether an event lies in a calendar window, or exceptions cover it for every rule that is
    /// executed, so that there would be no alert if it alone were behind a record. Nothing is counted;
    /// where exceptions are [held against records](Profile::Elastic), they are asked as if they were
    /// not.
    #[must_use]
    pub fn is_known(&self, event: &impl LogEvent) -> bool {
        let covers = |place: &usize| self.exceptions[*place].would_cover(event);
        let covering: Vec<usize> = (0..self.exceptions.len()).filter(covers).collect();
        let is_for = |rule| covering.iter().any(|&place| self.is_for[place][rule]);
        let is_covered = self.has_rules() && (0..self.executors.len()).all(is_for);
        is_covered || self.calendar.iter().any(|window| window.would_cover(event))
    }

    /// Takes the results of a closed bucket, and gives the alerts of the executions that were due
    /// before they were there. Interim results are not looked at.
    pub fn bucket(&mut self, closed: &BucketResults) -> Vec<Alert> {
        let bucket = &closed.bucket;
        if bucket.is_interim {
            return Vec::new();
        }
        let end = bucket.timestamp + i64::from(bucket.bucket_span) * SECOND;
        self.closed_until = Some(end);
        let values = self.gatherer.close(bucket.timestamp);
        self.hidden.clear();
        let mut alerts = Vec::new();
        for place in 0..self.executors.len() {
            alerts.extend(self.executors[place].run_until_results_of(end));
            for record in &closed.records {
                if record.record_score < self.executors[place].rule().threshold {
                    continue;
                }
                let partition = record.partition_field_value.as_deref().unwrap_or_default();
                let behind = values.behind(partition, record.value());
                if self.hides(place, record, behind) {
                    self.executors[place].hidden();
                } else {
                    let evidence = behind.map(|behind| behind.evidence.clone());
                    self.executors[place].add(record.clone(), evidence.unwrap_or_default());
                }
            }
        }
        alerts.sort_by_key(|alert| alert.time);
        alerts
    }

    /// Whether exceptions hide a record from a rule; counts which did.
    fn hides(&mut self, rule: usize, record: &Record, behind: Option<&Behind>) -> bool {
        let hiding: Vec<usize> = match self.profile {
            Profile::Rareport => {
                let Some(behind) = behind.filter(|behind| behind.uncovered[rule] == 0) else {
                    return false;
                };
                let covers = |&place: &usize| behind.covered_by[place] > 0;
                (0..self.exceptions.len()).filter(covers).collect()
            }
            Profile::Elastic => (0..self.exceptions.len())
                .filter(|&place| self.is_for[place][rule] && self.exceptions[place].matches(record))
                .collect(),
        };
        let mut exceptions = Vec::new();
        for place in hiding.into_iter().filter(|&place| self.is_for[place][rule]) {
            self.exceptions[place].hid();
            exceptions.push(self.exceptions[place].comment().to_owned());
        }
        let hides = !exceptions.is_empty();
        if hides {
            let rule_id = self.executors[rule].rule().rule_id.clone();
            self.hidden.push(Hidden { record_id: record.id.clone(), rule_id, exceptions });
        }
        hides
    }

    /// What exceptions hid of the bucket that was taken last.
    #[must_use]
    pub fn hidden(&self) -> &[Hidden] {
        &self.hidden
    }

    /// Executes the rules until every record was looked at, and gives the alerts that are left.
    pub fn finish(&mut self) -> Vec<Alert> {
        let mut alerts: Vec<Alert> = self.executors.iter_mut().flat_map(Executor::finish).collect();
        alerts.sort_by_key(|alert| alert.time);
        alerts
    }

    /// What was done so far.
    #[must_use]
    pub fn report(&self) -> Report {
        Report {
            rules: self.executors.iter().map(Executor::report).chain(self.idle.clone()).collect(),
            exceptions: self.exceptions.iter().map(|it| it.report(self.closed_until)).collect(),
            calendar: self.calendar.iter().map(WatchedWindow::report).collect(),
        }
    }
}

/// Most buckets that a detector has open at a time: those that late events may belong to, and the
/// one before them until the event that closes it is taken.
fn most_open(job: &JobConfig) -> usize {
    usize::try_from(job.latency_buckets()).unwrap_or(usize::MAX).saturating_add(2)
}

/// The fields that records of a job have values of.
fn fields_of_records(job: &JobConfig) -> Vec<&String> {
    let detector = &job.detector;
    let optional = [&detector.over_field, &detector.partition_field];
    [&detector.by_field]
        .into_iter()
        .chain(optional.into_iter().flatten())
        .chain(&job.influencers)
        .collect()
}

/// Checks that alerts can be grouped as a rule says.
fn check_suppression(rule: &Rule, job: &JobConfig) -> Result<(), RuleError> {
    let Some(suppression) = &rule.suppression else { return Ok(()) };
    let known = fields_of_records(job);
    match suppression.by.iter().find(|field| !known.contains(field)) {
        None => Ok(()),
        Some(field) => Err(RuleError::SuppressionField {
            rule_id: rule.rule_id.clone(),
            job_id: job.job_id.clone(),
            field: field.clone(),
            known: known.into_iter().cloned().collect::<Vec<_>>().join(", "),
        }),
    }
}

#[cfg(test)]
mod tests;
