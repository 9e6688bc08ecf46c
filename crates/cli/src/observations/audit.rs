//! Events from audit logs: the connects to other hosts, with the ECS fields
//! that `rareport events` gives them.

use auditparse::Connection;

use super::fields::{Event, Fields};
use crate::ecs::{Document, Field};
use crate::feed::destination;
use crate::input::{FromConnection, Totals};
use crate::stamp::Stamper;

/// A connect to another host as an event.
pub(super) struct Connect {
    /// Fields with the place of their value.
    fields: Vec<(Field, usize)>,
    stamper: Stamper,
    pub(super) event: Event,
}

impl Connect {
    /// A place for connects, of which these fields are wanted.
    pub(super) fn new(fields: &Fields) -> Connect {
        let names = fields.names().iter().enumerate();
        Connect {
            fields: names.filter_map(|(place, name)| Some((Field::named(name)?, place))).collect(),
            stamper: Stamper::new(),
            event: Event::new(fields),
        }
    }
}

impl FromConnection for Connect {
    fn take(&mut self, connection: &Connection<'_>, host: &str, totals: &mut Totals) -> bool {
        if let Err(reason) = destination(connection) {
            totals.left_out(reason);
            return false;
        }
        let millis = connection.id().millis;
        let document = Document::new(connection, self.stamper.format(millis), host);
        self.event.clear();
        self.event.has_node = connection.node().is_some();
        self.event.millis = i64::try_from(millis).unwrap_or(i64::MAX);
        for &(field, place) in &self.fields {
            if let Some(value) = document.model_value(field) {
                value.append_to(self.event.value_mut(place));
            }
        }
        true
    }

    fn time(&self) -> i64 {
        self.event.millis
    }
}
