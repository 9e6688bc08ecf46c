//! Which values of an event a job looks at, and an event with just these.
//!
//! Where the values come from is up to the reader of each format.

use std::sync::Arc;

use rareport::Observation;
use rareport::datafeed::Values;
use rareport::evidence::LogFiles;
use rareport::job::{Feed, JobConfig, TimeFormat};
use smallvec::SmallVec;

use super::LONGEST_VALUE;

/// Names that the time may have where the job's own is not there.
const TIME_FIELDS: [&str; 2] = ["@timestamp", "time"];

/// The fields that a job looks at, each with its place in an [`Event`]. Several
/// jobs may share the names, each with places of its own.
#[derive(Clone, Debug)]
pub(crate) struct Fields {
    names: Vec<String>,
    /// How many of the names are those of jobs; they come first.
    of_job: usize,
    by: usize,
    over: Option<usize>,
    partition: Option<usize>,
    influencers: Vec<usize>,
    only: Option<Only>,
    times: Vec<String>,
    time_format: TimeFormat,
}

/// The events that are looked at: those with one of these values in a field.
#[derive(Clone, Debug)]
struct Only {
    place: usize,
    values: Vec<&'static str>,
}

impl Fields {
    /// The fields of a job that is to be fed these events.
    pub(crate) fn of(job: &JobConfig, feed: Option<Feed>) -> Fields {
        Fields::placed(job, feed, Vec::new())
    }

    /// These fields and those of another job: what is to be read for both.
    pub(crate) fn with_job(self, job: &JobConfig, feed: Option<Feed>) -> Fields {
        let Fields { of_job, names, .. } = Fields::placed(job, feed, self.names);
        Fields { of_job, names, only: None, ..self }
    }

    /// These fields as one of the jobs looks at them that they are of.
    pub(crate) fn for_job(&self, job: &JobConfig, feed: Option<Feed>) -> Fields {
        let own = Fields::placed(job, feed, self.names.clone());
        Fields { of_job: self.of_job, ..own }
    }

    /// The fields of a job, of which `names` has some.
    fn placed(job: &JobConfig, feed: Option<Feed>, mut names: Vec<String>) -> Fields {
        let detector = &job.detector;
        let mut place = |name: &str| place_of(name, &mut names);
        let by = place(&detector.by_field);
        let over = detector.over_field.as_deref().map(&mut place);
        let partition = detector.partition_field.as_deref().map(&mut place);
        let influencers = job.influencers.iter().map(|name| place(name)).collect();
        let only = match feed {
            Some(Feed::ConnectionsTo(ip)) => {
                Some(Only { place: place("destination.ip"), values: vec![ip] })
            }
            Some(Feed::ProcessStartsOf(programs)) => {
                Some(Only { place: place("process.name"), values: programs.to_vec() })
            }
            Some(Feed::Connections | Feed::ProcessStarts) | None => None,
        };
        let others = TIME_FIELDS.into_iter().filter(|name| *name != job.time_field);
        let times = [job.time_field.as_str()].into_iter().chain(others).map(str::to_owned);
        Fields {
            by,
            over,
            partition,
            influencers,
            only,
            times: times.collect(),
            time_format: job.time_format,
            of_job: names.len(),
            names,
        }
    }

    /// These fields, followed by others that they do not have; and the place of
    /// each of the others.
    pub(crate) fn and<'n>(
        &self,
        others: impl IntoIterator<Item = &'n str>,
    ) -> (Fields, Vec<usize>) {
        let mut fields = self.clone();
        let places = others.into_iter().map(|name| place_of(name, &mut fields.names)).collect();
        (fields, places)
    }

    /// Names of the fields, in the order of their places.
    pub(crate) fn names(&self) -> &[String] {
        &self.names
    }

    /// Names of the fields that jobs look at, which come first.
    pub(crate) fn names_of_job(&self) -> &[String] {
        &self.names[..self.of_job]
    }

    /// The place of a field's value.
    pub(crate) fn place(&self, name: &str) -> Option<usize> {
        self.names.iter().position(|known| known == name)
    }

    /// Name of the field whose values are rare or not.
    pub(crate) fn by_name(&self) -> &str {
        &self.names[self.by]
    }

    /// Names of the fields without which there is nothing to look at.
    pub(crate) fn needed(&self) -> impl Iterator<Item = &str> {
        let only = self.only.as_ref().map(|only| only.place);
        let places = [Some(self.by), self.over, self.partition, only];
        places.into_iter().flatten().map(|place| self.names[place].as_str())
    }

    /// Names that the time may have, the job's own first.
    pub(crate) fn times(&self) -> &[String] {
        &self.times
    }

    /// How the job says that times are written.
    pub(crate) fn time_format(&self) -> TimeFormat {
        self.time_format
    }

    /// Whether the job looks at this event.
    pub(crate) fn looks_at(&self, event: &Event) -> bool {
        self.only.as_ref().is_none_or(|only| {
            let value = event.value(only.place);
            only.values.iter().any(|wanted| wanted.as_bytes() == value)
        })
    }

    /// Whether an event has a value that is rare or not.
    pub(crate) fn has_by_value(&self, event: &Event) -> bool {
        event.has(self.by)
    }

    /// Calls `then` with the event as the model sees it.
    pub(crate) fn observe<T>(&self, event: &Event, then: impl FnOnce(&Observation<'_>) -> T) -> T {
        let value = |place: usize| Some(event.value(place));
        let influencers: SmallVec<[Option<&[u8]>; 8]> =
            self.influencers.iter().map(|&place| value(place)).collect();
        then(&Observation {
            time: event.millis.div_euclid(1000),
            by: value(self.by),
            over: self.over.and_then(value),
            partition: self.partition.and_then(value),
            influencers: &influencers,
        })
    }
}

/// The place of a name, which is added if it is new.
fn place_of(name: &str, names: &mut Vec<String>) -> usize {
    names.iter().position(|other| other == name).unwrap_or_else(|| {
        names.push(name.to_owned());
        names.len() - 1
    })
}

/// The values of an event that a job looks at, in a place that is used again.
#[derive(Clone, Debug)]
pub(crate) struct Event {
    /// When it happened, in milliseconds since 1970.
    pub(crate) millis: i64,
    /// Whether it is from an audit log.
    pub(crate) is_audit: bool,
    /// Whether an audit log itself names the host (`node=`).
    pub(crate) has_node: bool,
    /// Files of the audit log that it is from.
    pub(crate) log: Option<Arc<LogFiles>>,
    values: Vec<Values>,
}

impl Event {
    /// An event without values.
    pub(crate) fn new(fields: &Fields) -> Event {
        let values = vec![Values::default(); fields.names.len()];
        Event { millis: 0, is_audit: false, has_node: false, log: None, values }
    }

    /// Takes all values away.
    pub(crate) fn clear(&mut self) {
        self.values.iter_mut().for_each(Values::clear);
    }

    /// The value at a place, several joined by commas; empty if there is none.
    pub(crate) fn value(&self, place: usize) -> &[u8] {
        self.values[place].joined()
    }

    /// Number of places.
    pub(crate) fn value_count(&self) -> usize {
        self.values.len()
    }

    /// Whether a value that the job looks at is longer than one may be.
    pub(super) fn has_long_value(&self, fields: &Fields) -> bool {
        self.values[..fields.of_job].iter().any(|value| value.joined().len() > LONGEST_VALUE)
    }

    /// Whether there is a value at a place.
    pub(crate) fn has(&self, place: usize) -> bool {
        !self.value(place).is_empty()
    }

    /// The values at a place.
    pub(crate) fn values(&self, place: usize) -> &Values {
        &self.values[place]
    }

    /// The values of all places.
    pub(super) fn all_values(&self) -> &[Values] {
        &self.values
    }

    /// The values of all places, to be written.
    pub(super) fn all_values_mut(&mut self) -> &mut [Values] {
        &mut self.values
    }

    /// The values at a place, to be written.
    pub(crate) fn value_mut(&mut self, place: usize) -> &mut Values {
        &mut self.values[place]
    }
}

#[cfg(test)]
mod tests {
    use rareport::job::catalogue;

    use super::*;

    #[test]
    fn a_field_has_one_place_whatever_it_is_for() {
        let mut job = JobConfig::rare("destination.port");
        job.detector.partition_field = Some("host.name".to_owned());
        job.influencers = ["user.name", "host.name", "destination.port"].map(str::to_owned).into();
        let fields = Fields::of(&job, None);
        assert_eq!(fields.names(), ["destination.port", "host.name", "user.name"]);
        assert_eq!(fields.needed().collect::<Vec<_>>(), ["destination.port", "host.name"]);
        let mut event = Event::new(&fields);
        event.millis = -1;
        for (place, value) in ["22", "web01", "root"].into_iter().enumerate() {
            event.value_mut(place).push(value.as_bytes());
        }
        fields.observe(&event, |observation| {
            let values = [&b"root"[..], b"web01", b"22"].map(Some);
            assert_eq!(observation.time, -1);
            assert_eq!(observation.by, Some(&b"22"[..]));
            assert_eq!(observation.partition, Some(&b"web01"[..]));
            assert_eq!((observation.over, observation.influencers), (None, &values[..]));
        });
    }

    #[test]
    fn some_jobs_look_at_some_events_only() {
        let job = |name: &str| catalogue().into_iter().find(|entry| entry.job.job_id == name);
        for (name, field, value) in [
            ("linux_rare_sudo_user", "process.name", "sudo"),
            ("linux_rare_metadata_user", "destination.ip", "169.254.169.254"),
        ] {
            let entry = job(name).unwrap();
            let fields = Fields::of(&entry.job, Some(entry.feed));
            let mut event = Event::new(&fields);
            assert!(!fields.looks_at(&event));
            let place = fields.names().iter().position(|name| name == field).unwrap();
            event.value_mut(place).push(value.as_bytes());
            assert!(fields.looks_at(&event));
        }
    }
}
