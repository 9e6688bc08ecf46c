//! What of the gathered a report shows, as the JSON that its page reads.
//!
//! Bounded, so that a report stays small whatever the log: [`MOST_LANES`] values a
//! field, [`RECORD_BYTES`] of records, [`MOST_SHOWN`] ports with their history in
//! [`PORT_BYTES`]; of other ports the map has a number each. What is left out is counted in the
//! document.

use rareport::Detector;
use rareport::detector::Known;
use rareport::evidence::Sample;
use rareport::results::Record;
use serde::Serialize;

use super::collect::{Collector, Shown};
use super::lanes::Lanes;
use super::ports::{MOST_PORTS, Names, Port, Users};
use super::summary::sentences;
use crate::service;

/// Most values of a field that have a lane.
const MOST_LANES: usize = 20;

/// Most bytes of records with their evidence.
const RECORD_BYTES: usize = 2_000_000;

/// Most ports with their history.
const MOST_SHOWN: usize = 1000;

/// Most bytes of them.
const PORT_BYTES: usize = 700_000;

/// What is known of the run.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Run<'a> {
    pub(crate) detector: &'a Detector,
    /// Lowest score that is an alert.
    pub(crate) threshold: f64,
    /// Events that the audit system lost, by their serials.
    pub(crate) lost_events: u64,
}

/// All that the page shows.
#[derive(Debug, Serialize)]
pub(crate) struct Document {
    summary: Summary,
    axis: Scale,
    lanes: Vec<FieldLanes>,
    records: Vec<ShownRecord>,
    /// Records that are not shown.
    records_left_out: u64,
    ports: Vec<ShownPort>,
    /// Number and buckets of the ports that are not shown otherwise.
    other_ports: Vec<(String, u64)>,
    /// Ports that are not even that.
    ports_left_out: usize,
}

#[derive(Debug, Serialize)]
struct Summary {
    sentences: Vec<String>,
    /// Milliseconds since 1970.
    from: i64,
    to: i64,
    hosts: usize,
    connections: u64,
    ports: usize,
    lost_events: u64,
    records: u64,
    alerts: u64,
    buckets: u64,
    threshold: f64,
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
    more: usize,
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
    alert: bool,
    events: u64,
    first_seen: Option<i64>,
    last_seen: Option<i64>,
    samples: Vec<Sample>,
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
    /// Makes the document of all that was gathered.
    pub(crate) fn of(mut collected: Collector, run: &Run<'_>) -> Document {
        collected.sort_out();
        let records = records(&collected, run.threshold);
        let left_out = collected.all_records - records.len() as u64;
        let (ports, mut other_ports) = ports(&collected, run.detector);
        let ports_left_out = other_ports.len().saturating_sub(MOST_PORTS);
        other_ports.truncate(MOST_PORTS);
        let axis = &collected.axis;
        Document {
            summary: summary(&collected, run),
            axis: Scale {
                start: axis.start(),
                bin: axis.bin_length(),
                bins: axis.len(),
                bucket_span: run.detector.job().bucket_span,
            },
            lanes: lanes(&collected),
            records,
            records_left_out: left_out,
            ports,
            other_ports,
            ports_left_out,
        }
    }
}

fn summary(collected: &Collector, run: &Run<'_>) -> Summary {
    let (from, to) = collected.span.unwrap_or_default();
    Summary {
        sentences: sentences(collected, run.threshold),
        from,
        to,
        hosts: collected.hosts.len(),
        connections: collected.events,
        ports: collected.ports.len(),
        lost_events: run.lost_events,
        records: collected.all_records,
        alerts: collected.alerts,
        buckets: collected.buckets,
        threshold: run.threshold,
        job_id: run.detector.job().job_id.clone(),
    }
}

fn lanes(collected: &Collector) -> Vec<FieldLanes> {
    let named = |field: &str, lanes: &Lanes| FieldLanes {
        field: field.to_owned(),
        values: lanes
            .highest(MOST_LANES)
            .into_iter()
            .map(|(value, lane)| ValueLane {
                value: value.to_owned(),
                scores: lane.scores.iter().map(|(&bin, &score)| (bin, tenths(score))).collect(),
            })
            .collect(),
        more: lanes.values.len().saturating_sub(MOST_LANES),
        without_room: lanes.without_room,
    };
    let influencers = collected.influencers.iter().map(|(field, lanes)| named(field, lanes));
    let overall = [named("overall", &collected.overall)];
    let ports = [named("destination.port", &collected.of_ports)];
    overall.into_iter().chain(influencers).chain(ports).collect()
}

/// A score to a tenth, rounded down: a colour must not say more than the score.
fn tenths(score: f64) -> f64 {
    (score * 10.0).floor() / 10.0
}

/// The records with the highest scores, as far as there is room.
fn records(collected: &Collector, threshold: f64) -> Vec<ShownRecord> {
    let mut room = RECORD_BYTES;
    let shown = collected.records.values().map(|shown| of_record(shown, threshold));
    shown.filter(|record| takes(&mut room, record)).collect()
}

/// Whether there is room for a part of the document, of which it takes what is
/// needed.
fn takes(room: &mut usize, part: &impl Serialize) -> bool {
    let needed = serde_json::to_vec(part).map_or(usize::MAX, |json| json.len());
    let fits = needed <= *room;
    if fits {
        *room -= needed;
    }
    fits
}

fn of_record(Shown { record, evidence }: &Shown, threshold: f64) -> ShownRecord {
    ShownRecord {
        record: record.clone(),
        alert: record.record_score >= threshold,
        events: evidence.events,
        first_seen: evidence.first_seen,
        last_seen: evidence.last_seen,
        samples: evidence.samples.clone(),
    }
}

/// The ports by rarity, and those that there is no room to say much of.
fn ports(collected: &Collector, detector: &Detector) -> (Vec<ShownPort>, Vec<(String, u64)>) {
    let (mut shown, mut others) = (Vec::new(), Vec::new());
    let mut room = PORT_BYTES;
    for known in detector.known(b"") {
        let seen = collected.ports.get(known.value).filter(|_| shown.len() < MOST_SHOWN);
        let port = seen.map(|seen| of_port(&known, seen, collected, detector));
        match port.filter(|port| takes(&mut room, port)) {
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
    ShownPort {
        service: port.parse().ok().and_then(service::name),
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
