//! Command lines as documents give them. Programs that connect again and again
//! show the same one each time, so those of late are kept with the records that
//! they were read from, and comparing takes the place of reading.

use std::hash::BuildHasher;

use auditparse::{Connection, Record};
use foldhash::fast::FixedState;

use crate::output::JsonBuffer;

/// A command line, as a document gives it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Title {
    /// The body of the record that it was read from.
    record: Vec<u8>,
    text: Vec<u8>,
    /// The text as JSON: a value in quotes, and the comma behind it.
    json: JsonBuffer,
    is_there: bool,
    /// Whether nothing is wrong in the record.
    pub(super) is_sound: bool,
}

/// Reads command lines, and keeps each in the place that its record chooses
/// until another needs it.
#[derive(Clone, Debug)]
pub(crate) struct Titles {
    places: Vec<Title>,
    /// The last one that is too long to be kept.
    long: Title,
    hashing: FixedState,
}

impl Titles {
    /// The longest record that is kept, in bytes. The kernel cuts a command line
    /// to 128 bytes, which are 256 digits behind their key.
    const LONGEST: usize = "proctitle=".len() + 256;

    /// Nothing read yet, with room for so many command lines or, if that is no
    /// power of two, the next one.
    pub(crate) fn with_room_for(titles: usize) -> Titles {
        Titles {
            places: vec![Title::default(); titles.next_power_of_two()],
            long: Title::default(),
            hashing: FixedState::default(),
        }
    }

    /// The command line of a connection.
    pub(crate) fn read(&mut self, connection: &Connection<'_>) -> &Title {
        let record = connection.proctitle_record().map_or(&[][..], Record::body);
        let title = if record.len() > Titles::LONGEST {
            &mut self.long
        } else {
            let place = self.hashing.hash_one(record) as usize & (self.places.len() - 1);
            &mut self.places[place]
        };
        // A record that is empty and none at all are not the same.
        if title.record != record || record.is_empty() {
            title.read(record, connection);
        }
        title
    }
}

impl Title {
    /// Reads the command line, whose arguments are ended by NULs, with blanks
    /// between them.
    #[cold]
    fn read(&mut self, record: &[u8], connection: &Connection<'_>) {
        let title = connection.proctitle();
        let text = title.as_deref().unwrap_or_default();
        let length = text.iter().rposition(|&byte| byte != 0).map_or(0, |last| last + 1);
        let blanks = text[..length].iter().map(|&byte| if byte == 0 { b' ' } else { byte });
        self.text.clear();
        self.text.extend(blanks);
        self.json.clear();
        self.json.raw("\"");
        self.json.text(&self.text);
        self.record.clear();
        self.record.extend_from_slice(record);
        self.is_there = title.is_some();
        self.is_sound = connection.has_sound_proctitle();
    }

    /// The text, if the event has a command line.
    pub(super) fn text(&self) -> Option<&[u8]> {
        self.is_there.then_some(&self.text)
    }

    /// The same as a member of JSON.
    pub(super) fn json(&self) -> Option<&JsonBuffer> {
        self.is_there.then_some(&self.json)
    }
}

#[cfg(test)]
mod tests {
    use auditparse::Connections;

    use super::*;

    /// What is read of each record, one after the other, with so much room.
    fn read(records: &[&str], room: usize) -> Vec<(Option<String>, bool)> {
        let event = |(serial, record): (usize, &&str)| {
            let line =
                |kind: &str, body: &str| format!("type={kind} msg=audit(1.001:{serial}): {body}\n");
            line("SYSCALL", "arch=c000003e syscall=42 success=yes exit=0 a0=3 pid=7")
                + &line("SOCKADDR", "saddr=020001BB0A000001")
                + &line(if record.is_empty() { "EOE" } else { "PROCTITLE" }, record)
        };
        let log: String = records.iter().enumerate().map(event).collect();
        let mut titles = Titles::with_room_for(room);
        let all = Connections::new(log.as_bytes());
        all.map(|connection| {
            let title = titles.read(&connection);
            let text = title.text().map(|text| String::from_utf8_lossy(text).into_owned());
            (text, title.is_sound)
        })
        .collect()
    }

    #[test]
    fn a_command_line_is_its_records_own_wherever_it_is_kept() {
        let long = format!("proctitle={}", "61".repeat(400));
        let longer = format!("proctitle={}", "62".repeat(400));
        let told = [
            ("proctitle=6E63002D7A00", Some("nc -z".to_owned()), true),
            ("proctitle=\"sh\"", Some("sh".to_owned()), true),
            ("proctitle=(null)", None, true),
            ("proctitle=\"sh", Some("sh".to_owned()), false),
            ("", None, true),
            ("proctitle", None, false),
            (&long, Some("a".repeat(400)), true),
            (&longer, Some("b".repeat(400)), true),
            ("proctitle=0000", Some(String::new()), true),
        ];
        // Each stands behind each.
        let pairs =
            told.iter().flat_map(|first| told.iter().flat_map(move |second| [first, second]));
        let (records, expected): (Vec<_>, Vec<_>) =
            pairs.map(|(record, text, is_sound)| (*record, (text.clone(), *is_sound))).unzip();
        for room in [0, 1, 3, 256] {
            assert_eq!(read(&records, room), expected, "{room}");
        }
    }
}
