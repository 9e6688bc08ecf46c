//! An audit event as a person names it: by its serial, and by its time or by the
//! host that wrote it, as serials begin anew with every boot of every host.

use std::fmt::{self, Display};
use std::str::FromStr;

use auditparse::EventId;

/// An event of an audit log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum AuditEvent {
    /// By time and serial.
    At(EventId),
    /// By host and serial.
    Of {
        /// The node that the log names or, where it names none, the host that
        /// the log is of.
        node: String,
        /// The serial.
        serial: u32,
    },
}

impl AuditEvent {
    /// Whether records with this id are of the event; `node` is the host that
    /// wrote them.
    pub(crate) fn has(&self, id: EventId, node: &[u8]) -> bool {
        match self {
            AuditEvent::At(wanted) => *wanted == id,
            AuditEvent::Of { node: wanted, serial } => {
                *serial == id.serial && wanted.as_bytes() == node
            }
        }
    }
}

impl FromStr for AuditEvent {
    type Err = String;

    /// Reads `TIME:SERIAL`, also as `msg=audit(TIME:SERIAL):`, or `NODE:SERIAL`.
    fn from_str(text: &str) -> Result<AuditEvent, String> {
        let inner = text.trim_end_matches(':').strip_suffix(')').unwrap_or(text);
        let inner = inner.strip_prefix("msg=").unwrap_or(inner);
        let inner = inner.strip_prefix("audit(").unwrap_or(inner);
        if let Ok(id) = inner.parse() {
            return Ok(AuditEvent::At(id));
        }
        match inner.rsplit_once(':').map(|(node, serial)| (node, serial.parse())) {
            Some((node, Ok(serial))) if !node.is_empty() => {
                Ok(AuditEvent::Of { node: node.to_owned(), serial })
            }
            _ => Err("expected the id of an audit event as in msg=audit(1780565765.716:3163), or \
                      the host and the serial, as in web01:3163"
                .to_owned()),
        }
    }
}

impl Display for AuditEvent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            AuditEvent::At(id) => id.fmt(f),
            AuditEvent::Of { node, serial } => write!(f, "{node}:{serial}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_event_is_named_by_time_or_host() {
        let at = AuditEvent::At(EventId { millis: 1_780_565_765_716, serial: 3163 });
        for text in
            ["1780565765.716:3163", "audit(1780565765.716:3163)", "msg=audit(1780565765.716:3163):"]
        {
            assert_eq!(text.parse(), Ok(at.clone()), "{text}");
        }
        let of = |node: &str, serial| Ok(AuditEvent::Of { node: node.to_owned(), serial });
        assert_eq!("web01:3163".parse(), of("web01", 3163));
        assert_eq!("10.0.0.1:7".parse(), of("10.0.0.1", 7));
        assert_eq!("fe80::1:7".parse(), of("fe80::1", 7));
        for wrong in ["", "7", ":7", "web01", "web01:", "web01:x", "web01:4294967296"] {
            assert!(wrong.parse::<AuditEvent>().is_err(), "{wrong}");
        }
    }
}
