//! The files that an event of an audit log is in, as far as commands that show the event name them.
//!
//! Which files there are, and what they hold, is for whoever read them to say.

use super::Sample;
use serde::{Deserialize, Serialize};

/// The files of the log that an event is in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LogFiles {
    /// Their names, quoted for a shell, with blanks between them; or a directory or pattern.
    pub words: String,
    /// How `ausearch` comes to what they hold.
    pub search: Search,
}

/// How `ausearch` comes to what files hold.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Search {
    /// It reads them.
    Direct,
    /// It reads what this command prints of them.
    Piped(String),
    /// Not at all: they are not in auditd's own format, or each is compressed in another way.
    Impossible,
}

/// The log that `ausearch` reads unless told otherwise, by its directory and its file.
const SYSTEM_LOG: [&str; 2] = ["/var/log/audit", "/var/log/audit/audit.log"];

/// The command by which `ausearch` shows the event of a sample, given what identifies the event.
pub(super) fn ausearch(files: Option<&LogFiles>, event: &str) -> Option<String> {
    match files {
        None => Some(format!("ausearch {event}")),
        Some(LogFiles { words, search: Search::Direct }) if SYSTEM_LOG.contains(&&**words) => {
            Some(format!("ausearch {event}"))
        }
        Some(LogFiles { words, search: Search::Direct }) => {
            Some(format!("ausearch -if {words} {event}"))
        }
        Some(LogFiles { words, search: Search::Piped(command) }) => {
            Some(format!("{command} {words} | ausearch {event}"))
        }
        Some(LogFiles { search: Search::Impossible, .. }) => None,
    }
}

impl Sample {
    /// The command by which this project's own program shows the audit records of the event,
    /// whatever the files of its log hold; `None` if they are not known.
    ///
    /// ```
    /// use rareport::evidence::{LogFiles, Sample, Search};
    /// use std::sync::Arc;
    ///
    /// let files = LogFiles { words: "audit.log.gz".to_owned(), search: Search::Piped("zcat".to_owned()) };
    /// let sample =
    ///     Sample { millis: 1_007, serial: Some(9), log: Some(Arc::new(files)), ..Sample::default() };
    /// let command = sample.records_command();
    /// assert_eq!(command.as_deref(), Some("rareport records --event 1.007:9 audit.log.gz"));
    /// assert_eq!(sample.command().as_deref(), Some("zcat audit.log.gz | ausearch -a 9"));
    /// ```
    #[must_use]
    pub fn records_command(&self) -> Option<String> {
        let (serial, files) = (self.serial?, self.log.as_ref()?);
        let (seconds, millis) = (self.millis.div_euclid(1000), self.millis.rem_euclid(1000));
        Some(format!("rareport records --event {seconds}.{millis:03}:{serial} {}", files.words))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_log_is_named_unless_it_is_the_systems() {
        let of = |words: &str, search| {
            let files = LogFiles { words: words.to_owned(), search };
            ausearch(Some(&files), "-a 7")
        };
        assert_eq!(of("/var/log/audit", Search::Direct).as_deref(), Some("ausearch -a 7"));
        assert_eq!(of("'a b'", Search::Direct).as_deref(), Some("ausearch -if 'a b' -a 7"));
        let piped = of("a.gz b", Search::Piped("zcat -f".to_owned()));
        assert_eq!(piped.as_deref(), Some("zcat -f a.gz b | ausearch -a 7"));
        assert_eq!(of("syslog", Search::Impossible), None);
        assert_eq!(ausearch(None, "-a 7").as_deref(), Some("ausearch -a 7"));
    }
}
