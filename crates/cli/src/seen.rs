//! Events as rules look at them: by name of field, and as samples.

use rareport::evidence::{LogEvent, Sample};
use rareport::rule::RuleSet;

use crate::observations::{Event, Fields};

/// The fields that samples are made of.
const EVIDENCE: [&str; 13] = [
    "event.sequence",
    "host.name",
    "process.pid",
    "process.parent.pid",
    "process.name",
    "process.executable",
    "process.title",
    "user.name",
    "user.audit.name",
    "user.audit.id",
    "destination.ip",
    "event.module",
    "auditd.node",
];

/// The fields that rules and samples need beside those of the job.
pub(crate) fn with_rule_fields(fields: Fields, set: &RuleSet) -> Fields {
    fields.and(set.fields().chain(EVIDENCE)).0
}

/// An event with the names of its values.
#[derive(Clone, Copy)]
pub(crate) struct Seen<'a> {
    pub(crate) fields: &'a Fields,
    pub(crate) event: &'a Event,
}

impl LogEvent for Seen<'_> {
    fn millis(&self) -> i64 {
        self.event.millis
    }

    fn value(&self, field: &str) -> Option<&[u8]> {
        self.fields.place(field).map(|place| self.event.value(place))
    }

    fn values(&self, field: &str) -> Vec<&[u8]> {
        let place = self.fields.place(field);
        place.map_or_else(Vec::new, |place| self.event.values(place).iter().collect())
    }

    fn sample(&self) -> Sample {
        let text = |field: &str| {
            let value = self.value(field).filter(|value| !value.is_empty())?;
            Some(String::from_utf8_lossy(value).into_owned())
        };
        let texts = |field: &str| -> Vec<String> {
            let values = self.values(field).into_iter();
            values.map(|value| String::from_utf8_lossy(value).into_owned()).collect()
        };
        let number = |field: &str| text(field)?.parse().ok();
        let [
            sequence,
            host,
            pid,
            parent,
            name,
            executable,
            title,
            user,
            login,
            login_id,
            ip,
            module,
            node,
        ] = EVIDENCE;
        // Others number their events too.
        let is_audit = self.event.is_audit || self.values(module).contains(&&b"auditd"[..]);
        Sample {
            millis: self.event.millis,
            serial: if is_audit { number(sequence) } else { None },
            log: self.event.log.clone(),
            node: if self.event.has_node { text(host) } else { text(node) },
            host: texts(host),
            pid: number(pid),
            parent_pid: number(parent),
            process: texts(name),
            executable: texts(executable),
            title: texts(title),
            user: texts(user),
            login_user: Some(texts(login))
                .filter(|it| !it.is_empty())
                .unwrap_or_else(|| texts(login_id)),
            destination: texts(ip),
        }
    }
}
