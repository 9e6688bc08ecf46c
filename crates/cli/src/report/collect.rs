//! What a report is made of, gathered while the log is read.
//!
//! Bounded: ports, names and lanes as their modules say, and the
//! [`MOST_RECORDS`] records with the highest scores, of which twice as many are
//! kept until they are sorted out. What is left out is counted.

use std::collections::BTreeSet;

use foldhash::fast::FixedState;
use indexmap::IndexMap;
use rareport::alert::Alert;
use rareport::evidence::Evidence;
use rareport::results::{BucketResults, Record};

use super::bins::Axis;
use super::lanes::Lanes;
use super::ports::{MOST_PORTS, Names, Port, WHO_FIELDS, Who};
use crate::observations::{Event, Fields};

/// Most records of a report.
const MOST_RECORDS: usize = 2000;

/// A record, and what lies behind it.
#[derive(Clone, Debug)]
pub(crate) struct Shown {
    pub(crate) record: Record,
    pub(crate) evidence: Evidence,
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
    /// Of these, records with at least the score of an alert.
    pub(crate) alerts: u64,
    /// Buckets that were closed.
    pub(crate) buckets: u64,
    /// Events that the model took.
    pub(crate) events: u64,
    /// Earliest and latest of them, in milliseconds since 1970.
    pub(crate) span: Option<(i64, i64)>,
    threshold: f64,
    places: [Option<usize>; 4],
}

impl Collector {
    /// Nothing yet, of events with these fields in buckets of `bucket_span`
    /// seconds. Records from `threshold` on are alerts.
    pub(crate) fn new(fields: &Fields, bucket_span: u32, threshold: f64) -> Collector {
        Collector {
            axis: Axis::new(i64::from(bucket_span) * 1000),
            names: Names::default(),
            ports: IndexMap::default(),
            hosts: BTreeSet::new(),
            overall: Lanes::default(),
            of_ports: Lanes::default(),
            influencers: WHO_FIELDS
                .map(|field| (field.to_owned(), Lanes::default()))
                .into_iter()
                .collect(),
            records: IndexMap::default(),
            all_records: 0,
            alerts: 0,
            buckets: 0,
            events: 0,
            span: None,
            threshold,
            places: WHO_FIELDS.map(|field| fields.place(field)),
        }
    }

    /// Takes an event with a port that the model took.
    pub(crate) fn event(&mut self, port: &[u8], event: &Event) {
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

    /// Takes the results of a closed bucket.
    pub(crate) fn bucket(&mut self, closed: &BucketResults) {
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
            self.alerts += u64::from(record.record_score >= self.threshold);
            self.of_ports.note(record.value(), bin, record.record_score);
            let shown = Shown { record: record.clone(), evidence: Evidence::default() };
            self.records.insert(record.id.clone(), shown);
        }
        if self.records.len() > 2 * MOST_RECORDS {
            self.sort_out();
        }
    }

    /// Takes what lies behind records.
    pub(crate) fn evidence(&mut self, alerts: Vec<Alert>) {
        for alert in alerts {
            if let Some(shown) = self.records.get_mut(&alert.record.id) {
                shown.evidence = alert.evidence;
            }
        }
    }

    /// Keeps the records with the highest scores, highest first; of equal ones the
    /// earlier.
    pub(crate) fn sort_out(&mut self) {
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
