//! `Serialize` for what is read (feature `serde`). This module owns the form that records, events
//! and connections take in JSON and its kin: text as strings, escaped where it is not UTF-8.

use std::borrow::Cow;

use foldhash::fast::RandomState;
use indexmap::IndexMap;
use serde::ser::{Serialize, SerializeMap, SerializeSeq, SerializeStruct, Serializer};
use smallvec::SmallVec;

use crate::connection::Connection;
use crate::event::Event;
use crate::field::Field;
use crate::process::{Id, Keys};
use crate::record::Record;
use crate::record_type::RecordType;
use crate::sockaddr::{SockAddr, SockAddrBytes, SockAddrError};

/// Bytes as text: themselves if they are UTF-8, else escaped as by [`u8::escape_ascii`].
fn text(bytes: &[u8]) -> Cow<'_, str> {
    match core::str::from_utf8(bytes) {
        Ok(text) => Cow::Borrowed(text),
        Err(_) => Cow::Owned(bytes.escape_ascii().to_string()),
    }
}

impl Serialize for RecordType {
    /// The name, or `UNKNOWN[number]`.
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// The fields of a record as a map. Of a key that repeats, the value is an array of its values in
/// order, since readers of JSON keep but one of several entries.
struct FieldMap<'a>(&'a Record<'a>);

impl Serialize for FieldMap<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut fields: IndexMap<_, SmallVec<[FieldValue<'_>; 1]>, RandomState> =
            IndexMap::default();
        for field in self.0.fields() {
            fields.entry(text(field.key())).or_default().push(FieldValue(field));
        }
        let mut map = serializer.serialize_map(Some(fields.len()))?;
        for (key, values) in &fields {
            match &values[..] {
                [value] => map.serialize_entry(key, value)?,
                values => map.serialize_entry(key, values)?,
            }
        }
        map.end()
    }
}

/// The text of a field, or null if the field says that there is none.
struct FieldValue<'a>(Field<'a>);

impl Serialize for FieldValue<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if self.0.is_absent() {
            return serializer.serialize_none();
        }
        serializer.serialize_str(&text(&self.0.text()))
    }
}

impl Serialize for Record<'_> {
    /// `{"node", "type", "millis", "serial", "fields": {…}}`; no node, no `node`. A field without a
    /// value (`key=(null)`) is null, one that repeats an array.
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut record = serializer.serialize_struct("Record", 5)?;
        match self.node() {
            Some(node) => record.serialize_field("node", &text(node))?,
            None => record.skip_field("node")?,
        }
        record.serialize_field("type", &text(self.type_name()))?;
        record.serialize_field("millis", &self.id().millis)?;
        record.serialize_field("serial", &self.id().serial)?;
        record.serialize_field("fields", &FieldMap(self))?;
        record.end()
    }
}

impl Serialize for Event<'_> {
    /// `{"node", "millis", "serial", "completion", "records": [{"type", "fields"}, …]}`.
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        /// A record without what it shares with its event.
        struct Part<'a>(&'a Record<'a>);

        impl Serialize for Part<'_> {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                let mut part = serializer.serialize_struct("Record", 2)?;
                part.serialize_field("type", &text(self.0.type_name()))?;
                part.serialize_field("fields", &FieldMap(self.0))?;
                part.end()
            }
        }

        let mut event = serializer.serialize_struct("Event", 5)?;
        match self.node() {
            Some(node) => event.serialize_field("node", &text(node))?,
            None => event.skip_field("node")?,
        }
        event.serialize_field("millis", &self.id().millis)?;
        event.serialize_field("serial", &self.id().serial)?;
        event.serialize_field("completion", &self.completion())?;
        let parts: Vec<_> = self.records().iter().map(Part).collect();
        event.serialize_field("records", &parts)?;
        event.end()
    }
}

impl Serialize for Id<'_> {
    /// `{"number", "name"}`.
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut id = serializer.serialize_struct("Id", 2)?;
        id.serialize_field("number", &self.number)?;
        id.serialize_field("name", &self.name.map(text))?;
        id.end()
    }
}

impl Serialize for Keys<'_> {
    /// A list of strings.
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut list = serializer.serialize_seq(None)?;
        for key in self.iter() {
            list.serialize_element(&text(key))?;
        }
        list.end()
    }
}

impl Serialize for SockAddr<'_> {
    /// `{"family", "ip", "port"}`, of IPv6 also `"flow"` and `"scope"`; for other families
    /// `{"family", "address"}` with the text form of `Display`.
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut address = serializer.serialize_struct("SockAddr", 5)?;
        address.serialize_field("family", &self.family_name())?;
        match (self.ip(), self.port()) {
            (Some(ip), Some(port)) => {
                address.serialize_field("ip", &ip)?;
                address.serialize_field("port", &port)?;
            }
            _ => address.serialize_field("address", &self.to_string())?,
        }
        if let SockAddr::Inet6 { flow, scope, .. } = self {
            address.serialize_field("flow", flow)?;
            address.serialize_field("scope", scope)?;
        }
        address.end()
    }
}

/// An address or, as `{"error"}`, why there is none.
struct AddressOrReason<'a>(Result<SockAddr<'a>, SockAddrError>);

impl Serialize for AddressOrReason<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match &self.0 {
            Ok(address) => address.serialize(serializer),
            Err(error) => {
                let mut reason = serializer.serialize_struct("SockAddrError", 1)?;
                reason.serialize_field("error", &error.to_string())?;
                reason.end()
            }
        }
    }
}

/// Bytes as pairs of hexadecimal digits, as `saddr=` has them.
fn hex(bytes: &SockAddrBytes) -> String {
    bytes.as_bytes().iter().map(|byte| format!("{byte:02X}")).collect()
}

impl Serialize for Connection<'_> {
    /// Everything that the accessors tell; what the event does not say is null. An address that
    /// cannot be read is `{"error"}`; its bytes are in `address_bytes`, in hexadecimal. Problems
    /// are texts.
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut connection = serializer.serialize_struct("Connection", 30)?;
        self.serialize_call(&mut connection)?;
        self.serialize_process(&mut connection)?;
        connection.end()
    }
}

impl Connection<'_> {
    /// What was called and how it went.
    fn serialize_call<S: SerializeStruct>(&self, connection: &mut S) -> Result<(), S::Error> {
        let problems: Vec<_> = self.problems().map(|problem| problem.to_string()).collect();
        connection.serialize_field("node", &self.node().map(text))?;
        connection.serialize_field("millis", &self.id().millis)?;
        connection.serialize_field("serial", &self.id().serial)?;
        connection.serialize_field("kind", &self.kind())?;
        connection.serialize_field("via", &self.via())?;
        connection.serialize_field("address", &AddressOrReason(self.address()))?;
        connection.serialize_field("address_bytes", &self.address_bytes().map(hex))?;
        connection.serialize_field("outcome", &self.outcome())?;
        connection.serialize_field("success", &self.success())?;
        connection.serialize_field("exit", &self.exit())?;
        connection.serialize_field("errno", &self.errno_name())?;
        connection.serialize_field("denied_by", &self.denied_by())?;
        connection.serialize_field("arch", &self.arch().map(|arch| arch.to_string()))?;
        connection.serialize_field("syscall", &self.syscall_number())?;
        connection.serialize_field("uring_op", &self.uring_op())?;
        connection.serialize_field("problems", &problems)
    }

    /// Who made the call, and with which arguments.
    fn serialize_process<S: SerializeStruct>(&self, connection: &mut S) -> Result<(), S::Error> {
        let process = self.process();
        connection.serialize_field("arguments", &process.arguments.map(|word| word.map(text)))?;
        connection.serialize_field("pid", &process.pid)?;
        connection.serialize_field("ppid", &process.ppid)?;
        connection.serialize_field("auid", &process.auid)?;
        connection.serialize_field("uid", &process.uid)?;
        connection.serialize_field("euid", &process.euid)?;
        connection.serialize_field("gid", &process.gid)?;
        connection.serialize_field("ses", &process.ses)?;
        connection.serialize_field("tty", &process.tty.map(text))?;
        connection.serialize_field("subj", &process.subj.map(text))?;
        connection.serialize_field("comm", &process.comm.as_deref().map(text))?;
        connection.serialize_field("exe", &process.exe.as_deref().map(text))?;
        connection.serialize_field("proctitle", &self.proctitle().as_deref().map(text))?;
        connection.serialize_field("keys", &process.keys)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{json, to_value};

    use crate::{Connections, Events, Record, SockAddrBytes};

    const LOG: &[u8] = b"\
node=a type=SYSCALL msg=audit(1.001:7): arch=c000003e syscall=42 success=no exit=-111 a0=3 \
ppid=1 pid=2 auid=4294967295 uid=0 tty=(none) comm=FF exe=\"/x\" key=6101\x1dUID=\"root\"
node=a type=SOCKADDR msg=audit(1.001:7): saddr=020001BB0A000001
node=a type=PROCTITLE msg=audit(1.001:7): proctitle=\"x\"
";

    #[test]
    fn a_record_is_its_header_and_a_map() {
        let record = Record::parse(b"type=CWD msg=audit(1.001:7): cwd=2F61FF x=\"y\"").unwrap();
        let expected = json!({
            "type": "CWD", "millis": 1001, "serial": 7,
            "fields": {"cwd": "/a\\xff", "x": "y"},
        });
        assert_eq!(to_value(record).unwrap(), expected);
    }

    #[test]
    fn keys_that_repeat_and_absent_values_are_told() {
        let line = b"type=X msg=audit(1.001:7): a=1 b=(null) c=\"(null)\" a=? a=\"2\" d=";
        let record = to_value(Record::parse(line).unwrap()).unwrap();
        let expected = json!({"a": ["1", null, "2"], "b": null, "c": "(null)", "d": null});
        assert_eq!(record["fields"], expected);
    }

    #[test]
    fn an_address_of_ipv6_has_its_scope_and_flow() {
        let digits = b"0A0001BB00012345FE80000000000000000000000000000102000000";
        let address = SockAddrBytes::from_hex(digits);
        let expected = json!({
            "family": "inet6", "ip": "fe80::1", "port": 443, "flow": 0x12345, "scope": 2,
        });
        assert_eq!(to_value(address.decode(None).unwrap()).unwrap(), expected);
    }

    #[test]
    fn an_address_that_is_not_there_has_a_reason() {
        let log = String::from_utf8_lossy(LOG);
        let without = log.lines().filter(|line| !line.contains("SOCKADDR")).collect::<Vec<_>>();
        let connection = to_value(Connections::new(without.join("\n").as_bytes()).next()).unwrap();
        assert_eq!(
            connection["address"],
            json!({"error": "expected a SOCKADDR record, found none"})
        );
        assert_eq!(connection["address_bytes"], json!(null));
        let cut = log.replace("saddr=020001BB0A000001", "saddr=020001BB0");
        let connection = to_value(Connections::new(cut.as_bytes()).next()).unwrap();
        let error = "expected 8 bytes of an address of family 2, found 4";
        assert_eq!(connection["address"], json!({"error": error}));
        assert_eq!(connection["address_bytes"], "020001BB");
        assert_eq!(connection["problems"].as_array().map(Vec::len), Some(1));
    }

    #[test]
    fn an_event_lists_its_records() {
        let event = to_value(Events::new(LOG).next().unwrap()).unwrap();
        assert_eq!(event["node"], "a");
        assert_eq!(event["completion"], "proctitle");
        assert_eq!(
            event["records"][1],
            json!({"type": "SOCKADDR", "fields": {"saddr": "020001BB0A000001"}})
        );
    }

    #[test]
    fn a_connection_tells_all() {
        let connection = to_value(Connections::new(LOG).next().unwrap()).unwrap();
        assert_eq!(connection["address"], json!({"family": "inet", "ip": "10.0.0.1", "port": 443}));
        assert_eq!(connection["errno"], "ECONNREFUSED");
        assert_eq!(connection["uid"], json!({"number": 0, "name": "root"}));
        assert_eq!(connection["comm"], "\\xff");
        assert_eq!(connection["keys"], json!(["a", ""]));
        assert_eq!(connection["tty"], json!(null));
        assert_eq!(connection["success"], false);
        assert_eq!(connection["syscall"], 42);
        assert_eq!(connection["uring_op"], json!(null));
        assert_eq!(connection["arguments"], json!(["3", null, null, null]));
        assert_eq!(connection["address_bytes"], "020001BB0A000001");
        assert_eq!(connection["problems"], json!([]));
    }
}
