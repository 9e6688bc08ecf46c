//! The story of a port: when it was seen, by whom, and how each of its scores came
//! about, in words and numbers.
//!
//! Bounded: one bit for each bin of time, the first users that differ, and the
//! [`MOST_RECORDS`] records with the highest scores.

use std::fmt::Write;

use rareport::alert::Alert;
use rareport::detection::Hidden;
use rareport::detector::{Calculation, Known};
use rareport::results::{BucketResults, Record};
use rareport::{Detector, JobConfig};

use super::unlearned::Unlearned;
use crate::anomaly::shown_score;
use crate::observations::{Event, Fields};
use crate::report::{Axis, Names, Presence, Users, Who};
use crate::service;
use crate::spelling::meant;
use crate::stamp::rfc3339;
use crate::study::{BOUND_PORT, LeftOut, PORT, StudiedJob};
use crate::text::{Inert, count, grouped};

/// Most records that are told of.
const MOST_RECORDS: usize = 5;

/// Width of the history in characters.
const HISTORY: usize = 64;

/// What is known of a port, or of a value of another field.
#[derive(Debug)]
pub(super) struct Story {
    value: String,
    /// Whether it is a port.
    is_port: bool,
    /// The job, where others are asked too.
    of_job: Option<String>,
    axis: Axis,
    presence: Presence,
    names: Names,
    users: Users,
    events: u64,
    /// Time of the last of them, in milliseconds since 1970.
    last: Option<i64>,
    /// Events of all values.
    all_events: u64,
    unlearned: Unlearned,
    /// From when on scores are shown, in milliseconds since 1970.
    from: Option<i64>,
    /// Records with the highest scores, highest first.
    records: Vec<Told>,
    all_records: u64,
    /// Places of host, process, user and destination.
    places: [Option<usize>; 4],
    /// Places of the fields that may have the value in events that are not learned.
    of_value: [Option<usize>; 2],
}

/// A record that is told of.
#[derive(Debug)]
struct Told {
    record: Record,
    /// How its score came about.
    steps: Option<Calculation>,
    /// What the rules made of it.
    judgements: Vec<String>,
}

impl Story {
    /// Nothing yet of a value of what a job looks at, which is the only one or not.
    pub(super) fn new(value: String, fields: &Fields, job: &JobConfig, is_one: bool) -> Story {
        let is_port = fields.by_name() == PORT;
        Story {
            value,
            is_port,
            of_job: (!is_one).then(|| job.job_id.clone()),
            axis: Axis::new(i64::from(job.bucket_span) * 1000),
            presence: Presence::default(),
            names: Names::default(),
            users: Users::default(),
            events: 0,
            last: None,
            all_events: 0,
            unlearned: Unlearned::default(),
            from: None,
            records: Vec::new(),
            all_records: 0,
            places: crate::report::WHO_FIELDS.map(|field| fields.place(field)),
            of_value: [
                fields.place(fields.by_name()),
                fields.place(BOUND_PORT).filter(|_| is_port),
            ],
        }
    }

    /// Takes from when on scores are shown.
    pub(super) fn begins(&mut self, from: Option<i64>) {
        self.from = from;
    }

    /// Takes an event that was learned, which may be of another value.
    pub(super) fn event(&mut self, value: &[u8], event: &Event) {
        self.all_events += 1;
        let Some(place) = self.axis.place(event.millis) else { return };
        (0..place.coarser).for_each(|_| self.presence.coarsen());
        if value != self.value.as_bytes() {
            return;
        }
        self.presence.set(place.bin);
        self.events += 1;
        self.last = self.last.max(Some(event.millis));
        let values = self.places.map(|place| place.map_or(&b""[..], |place| event.value(place)));
        self.users.count(Who::of(&mut self.names, values));
    }

    /// Takes an event that was not learned, which may be of another value.
    pub(super) fn left_out(&mut self, event: &Event, why: LeftOut) {
        let wanted = self.value.as_bytes();
        let mut places = self.of_value.iter().flatten();
        if places.any(|&place| event.values(place).iter().any(|value| value == wanted)) {
            self.unlearned.count(why);
        }
    }

    /// Takes the results of a bucket, with the detector as it is behind it.
    pub(super) fn bucket(&mut self, results: &BucketResults, detector: &Detector) {
        for record in results.records.iter().filter(|record| record.value() == self.value) {
            self.all_records += 1;
            let score = record.record_score;
            let place = self.records.partition_point(|told| told.record.record_score >= score);
            if place < MOST_RECORDS {
                let steps = detector.calculation(b"", self.value.as_bytes());
                let told = Told { record: record.clone(), steps, judgements: Vec::new() };
                self.records.insert(place, told);
                self.records.truncate(MOST_RECORDS);
            }
        }
    }

    /// Takes what the rules made of records.
    pub(super) fn judged(&mut self, alerts: &[Alert], hidden: &[Hidden]) {
        let alerts = alerts.iter().map(|alert| {
            (&alert.record.id, format!("An alert of the rule {}.", alert.rule.rule_id))
        });
        let hidden = hidden.iter().map(|Hidden { record_id, rule_id, exceptions, .. }| {
            let exceptions: Vec<String> = exceptions.iter().map(|it| format!("“{it}”")).collect();
            let exceptions = exceptions.join(" and ");
            (record_id, format!("Hidden from the rule {rule_id} by the exception {exceptions}."))
        });
        for (id, judgement) in alerts.chain(hidden) {
            if let Some(told) = self.records.iter_mut().find(|told| told.record.id == *id) {
                told.judgements.push(judgement);
            }
        }
    }

    /// The whole story.
    pub(super) fn tell(&self, studied: &StudiedJob) -> String {
        let mut text = String::new();
        line(&mut text, &self.heading());
        let known = studied.detector.known(b"").enumerate();
        let known = known.into_iter().find(|(_, known)| known.value == self.value.as_bytes());
        self.tell_seen(&mut text, known, studied);
        self.unlearned.lines().for_each(|told| line(&mut text, &told));
        if self.events > 0 {
            self.tell_when(&mut text);
            self.tell_who(&mut text);
        }
        if self.events > 0 || self.all_records > 0 {
            self.tell_scores(&mut text, &studied.detector);
        }
        text
    }

    fn heading(&self) -> String {
        let value = Inert(self.value.as_bytes());
        let service = self.value.parse().ok().filter(|_| self.is_port).and_then(service::name);
        let service = service.map_or(String::new(), |name| format!(" ({name})"));
        let of_job = self.of_job.as_ref().map_or(String::new(), |id| format!(", {id}"));
        match self.is_port {
            true => format!("Port {value}{service}{of_job}"),
            false => format!("{value}{of_job}"),
        }
    }

    /// A number of events, in words.
    fn connects(&self, number: u64) -> String {
        let [one, many] = if self.is_port { ["connect", "connects"] } else { ["event", "events"] };
        count(number, one, many)
    }

    /// Whether and when it was seen; `known` is what the model knows of it, and how many values
    /// are rarer.
    fn tell_seen(
        &self,
        text: &mut String,
        known: Option<(usize, Known<'_>)>,
        studied: &StudiedJob,
    ) {
        let Some((rarer, known)) = known else {
            let said = match self.events {
                0 => format!(
                    "Never seen: {} learned, none of them {} it.{}",
                    self.connects(self.all_events),
                    if self.is_port { "to" } else { "with" },
                    self.hint(studied)
                ),
                events => format!(
                    "{}, none of them in a whole bucket: nothing was learned of it.",
                    self.connects(events)
                ),
            };
            line(text, &said);
            return;
        };
        let values = if self.is_port { ["known port", "known ports"] } else { ["value", "values"] };
        line(
            text,
            &format!(
                "Seen in {} by {}{}, first {}, last {}; number {} in rarity of {} at the end.",
                count(known.buckets_seen, "bucket", "buckets"),
                self.connects(self.events),
                if studied.buckets_before > 0 { " of these logs" } else { "" },
                rfc3339(known.first_seen),
                rfc3339(known.last_seen),
                grouped(rarer as u64 + 1),
                count(studied.detector.known(b"").count() as u64, values[0], values[1]),
            ),
        );
        if let Some(from) = self.from.filter(|from| self.last < Some(*from)) {
            line(text, &format!("Not seen since --from, {}.", rfc3339(from)));
        }
    }

    /// What was probably meant by a value that was never seen.
    fn hint(&self, studied: &StudiedJob) -> String {
        let known = studied.detector.known(b"");
        let known: Vec<&str> = known.filter_map(|known| str::from_utf8(known.value).ok()).collect();
        let near = meant(&self.value, known.into_iter());
        let by = &studied.detector.job().detector.by_field;
        match near {
            Some(near) => format!(" Did you mean {}?", Inert(near.as_bytes())),
            None if !self.is_port && self.value.parse::<u16>().is_ok() => {
                format!(" The job looks at {by}; without --job, a number is a port.")
            }
            None => String::new(),
        }
    }

    fn tell_when(&self, text: &mut String) {
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
            let events = self.connects(*events);
            line(text, &format!("  {host} → {process} ({user}) → {destination}: {events}"));
        }
        if self.users.others > 0 {
            line(
                text,
                &format!("  and {} of others, who came later", self.connects(self.users.others)),
            );
        }
    }

    fn tell_scores(&self, text: &mut String, detector: &Detector) {
        if self.all_records > self.records.len() as u64 {
            line(
                text,
                &format!("\nThe {MOST_RECORDS} highest of {} scores:", grouped(self.all_records)),
            );
        }
        for told in &self.records {
            told.tell(text);
        }
        if self.records.is_empty() {
            let since = if self.from.is_some() { " since --from" } else { "" };
            line(
                text,
                &format!("\nNo bucket{since} has a record of it: it was never rare enough."),
            );
            if let Some(steps) = detector.calculation(b"", self.value.as_bytes()) {
                line(text, "As things stand at the end of the log:");
                tell_steps(text, &steps);
            }
        }
    }
}

impl Told {
    fn tell(&self, text: &mut String) {
        let Told { record, steps, judgements } = self;
        line(
            text,
            &format!("\n{}  score {}", rfc3339(record.timestamp), shown_score(record.record_score)),
        );
        if let Some(explanation) = &record.explanation {
            line(text, &format!("  {}", Inert(explanation.sentence.as_bytes())));
        }
        for judgement in judgements {
            line(text, &format!("  {}", Inert(judgement.as_bytes())));
        }
        if let Some(steps) = steps {
            tell_steps(text, steps);
        }
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
            count(*known_values, "value", "values"),
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
             {:.2}) in the history, {maximum} by the highest of this value, {:.3} by the \
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
