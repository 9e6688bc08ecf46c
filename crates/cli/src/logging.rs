//! Messages of a run that goes on, as lines of a log on stderr.
//!
//! Under systemd the journal has the time, and takes the priority from `<N>` in
//! front of a line (sd-daemon(3)); elsewhere a line begins with time and level.
//! What is said is the business of the [console](crate::console).

use std::fmt;
use std::io;

use jiff::Timestamp;
use tracing::field::{Field, Visit};
use tracing::{Event, Level, Subscriber};
use tracing_subscriber::fmt::format::Writer;
use tracing_subscriber::fmt::{FmtContext, FormatEvent, FormatFields};
use tracing_subscriber::registry::LookupSpan;

use crate::stamp::rfc3339;

/// Begins to write messages as lines of a log. Only the first call has an
/// effect.
pub(crate) fn start() {
    let lines = if is_journal() { Lines::Journal } else { Lines::Plain };
    // A subscriber that is there already stays.
    let _ = tracing_subscriber::fmt().event_format(lines).with_writer(io::stderr).try_init();
}

/// Writes a message.
pub(crate) fn line(level: Level, message: &str) {
    match level {
        Level::ERROR => tracing::error!("{message}"),
        Level::WARN => tracing::warn!("{message}"),
        _ => tracing::info!("{message}"),
    }
}

/// Whether the journal takes what is written to stderr (systemd.exec(5)).
fn is_journal() -> bool {
    std::env::var_os("JOURNAL_STREAM").is_some()
}

/// How a line begins.
#[derive(Clone, Copy, Debug)]
enum Lines {
    Plain,
    Journal,
}

impl<S, N> FormatEvent<S, N> for Lines
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    N: for<'a> FormatFields<'a> + 'static,
{
    fn format_event(
        &self,
        _: &FmtContext<'_, S, N>,
        mut out: Writer<'_>,
        event: &Event<'_>,
    ) -> fmt::Result {
        let level = *event.metadata().level();
        let mut message = Message::default();
        event.record(&mut message);
        match self {
            Lines::Journal => writeln!(out, "<{}>{}", priority(level), message.0),
            Lines::Plain => {
                let now = rfc3339(Timestamp::now().as_millisecond());
                writeln!(out, "{now} {level:5} rareport: {}", message.0)
            }
        }
    }
}

/// The priority of syslog(3).
fn priority(level: Level) -> u8 {
    match level {
        Level::ERROR => 3,
        Level::WARN => 4,
        Level::INFO => 6,
        _ => 7,
    }
}

/// The message of an event.
#[derive(Default)]
struct Message(String);

impl Visit for Message {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        if field.name() == "message" {
            self.0 = format!("{value:?}");
        }
    }
}
