//! What was read of all formats, and the closing summary of it.

use anyhow::{Result, bail};
use rareport::datafeed::Excluded;

use super::selection::Verdict;
use super::steady::Astray;
use super::totals::RowTotals;
use crate::console::Console;
use crate::input::Totals;
use crate::stamp::rfc3339;
use crate::text::{count, grouped};

/// What was read.
#[derive(Debug, Default)]
pub(crate) struct Read {
    /// Of audit logs.
    pub(crate) audit: Totals,
    /// Of JSON and CSV.
    pub(crate) rows: RowTotals,
    /// Events that the job looks at.
    pub(crate) events: u64,
    /// Of these, rows that are taken as they are.
    chosen: u64,
    /// Events that the filter leaves out.
    pub(crate) excluded: Excluded,
    /// Events that pass, but are not of those that the job looks at.
    pub(crate) not_looked_at: u64,
    /// Events of a clock that was wrong.
    pub(super) astray: Astray,
    /// Whether an earlier run has read a part of the logs, so that what is left
    /// does not tell what is missing in all of them.
    pub(crate) is_rest: bool,
    /// Fields of the job of which no event had a value.
    pub(crate) without_values: Vec<String>,
}

impl Read {
    /// Counts an event; whether it is looked at.
    pub(super) fn count(&mut self, verdict: Verdict) -> bool {
        match verdict {
            Verdict::Excluded(reason) => self.excluded.count(reason),
            Verdict::OtherEvent => self.not_looked_at += 1,
            Verdict::Passed | Verdict::Start => self.events += 1,
            Verdict::Chosen => {
                self.events += 1;
                self.chosen += 1;
            }
        }
        verdict.is_wanted()
    }

    /// Checks that there is something in rows that a job can look at; `by` is
    /// the field whose values are rare or not.
    ///
    /// # Errors
    ///
    /// If there were events, none of an audit log and none with a value.
    pub(crate) fn require_values_of(&self, by: &str, console: &Console) -> Result<()> {
        if self.audit.has_connection() || self.without_values.iter().all(|name| name != by) {
            return Ok(());
        }
        self.rows.report(console);
        bail!(
            "nothing to use: no event has a value of {by}; give audit logs, what `rareport events` \
             prints, or documents or CSV with this field"
        );
    }

    /// Whether something was left out that could have been looked at: in audit logs, connects.
    pub(crate) fn has_left_out(&self) -> bool {
        let has_any = self.excluded.total() + self.not_looked_at > 0;
        has_any && (self.audit.has_connect() || !self.audit.has_record())
    }

    /// Tells what was read and what of it is not used.
    pub(crate) fn report(&self, console: &Console) {
        let has_audit = self.audit.has_record();
        if has_audit {
            console.detail(self.audit.summary(true));
            self.audit.report_skipped(console);
            if !self.is_rest {
                self.audit.report_no_connect(console);
            }
        }
        self.rows.report(console);
        self.report_excluded(console);
        if has_audit && !self.is_rest {
            self.audit.report_addresses(console);
        }
        if self.astray.events > 0 {
            console.warn(format_args!(
                "{} left out, the first of {}: hours after the event before and the one after in \
                 its log, so its clock was wrong",
                count(self.astray.events, "event", "events"),
                rfc3339(self.astray.first)
            ));
        }
        self.report_not_looked_at(console);
        if !self.without_values.is_empty() {
            console
                .warn(format_args!("no event has a value of {}", self.without_values.join(", ")));
        }
    }

    /// Tells what the job does not look at, which is a surprise only where it
    /// looks at nothing else.
    fn report_not_looked_at(&self, console: &Console) {
        let left_out = format_args!(
            "{} left out: the job does not look at them",
            count(self.not_looked_at, "event", "events")
        );
        match (self.not_looked_at, self.events) {
            (0, _) => {}
            (_, 0) => console.note(left_out),
            _ => console.detail(left_out),
        }
    }

    fn report_excluded(&self, console: &Console) {
        if self.excluded.total() > 0 {
            let reasons = self.excluded.iter();
            let reasons =
                reasons.map(|(why, events)| format!("{} {}", grouped(events), why.words()));
            let reasons: Vec<String> = reasons.collect();
            let events = if self.rows.has_file() { "events" } else { "connections" };
            console.detail(format_args!("{events} left out: {}", reasons.join(", ")));
        }
        if self.chosen > 0 && self.excluded.total() > 0 {
            console.detail(format_args!(
                "{} without event.category, event.type and event.action: not held against the \
                 filter",
                count(self.chosen, "row is", "rows are")
            ));
        }
        if self.events + self.not_looked_at == 0
            && self.rows.has_file()
            && self.excluded.total() > 0
        {
            console.warn(
                "everything was left out; `rareport observations --excluded` shows it, and \
                 --datafeed and --include choose what passes",
            );
        }
    }
}
