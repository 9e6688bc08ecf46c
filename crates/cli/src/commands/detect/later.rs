//! Ports that were alerted and then used by other hosts: known by then, they
//! are rare no more, but whoever looks into an alert wants to know. If an
//! exception hid the alert, so does whoever wrote it: it was for other hosts.
//!
//! A port is watched from the end of the bucket in which it was rare, which the
//! model closes up to its latency after that.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use indexmap::IndexMap;
use rareport::alert::Alert;
use rareport::detection::{Detection, Hidden};
use rareport::results::Record;

use crate::console::Console;
use crate::noun::Noun;
use crate::observations::{Event, Fields};
use crate::seen::Seen;
use crate::stamp::rfc3339;

/// Most ports that are watched: the first.
const MOST_PORTS: usize = 1000;

/// Most hosts that are told of a port.
const MOST_HOSTS: usize = 5;

/// The field that says whose an event is.
const HOST: &str = "host.name";

/// Ports that are watched, by what the model calls them.
#[derive(Debug)]
pub(super) struct Later {
    /// Lowest score of an alert.
    threshold: f64,
    ports: IndexMap<Vec<u8>, Uses>,
}

/// Uses of a port after the bucket in which it was rare.
#[derive(Debug, Default)]
struct Uses {
    /// Hosts that used it in that bucket.
    known: Vec<String>,
    /// When each other host used it first, in milliseconds since 1970.
    hosts: BTreeMap<String, i64>,
    /// Whether there was an alert.
    is_alerted: bool,
    /// Whether exceptions hid an alert.
    is_hidden: bool,
}

impl Later {
    /// Watches nothing yet, for the alerts of these rules.
    pub(super) fn of(detection: &Detection) -> Later {
        let rules = detection.report().rules.into_iter().filter(|rule| rule.idle.is_none());
        let threshold = rules.map(|rule| rule.rule.threshold).fold(f64::INFINITY, f64::min);
        Later { threshold, ports: IndexMap::new() }
    }

    /// Watches the port of a record, if it may become an alert.
    pub(super) fn watch(&mut self, record: &Record) {
        // Where each host has a model, what others do is nothing to it.
        let is_of_host = record.partition_field_name.as_deref() == Some(HOST);
        if record.record_score < self.threshold || is_of_host {
            return;
        }
        let is_full = self.ports.len() >= MOST_PORTS;
        let uses = match self.ports.entry(record.value().as_bytes().to_vec()) {
            indexmap::map::Entry::Occupied(known) => known.into_mut(),
            indexmap::map::Entry::Vacant(_) if is_full => return,
            indexmap::map::Entry::Vacant(new) => new.insert(Uses::default()),
        };
        for host in record.values_of(HOST) {
            uses.hosts.remove(host);
            if !uses.known.iter().any(|known| known == host) {
                uses.known.push(host.to_owned());
            }
        }
    }

    /// Notes an event if it uses a port that is watched, and neither an exception nor a calendar
    /// window covers it.
    pub(super) fn note(&mut self, event: &Event, fields: &Fields, detection: &Detection) {
        if self.ports.is_empty() {
            return;
        }
        let place = |name: &str| fields.place(name);
        let Some(uses) = place(fields.by_name()).and_then(|by| self.ports.get_mut(event.value(by)))
        else {
            return;
        };
        let Some(host) = place(HOST).map(|host| String::from_utf8_lossy(event.value(host))) else {
            return;
        };
        if host.is_empty() || uses.known.iter().any(|known| *known == host) {
            return;
        }
        if detection.is_known(&Seen { fields, event }) {
            return;
        }
        let is_full = uses.hosts.len() >= MOST_HOSTS;
        match uses.hosts.entry(host.into_owned()) {
            Entry::Occupied(mut first) => {
                let earlier = event.millis.min(*first.get());
                first.insert(earlier);
            }
            Entry::Vacant(_) if is_full => {}
            Entry::Vacant(new) => {
                new.insert(event.millis);
            }
        }
    }

    /// Notes alerts that were given.
    pub(super) fn alerted(&mut self, alerts: &[Alert]) {
        for alert in alerts {
            if let Some(uses) = self.ports.get_mut(alert.record.value().as_bytes()) {
                uses.is_alerted = true;
            }
        }
    }

    /// Notes what exceptions hid of a bucket's records.
    pub(super) fn hidden(&mut self, records: &[Record], hidden: &[Hidden]) {
        for record in records.iter().filter(|it| hidden.iter().any(|by| by.record_id == it.id)) {
            if let Some(uses) = self.ports.get_mut(record.value().as_bytes()) {
                uses.is_hidden = true;
            }
        }
    }

    /// Tells which hosts used the ports of alerts later.
    pub(super) fn tell(&self, what: Noun<'_>, console: &Console) {
        for (port, uses) in &self.ports {
            if (uses.is_alerted || uses.is_hidden) && !uses.hosts.is_empty() {
                let host =
                    |(host, first): (&String, &i64)| format!("{host} at {}", rfc3339(*first));
                let hosts: Vec<String> = uses.hosts.iter().map(host).collect();
                let hidden = match uses.is_alerted {
                    true => "",
                    false => ", hidden by an exception that does not cover this,",
                };
                console.note(format_args!(
                    "{} {}{hidden} was used later by {}",
                    what.before_value(),
                    String::from_utf8_lossy(port),
                    hosts.join(", ")
                ));
            }
        }
    }
}
