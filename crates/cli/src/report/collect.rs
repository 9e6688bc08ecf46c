//! What a report is made of, gathered while the log is read.
//!
//! What lies behind a record is told by rules with their alerts only, so that a second
//! set of rules, without exceptions, has every record for an alert.
//!
//! Bounded: ports, names and lanes as their modules say, and the
//! [`MOST_RECORDS`] records with the highest scores, of which twice as many are
//! kept until they are sorted out. What is left out is counted.

use std::collections::BTreeSet;

use foldhash::fast::FixedState;
use indexmap::IndexMap;
use rareport::alert::Alert;
use rareport::detection::{Detection, Hidden};
use rareport::evidence::Evidence;
use rareport::results::{BucketResults, Record};
use rareport::rule::{Profile, RuleError, RuleSet};
use rareport::{Detector, JobConfig};

use super::bins::Axis;
use super::lanes::Lanes;
use super::ports::{MOST_PORTS, Names, Port, WHO_FIELDS, Who};
use crate::observations::Fields;
use crate::rule_file;
use crate::seen::Seen;
use crate::study::Watcher;

/// Most records of a report.
const MOST_RECORDS: usize = 2000;

/// A record, what lies behind it, and what the rules made of it.
#[derive(Clone, Debug)]
pub(crate) struct Shown {
    pub(crate) record: Record,
    pub(crate) evidence: Evidence,
    /// Ids of the rules of which it is an alert.
    pub(crate) alerts: Vec<String>,
    /// Comments of the exceptions that hid it from a rule.
    pub(crate) hidden_by: Vec<String>,
}

impl Shown {
    fn of(record: Record) -> Shown {
        let (alerts, hidden_by) = (Vec::new(), Vec::new());
        Shown { record, evidence: Evidence::default(), alerts, hidden_by }
    }
}

/// Everything gathered.
#[derive(Debug)]
pub(crate) struct Collector {
    pub(crate) axis: Axis,
    pub(crate) names: Names,
    pub(crate) ports: IndexMap<Box<[u8]>, Port, FixedState>,
    /// Hosts seen, as numbers of names.
    pub(crate) hosts: BTreeSet<u32>,
    /// Scores of buckets.
    pub(crate) overall: Lanes,
    /// Scores of ports.
    pub(crate) of_ports: Lanes,
    /// Scores of values of influencer fields, by field.
    pub(crate) influencers: IndexMap<String, Lanes, FixedState>,
    /// Records by their ids.
    pub(crate) records: IndexMap<String, Shown, FixedState>,
    /// All records that the model gave.
    pub(crate) all_records: u64,
    /// Alerts of all rules.
    pub(crate) alerts: u64,
    /// Alerts that exceptions hid.
    pub(crate) hidden: u64,
    /// Buckets that were closed.
    pub(crate) buckets: u64,
    /// Events that the model took.
    pub(crate) events: u64,
    /// Earliest and latest of them, in milliseconds since 1970.
    pub(crate) span: Option<(i64, i64)>,
    places: [Option<usize>; 4],
    /// Rules that alert for every record.
    behind: Detection,
}

impl Collector {
    /// Nothing yet, of a job over events with these fields.
    ///
    /// # Errors
    ///
    /// If the default rule cannot be executed, which it can.
    pub(crate) fn new(fields: &Fields, job: &JobConfig) -> Result<Collector, RuleError> {
        Ok(Collector {
            axis: Axis::new(i64::from(job.bucket_span) * 1000),
            names: Names::default(),
            ports: IndexMap::default(),
            hosts: BTreeSet::new(),
            overall: Lanes::default(),
            of_ports: Lanes::default(),
            influencers: influencers(job).map(|field| (field.clone(), Lanes::default())).collect(),
            records: IndexMap::default(),
            all_records: 0,
            alerts: 0,
            hidden: 0,
            buckets: 0,
            events: 0,
            span: None,
            places: WHO_FIELDS.map(|field| fields.place(field)),
            behind: Detection::new(every_record(job)?, job, Profile::Rareport)?,
        })
    }

    /// Takes what lies behind the records that are left, and keeps the records with the
    /// highest scores.
    pub(crate) fn finish(&mut self) {
        let left = self.behind.finish();
        self.evidence(left);
        self.sort_out();
    }

    /// Takes what lies behind records.
    fn evidence(&mut self, alerts: Vec<Alert>) {
        for alert in alerts {
            if let Some(shown) = self.records.get_mut(&alert.record.id) {
                shown.evidence = alert.evidence;
            }
        }
    }

    /// Keeps the records with the highest scores, highest first; of equal ones the
    /// earlier.
    fn sort_out(&mut self) {
        self.records.sort_by(|_, Shown { record: x, .. }, _, Shown { record: y, .. }| {
            let by_score = y.record_score.total_cmp(&x.record_score);
            by_score.then(x.timestamp.cmp(&y.timestamp)).then_with(|| x.value().cmp(y.value()))
        });
        self.records.truncate(MOST_RECORDS);
    }

    /// The bin of a moment, for which everything is made coarser if need be.
    fn bin(&mut self, millis: i64) -> Option<usize> {
        let place = self.axis.place(millis)?;
        for _ in 0..place.coarser {
            self.ports.values_mut().for_each(|port| port.presence.coarsen());
            let fields = self.influencers.values_mut();
            fields.chain([&mut self.overall, &mut self.of_ports]).for_each(Lanes::coarsen);
        }
        Some(place.bin)
    }
}

impl Watcher for Collector {
    fn learned(&mut self, port: &[u8], seen: &Seen<'_>) {
        // There is no exception, so that everything is kept.
        let _ = self.behind.is_to_be_learned(seen);
        let event = seen.event;
        let Some(bin) = self.bin(event.millis) else { return };
        let values = self.places.map(|place| place.map_or(&b""[..], |place| event.value(place)));
        let who = Who::of(&mut self.names, values);
        self.hosts.insert(who.0[0]);
        self.events += 1;
        let (first, last) = self.span.unwrap_or((event.millis, event.millis));
        self.span = Some((first.min(event.millis), last.max(event.millis)));
        if !self.ports.contains_key(port) && self.ports.len() < MOST_PORTS {
            self.ports.insert(port.into(), Port::default());
        }
        if let Some(port) = self.ports.get_mut(port) {
            port.events += 1;
            port.presence.set(bin);
            port.users.count(who);
        }
    }

    fn bucket(&mut self, closed: &BucketResults, _: &Detector) {
        self.buckets += 1;
        let Some(bin) = self.bin(closed.bucket.timestamp) else { return };
        self.overall.note("", bin, closed.bucket.anomaly_score);
        for influencer in &closed.influencers {
            if let Some(lanes) = self.influencers.get_mut(&influencer.influencer_field_name) {
                lanes.note(&influencer.influencer_field_value, bin, influencer.influencer_score);
            }
        }
        for record in &closed.records {
            self.all_records += 1;
            self.of_ports.note(record.value(), bin, record.record_score);
            self.records.insert(record.id.clone(), Shown::of(record.clone()));
        }
        let behind = self.behind.bucket(closed);
        self.evidence(behind);
        if self.records.len() > 2 * MOST_RECORDS {
            self.sort_out();
        }
    }

    fn judged(&mut self, alerts: Vec<Alert>, hidden: &[Hidden]) {
        self.alerts += alerts.len() as u64;
        self.hidden += hidden.len() as u64;
        for alert in alerts {
            if let Some(shown) = self.records.get_mut(&alert.record.id) {
                shown.alerts.push(alert.rule.rule_id.clone());
            } else if alert.record.timestamp < self.axis.start() {
                // Of a bucket that was closed before a state was saved.
                let mut shown = Shown::of(alert.record);
                shown.evidence = alert.evidence;
                shown.alerts.push(alert.rule.rule_id.clone());
                self.all_records += 1;
                self.records.insert(shown.record.id.clone(), shown);
            }
        }
        for Hidden { record_id, exceptions, .. } in hidden {
            let Some(shown) = self.records.get_mut(record_id) else { continue };
            let new = exceptions.iter().filter(|it| !shown.hidden_by.contains(it));
            let new: Vec<String> = new.cloned().collect();
            shown.hidden_by.extend(new);
        }
    }
}

/// The influencer fields of a job that have lanes of their own.
fn influencers(job: &JobConfig) -> impl Iterator<Item = &String> {
    let is_other = |field: &&String| **field != job.detector.by_field;
    job.influencers.iter().filter(is_other)
}

/// A rule that has every record of a job for an alert.
fn every_record(job: &JobConfig) -> Result<RuleSet, RuleError> {
    let mut set = rule_file::default_for(job)?;
    for rule in &mut set.rules {
        (rule.threshold, rule.max_alerts) = (0.0, usize::MAX);
    }
    Ok(set)
}
