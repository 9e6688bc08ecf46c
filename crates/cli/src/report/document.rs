//! What of the gathered of a job a report shows, as the JSON that its page reads.
//!
//! Bounded, so that a report stays small whatever the log: [`MOST_LANES`] values a field in
//! [`LANE_BYTES`], [`MOST_SHOWN`] ports with their history in [`PORT_BYTES`], a number for each
//! other port in [`OTHER_PORT_BYTES`], and records in what is left; where several jobs share a report,
//! each has its share of these. The rarest is kept, and what is left out is counted in the document.

use rareport::Detector;
use rareport::detection::{Report, RuleReport};
use rareport::detector::Known;
use rareport::evidence::Sample;
use rareport::results::Record;
use serde::Serialize;

use super::collect::{Collector, Shown};
use super::cut::Cut;
use super::lanes::Lanes;
use super::ports::{Names, Port, Users};
use super::room::{MOST_BYTES, OF_PAGE, Room, weight};
use super::rules::InForce;
use super::summary::{alerts, highest, left_out, sentences};
use crate::service;
use crate::snippet;
use crate::study::{PORT, Studied, StudiedJob};

/// Most values of a field that have a lane.
const MOST_LANES: usize = 20;

/// Most bytes of lanes, alike for each field.
const LANE_BYTES: usize = 700_000;

/// Most ports with their history.
const MOST_SHOWN: usize = 1000;

/// Most bytes of them.
const PORT_BYTES: usize = 600_000;

/// Most bytes of other ports.
const OTHER_PORT_BYTES: usize = 250_000;

/// Most bytes of rules, exceptions and calendar windows.
const RULE_BYTES: usize = 100_000;

/// Most bytes of the summary, whose sentences are short.
const SUMMARY_BYTES: usize = 100_000;

/// All that the page shows.
#[derive(Debug, Serialize)]
pub(crate) struct Document {
    /// The field whose values are rare or not.
    field: String,
    /// The field each value of which has a model of its own: no value has one rarity then.
    partition: Option<String>,
    summary: Summary,
    in_force: InForce,
    axis: Scale,
    lanes: Vec<FieldLanes>,
    records: Vec<ShownRecord>,
    ports: Vec<ShownPort>,
    /// Number and buckets of the ports that are not shown otherwise.
    other_ports: Vec<(String, u64)>,
    left_out: Cut,
}

#[derive(Debug, Serialize)]
struct Summary {
    sentences: Vec<String>,
    /// The highest alerts, as ids of their records and sentences.
    highest: Vec<(String, String)>,
    /// What was left out, in a sentence.
    left_out: Option<String>,
    /// Milliseconds since 1970.
    from: i64,
    to: i64,
    hosts: usize,
    /// Events that were read, whatever they tell of.
    events: u64,
    connections: u64,
    ports: usize,
    lost_events: u64,
    records: u64,
    alerts: u64,
    /// Alerts, by the rules in words.
    alerts_in_words: String,
    hidden: u64,
    buckets: u64,
    /// Buckets that a state had learned before.
    buckets_before: u64,
    job_id: String,
}

#[derive(Debug, Serialize)]
struct Scale {
    /// Milliseconds since 1970.
    start: i64,
    /// Milliseconds.
    bin: i64,
    bins: usize,
    /// Seconds.
    bucket_span: u32,
}

#[derive(Debug, Serialize)]
struct FieldLanes {
    field: String,
    values: Vec<ValueLane>,
    /// Values with lower scores.
    more: u64,
    /// Scores of values that were not kept.
    without_room: u64,
}

#[derive(Debug, Serialize)]
struct ValueLane {
    value: String,
    /// Bins and their scores.
    scores: Vec<(usize, f64)>,
}

#[derive(Debug, Serialize)]
struct ShownRecord {
    /// As `rareport anomalies` gives it.
    record: Record,
    /// Rules of which it is an alert.
    alerts: Vec<String>,
    /// Exceptions that hid it from a rule.
    hidden_by: Vec<String>,
    /// What silences it, for a rule file.
    exception: String,
    events: u64,
    first_seen: Option<i64>,
    last_seen: Option<i64>,
    samples: Vec<Sample>,
    /// Whether samples are left out, for which there was no room.
    without_samples: bool,
}

#[derive(Debug, Serialize)]
struct ShownPort {
    port: String,
    service: Option<&'static str>,
    buckets: u64,
    first: i64,
    last: i64,
    events: u64,
    probability: f64,
    presence: String,
    /// Host, process, user, destination and events.
    users: Vec<(String, String, String, String, u64)>,
    other_events: u64,
}

impl Document {
    /// The document of each job, of all that was gathered. They share the room alike, but what a
    /// job with fewer records does not need is left to the others.
    pub(crate) fn of_all(collected: &[Collector], studied: &Studied) -> Vec<Document> {
        let mut jobs: Vec<usize> = (0..collected.len()).collect();
        jobs.sort_by_key(|&job| collected[job].all_records);
        let (mut left, mut to_come) = (MOST_BYTES - OF_PAGE, jobs.len());
        let mut documents = Vec::new();
        for job in jobs {
            let document = Document::of(&collected[job], studied, job, left / to_come);
            to_come -= 1;
            if to_come > 0 {
                left = left.saturating_sub(weight(&document));
            }
            documents.push((job, document));
        }
        documents.sort_by_key(|(job, _)| *job);
        documents.into_iter().map(|(_, document)| document).collect()
    }

    /// The document of a job, by its place, in a share of the room.
    fn of(collected: &Collector, studied: &Studied, job: usize, share: usize) -> Document {
        let StudiedJob { detector, rules, .. } = &studied.jobs[job];
        let whole = MOST_BYTES - OF_PAGE - SUMMARY_BYTES;
        let share = share.saturating_sub(SUMMARY_BYTES);
        let mut room = share;
        let mut part = |most: usize| {
            let most = most * share / whole;
            room -= most;
            Room::of(most)
        };
        let (mut of_rules, of_lanes, mut of_ports, mut of_others) =
            (part(RULE_BYTES), part(LANE_BYTES), part(PORT_BYTES), part(OTHER_PORT_BYTES));
        let mut cut = Cut::default();
        let in_force = InForce::of(rules, &mut of_rules);
        cut.rules = in_force.left_out();
        let (lanes, lanes_left) = lanes(collected, &detector.job().detector.by_field, of_lanes);
        cut.lanes = lanes.iter().map(|lane| lane.more).sum();
        let (ports, others) = ports(collected, detector, &mut of_ports, &mut cut);
        let (other_ports, ports_left_out) = of_others.take(others.into_iter());
        (cut.on_map_only, cut.ports) = (other_ports.len() as u64, ports_left_out);
        let unused = [of_rules, of_ports, of_others].map(Room::left).iter().sum::<usize>();
        let rules = executed(rules);
        let rules: Vec<&str> = rules.iter().map(|it| it.rule.rule_id.as_str()).collect();
        let room = Room::of(room + lanes_left + unused);
        let records = records(collected, &rules, room, &mut cut);
        let axis = &collected.axis;
        let is_binned = axis.bin_length() > i64::from(detector.job().bucket_span) * 1000;
        cut.bin = is_binned.then(|| axis.bin_length());
        Document {
            field: detector.job().detector.by_field.clone(),
            partition: detector.job().detector.partition_field.clone(),
            summary: summary(collected, studied, job, &cut),
            in_force,
            axis: Scale {
                start: axis.start(),
                bin: axis.bin_length(),
                bins: axis.len(),
                bucket_span: detector.job().bucket_span,
            },
            lanes,
            records,
            ports,
            other_ports,
            left_out: cut,
        }
    }

    /// What there was no room for, in words, if anything.
    pub(crate) fn left_out(&self) -> Option<&str> {
        self.summary.left_out.as_deref()
    }

    /// The number of alerts, with what the rules ask for.
    pub(crate) fn alerts(&self) -> &str {
        &self.summary.alerts_in_words
    }
}

fn summary(collected: &Collector, studied: &Studied, job: usize, cut: &Cut) -> Summary {
    let of_job = &studied.jobs[job];
    let StudiedJob { detector, rules, buckets_before, .. } = of_job;
    let (from, to) = collected.span.unwrap_or_default();
    let job = detector.job();
    let executed = executed(rules);
    let is_port = job.detector.by_field == PORT;
    Summary {
        sentences: sentences(collected, &executed, &job.detector.by_field, of_job),
        highest: highest(collected, &job.detector.by_field),
        left_out: left_out(cut, is_port),
        from,
        to,
        hosts: collected.hosts.len(),
        events: studied.events,
        connections: collected.events,
        ports: collected.ports.len(),
        lost_events: studied.lost_events,
        records: collected.all_records,
        alerts: collected.alerts,
        alerts_in_words: alerts(collected.alerts, &executed),
        hidden: collected.hidden,
        buckets: collected.buckets,
        buckets_before: *buckets_before,
        job_id: job.job_id.clone(),
    }
}

/// The rules that were executed.
fn executed(rules: &Report) -> Vec<&RuleReport> {
    rules.rules.iter().filter(|rule| rule.idle.is_none()).collect()
}

/// The lanes of each field, and the bytes of room that they leave.
fn lanes(collected: &Collector, by: &str, room: Room) -> (Vec<FieldLanes>, usize) {
    let fields = collected.influencers.iter().map(|(field, lanes)| (field.as_str(), lanes));
    let fields = [("overall", &collected.overall)].into_iter().chain(fields);
    let fields: Vec<(&str, &Lanes)> = fields.chain([(by, &collected.of_ports)]).collect();
    let share = room.left() / fields.len();
    let mut left = 0;
    let shown = fields.into_iter().map(|(field, lanes)| {
        let mut room = Room::of(share);
        let highest = lanes.highest(MOST_LANES).into_iter().map(|(value, lane)| ValueLane {
            value: value.to_owned(),
            scores: lane.scores.iter().map(|(&bin, &score)| (bin, tenths(score))).collect(),
        });
        let (values, _) = room.take(highest);
        left += room.left();
        FieldLanes {
            field: field.to_owned(),
            more: (lanes.values.len() - values.len()) as u64,
            values,
            without_room: lanes.without_room,
        }
    });
    (shown.collect(), left)
}

/// A score to a tenth, rounded down: a colour must not say more than the score.
fn tenths(score: f64) -> f64 {
    (score * 10.0).floor() / 10.0
}

/// The records with the highest scores, as far as there is room; the lowest of them without the
/// events behind them.
fn records(
    collected: &Collector,
    rules: &[&str],
    mut room: Room,
    cut: &mut Cut,
) -> Vec<ShownRecord> {
    let mut shown = Vec::new();
    for record in collected.records.values() {
        let mut record = of_record(record, rules);
        if !room.takes_if_small(&record) {
            record.samples.clear();
            record.without_samples = true;
            if !room.takes(&record) {
                continue;
            }
            cut.evidence += 1;
        }
        shown.push(record);
    }
    cut.records = collected.all_records - shown.len() as u64;
    shown
}

fn of_record(shown: &Shown, rules: &[&str]) -> ShownRecord {
    let Shown { record, evidence, alerts, hidden_by } = shown;
    ShownRecord {
        record: record.clone(),
        alerts: alerts.clone(),
        hidden_by: hidden_by.clone(),
        exception: snippet::exception(record, evidence, rules),
        events: evidence.events,
        first_seen: evidence.first_seen,
        last_seen: evidence.last_seen,
        samples: evidence.samples.clone(),
        without_samples: false,
    }
}

/// The ports by rarity, and those that there is no room to say much of.
fn ports(
    collected: &Collector,
    detector: &Detector,
    room: &mut Room,
    cut: &mut Cut,
) -> (Vec<ShownPort>, Vec<(String, u64)>) {
    let (mut shown, mut others) = (Vec::new(), Vec::new());
    for known in detector.known(b"") {
        let seen = collected.ports.get(known.value).filter(|_| shown.len() < MOST_SHOWN);
        let port = seen.map(|seen| of_port(&known, seen, collected, detector));
        let port = port.and_then(|mut port| {
            if !room.takes_if_small(&port) {
                port.users.clear();
                port.other_events = port.events;
                if !room.takes(&port) {
                    return None;
                }
                cut.users += 1;
            }
            Some(port)
        });
        match port {
            Some(port) => shown.push(port),
            None => others.push((text(known.value), known.buckets_seen)),
        }
    }
    (shown, others)
}

fn of_port(
    known: &Known<'_>,
    seen: &Port,
    collected: &Collector,
    detector: &Detector,
) -> ShownPort {
    let Port { presence, users, events } = seen;
    let port = text(known.value);
    let calculation = detector.calculation(b"", known.value);
    let is_port = detector.job().detector.by_field == PORT;
    ShownPort {
        service: port.parse().ok().filter(|_| is_port).and_then(service::name),
        port,
        buckets: known.buckets_seen,
        first: known.first_seen,
        last: known.last_seen,
        events: *events,
        probability: calculation.map_or(1.0, |it| it.probability),
        presence: presence.hex(collected.axis.len()),
        users: of_users(users, &collected.names),
        other_events: users.others,
    }
}

fn text(value: &[u8]) -> String {
    String::from_utf8_lossy(value).into_owned()
}

fn of_users(users: &Users, names: &Names) -> Vec<(String, String, String, String, u64)> {
    let mut first = users.first.clone();
    first.sort_by_key(|(_, events)| std::cmp::Reverse(*events));
    let named = first.into_iter().map(|(who, events)| {
        let [host, process, user, destination] = who.0.map(|number| names.name(number));
        (host, process, user, destination, events)
    });
    named.collect()
}
