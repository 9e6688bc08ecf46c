//! A small log read in every way at once, and what one may ask of it in a line.

use auditparse::{
    Connection, Connections, Event, Events, FieldErrorKind, Record, RecordErrorKind, Records,
    SockAddrBytes, Stats,
};

use super::lossy;

/// Everything that a reader makes of a log.
pub(crate) struct Small<'a> {
    pub(crate) records: Vec<Record<'a>>,
    pub(crate) rejected: Vec<RecordErrorKind>,
    pub(crate) events: Vec<Event<'a>>,
    pub(crate) connections: Vec<Connection<'a>>,
    /// Of reading the events.
    pub(crate) stats: Stats,
}

impl<'a> Small<'a> {
    pub(crate) fn new(log: &'a [u8]) -> Small<'a> {
        let (mut records, mut rejected) = (Vec::new(), Vec::new());
        for line in Records::new(log) {
            match line {
                Ok(record) => records.push(record),
                Err(error) => rejected.push(error.kind()),
            }
        }
        let mut reader = Events::new(log);
        let events: Vec<_> = reader.by_ref().collect();
        let stats = reader.stats();
        Small { records, rejected, events, connections: Connections::new(log).collect(), stats }
    }

    /// The connections as `KIND ADDRESS OUTCOME`, in the order of the log.
    pub(crate) fn summary(&self) -> Vec<String> {
        self.connections.iter().map(describe).collect()
    }

    /// The decoded value of the first field with this key, over all records.
    pub(crate) fn text(&self, key: &str) -> String {
        let field = self.records.iter().find_map(|record| record.get(key));
        field.map_or_else(|| format!("no {key}"), |field| lossy(field.text()))
    }

    /// What is wrong within the records.
    pub(crate) fn problems(&self) -> Vec<FieldErrorKind> {
        let problems = self.records.iter().flat_map(Record::problems);
        problems.map(|problem| problem.kind()).collect()
    }

    /// The argument vector of the only event.
    pub(crate) fn argv(&self) -> Vec<String> {
        let argv = self.events[0].argv().expect("an EXECVE record");
        argv.iter().map(lossy).collect()
    }

    /// The address of the only connection as it came.
    pub(crate) fn saddr(&self) -> &SockAddrBytes {
        self.connections[0].address_bytes().expect("an address")
    }

    /// The keys of the only connection.
    pub(crate) fn keys(&self) -> Vec<String> {
        self.connections[0].keys().iter().map(lossy).collect()
    }
}

/// A connection as `KIND ADDRESS OUTCOME`, such as `connect 10.0.0.1:443 EINPROGRESS`.
pub(crate) fn describe(connection: &Connection<'_>) -> String {
    let address = match connection.address() {
        Ok(address) => address.to_string(),
        Err(error) => format!("({error})"),
    };
    let outcome = match (connection.success(), connection.errno_name()) {
        (Some(true), _) => "ok",
        (_, Some(name)) => name,
        (Some(false), None) => "failed",
        (None, None) => "unknown",
    };
    format!("{} {address} {outcome}", connection.kind())
}
