//! The story of a port: when it was seen, by whom, and how each of its scores came
//! about, in words and numbers.
//!
//! Bounded: one bit for each bin of time, the first users that differ, and the
//! [`MOST_RECORDS`] records with the highest scores.

use std::fmt::Write;

use rareport::Detector;
use rareport::detector::Calculation;
use rareport::results::{BucketResults, Record};

use crate::observations::{Event, Fields};
use crate::report::{Axis, Names, Presence, Users, Who};
use crate::service;
use crate::stamp::rfc3339;
use crate::text::{Inert, count, grouped};

/// Most records that are told of.
const MOST_RECORDS: usize = 5;

/// Width of the history in characters.
const HISTORY: usize = 64;

/// What is known of a port.
#[derive(Debug)]
pub(super) struct Story {
    port: String,
    axis: Axis,
    presence: Presence,
    names: Names,
    users: Users,
    events: u64,
    /// Records with the highest scores, highest first, and how they came about.
    records: Vec<(Record, Option<Calculation>)>,
    all_records: u64,
    /// Places of host, process, user and destination.
    places: [Option<usize>; 4],
}

impl Story {
    /// Nothing yet of a port, in buckets of `bucket_span` seconds.
    pub(super) fn new(port: String, fields: &Fields, bucket_span: u32) -> Story {
        Story {
            port,
            axis: Axis::new(i64::from(bucket_span) * 1000),
            presence: Presence::default(),
            names: Names::default(),
            users: Users::default(),
            events: 0,
            records: Vec::new(),
            all_records: 0,
            places: crate::report::WHO_FIELDS.map(|field| fields.place(field)),
        }
    }

    /// Whether the log has the port.
    pub(super) fn was_seen(&self) -> bool {
        self.events > 0
    }

    /// Takes an event, which may be of another port.
    pub(super) fn event(&mut self, port: &[u8], event: &Event) {
        let Some(place) = self.axis.place(event.millis) else { return };
        (0..place.coarser).for_each(|_| self.presence.coarsen());
        if port != self.port.as_bytes() {
            return;
        }
        self.presence.set(place.bin);
        self.events += 1;
        let values = self.places.map(|place| place.map_or(&b""[..], |place| event.value(place)));
        self.users.count(Who::of(&mut self.names, values));
    }

    /// Takes the results of a bucket, with the detector as it is behind it.
    pub(super) fn bucket(&mut self, results: &BucketResults, detector: &Detector) {
        for record in results.records.iter().filter(|record| record.value() == self.port) {
            self.all_records += 1;
            let score = record.record_score;
            let place = self.records.partition_point(|(other, _)| other.record_score >= score);
            if place < MOST_RECORDS {
                let steps = detector.calculation(b"", self.port.as_bytes());
                self.records.insert(place, (record.clone(), steps));
                self.records.truncate(MOST_RECORDS);
            }
        }
    }

    /// The whole story.
    pub(super) fn tell(&self, detector: &Detector) -> String {
        let mut text = String::new();
        self.tell_when(&mut text, detector);
        self.tell_who(&mut text);
        if self.all_records > self.records.len() as u64 {
            line(
                &mut text,
                &format!("\nThe {MOST_RECORDS} highest of {} scores:", grouped(self.all_records)),
            );
        }
        for (record, steps) in &self.records {
            tell_record(&mut text, record);
            if let Some(steps) = steps {
                tell_steps(&mut text, steps);
            }
        }
        if self.records.is_empty() {
            line(&mut text, "\nNo bucket has a record of it: it was never rare enough.");
            if let Some(steps) = detector.calculation(b"", self.port.as_bytes()) {
                line(&mut text, "As things stand at the end of the log:");
                tell_steps(&mut text, &steps);
            }
        }
        text
    }

    fn tell_when(&self, text: &mut String, detector: &Detector) {
        let service = self.port.parse().ok().and_then(service::name);
        let service = service.map_or(String::new(), |name| format!(" ({name})"));
        line(text, &format!("Port {}{service}", self.port));
        let known = detector.known(b"").enumerate();
        let port = self.port.as_bytes();
        match known.into_iter().find(|(_, known)| known.value == port) {
            Some((rarer, known)) => line(
                text,
                &format!(
                    "Seen in {} by {}, first {}, last {}; number {} in rarity of {} at the end.",
                    count(known.buckets_seen, "bucket", "buckets"),
                    count(self.events, "connect", "connects"),
                    rfc3339(known.first_seen),
                    rfc3339(known.last_seen),
                    grouped(rarer as u64 + 1),
                    count(detector.known(b"").count() as u64, "known port", "known ports"),
                ),
            ),
            None => line(
                text,
                &format!(
                    "{}, none of them in a whole bucket: nothing was learned of it.",
                    count(self.events, "connect", "connects")
                ),
            ),
        }
        let end = self.axis.start() + self.axis.bin_length() * self.axis.len() as i64;
        let history = self.presence.sparkline(self.axis.len(), HISTORY);
        line(text, &format!("{} |{history}| {}", rfc3339(self.axis.start()), rfc3339(end)));
    }

    fn tell_who(&self, text: &mut String) {
        line(text, "\nWho, from which host, to where:");
        for (who, events) in &self.users.first {
            let [host, process, user, destination] = who.0.map(|number| {
                let name = self.names.name(number);
                if name.is_empty() { "?".to_owned() } else { Inert(name.as_bytes()).to_string() }
            });
            let events = count(*events, "connect", "connects");
            line(text, &format!("  {host} → {process} ({user}) → {destination}: {events}"));
        }
        if self.users.others > 0 {
            line(
                text,
                &format!("  and {} of others", count(self.users.others, "connect", "connects")),
            );
        }
    }
}

fn tell_record(text: &mut String, record: &Record) {
    line(text, &format!("\n{}  score {:.1}", rfc3339(record.timestamp), record.record_score));
    if let Some(explanation) = &record.explanation {
        line(text, &format!("  {}", Inert(explanation.sentence.as_bytes())));
    }
}

/// Each step from the counts to the score; `docs/model.md` has the formulas.
fn tell_steps(text: &mut String, steps: &Calculation) {
    let Calculation { concentration, total, known_values, slices, probability, raw_score, .. } =
        steps;
    line(
        text,
        &format!(
            "  1. Learned: {concentration:.6} of a total of {total:.6} over {}; a share of {:.8}.",
            count(*known_values, "port", "ports"),
            concentration / total
        ),
    );
    let list = |number: &dyn Fn(usize) -> f64| {
        let numbers: Vec<String> =
            (0..slices.len()).map(|at| format!("{:.8}", number(at))).collect();
        numbers.join(", ")
    };
    line(
        text,
        &format!(
            "  2. The share is uncertain. In {}: {}.",
            count(slices.len() as u64, "slice of equal probability", "slices of equal probability"),
            list(&|at| slices[at].share)
        ),
    );
    line(text, &format!("  3. As rare as each, or rarer: {}.", list(&|at| slices[at].rarer)));
    line(text, &format!("  4. Their mean is the probability: {probability:.8}."));
    line(text, &format!("  5. As a raw score: {raw_score:.8}."));
    let Some(ceilings) = &steps.ceilings else {
        line(text, "  6. The score is 0: the probability is not small.");
        return;
    };
    let maximum = ceilings.maximum.map_or("none".to_owned(), |maximum| format!("{maximum:.3}"));
    line(
        text,
        &format!(
            "  6. Ceilings of the score: {:.3} by the noise, {:.3} by the percentile ({:.2} to \
             {:.2}) in the history, {maximum} by the highest of this port, {:.3} by the \
             probability.",
            ceilings.noise,
            ceilings.percentile,
            ceilings.percentiles.0,
            ceilings.percentiles.1,
            ceilings.probability
        ),
    );
    line(text, &format!("  7. The least of them and 100 is the score: {:.3}.", steps.score));
}

fn line(text: &mut String, line: &str) {
    // Writing to memory cannot fail.
    let _ = writeln!(text, "{line}");
}
