//! Why a run looked at no bucket, so that it says nothing of what is rare: no alert is no sign then
//! that all is well.

use std::fmt::{self, Display};

use super::judge::Judge;
use crate::carry::Carry;
use crate::console::Console;
use crate::job_run::JobRun;
use crate::observations::Read;

/// Such a run.
#[derive(Clone, Debug)]
pub(super) struct Idle {
    /// `None` if it was told before.
    why: Option<Why>,
    /// Whether somebody asks for the exit status, who must not take it for a good sign.
    is_asked: bool,
}

/// Why no bucket was looked at.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Why {
    /// Nothing is in the wanted range of time.
    Outside,
    /// The state with this name had learned everything before.
    NothingNew(String),
    /// The state with this name keeps an open bucket for the next run.
    Open(String),
    /// There was no event that any job looks at, but there were some that the filter leaves out.
    LeftOut,
    /// There was no event that any job looks at.
    NoEvent,
    /// Every event lies in a calendar window or is ignored by an exception.
    Ignored,
    /// No bucket, of so many minutes, was whole.
    TooShort(u32),
}

impl Idle {
    /// Why none of the jobs looked at a bucket; `None` if one did. `is_outside` says whether nothing
    /// is in the wanted range of time, `is_asked` whether somebody asks for the exit status.
    pub(super) fn of(
        jobs: &[JobRun],
        judges: &[Judge],
        read: &Read,
        carry: Option<&Carry>,
        is_outside: bool,
        is_asked: bool,
    ) -> Option<Idle> {
        let looked_at = |judge: &Judge| judge.tally.buckets > judge.tally.background;
        if judges.iter().any(looked_at) {
            return None;
        }
        let pushed = |(job, judge): (&JobRun, &Judge)| {
            job.detector.counts().pushed > judge.before.counts.pushed
        };
        let is_fed = jobs.iter().zip(judges).any(pushed);
        let why = match carry {
            // A warning has told it, which nobody sees who only asks for the exit status.
            _ if is_outside => is_asked.then_some(Why::Outside),
            Some(carry) if carry.is_all_older() => None,
            Some(carry) if carry.new_events() > 0 && is_fed => {
                Some(Why::Open(carry.name().to_owned()))
            }
            Some(carry) if carry.has_taken_all(read.is_rest) => {
                Some(Why::NothingNew(carry.name().to_owned()))
            }
            _ if read.events == 0 && read.has_left_out() => Some(Why::LeftOut),
            _ if read.events == 0 => Some(Why::NoEvent),
            _ if !is_fed => Some(Why::Ignored),
            _ => Some(Why::TooShort(jobs[0].detector.job().bucket_span / 60)),
        };
        Some(Idle { why, is_asked })
    }

    /// Tells that nothing was looked at, and why.
    pub(super) fn tell(&self, console: &Console) {
        match &self.why {
            None => {}
            Some(why @ Why::Open(_)) => console.note(why),
            Some(why) if self.is_asked => console.error(why),
            // As it is for a while between two runs.
            Some(why @ Why::NothingNew(_)) => console.note(why),
            Some(why) => console.warn(why),
        }
    }
}

impl Display for Why {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Why::Open(name) => write!(
                f,
                "no bucket is complete yet, so nothing was looked at: {name} keeps what is new for \
                 the next run"
            ),
            Why::Outside => f.write_str(
                "nothing was looked at: nothing in the input is in the wanted range of time",
            ),
            Why::NothingNew(name) => write!(
                f,
                "nothing was looked at: no event of the input is new to {name}; run again when the \
                 logs have gone on, or look at all of them without --state"
            ),
            Why::LeftOut => f.write_str(
                "nothing was looked at: everything in the input is left out; `rareport observations \
                 --excluded` shows it and why",
            ),
            Why::NoEvent => f.write_str(
                "nothing was looked at: there is no connect to look at; `rareport check` says what \
                 the log lacks",
            ),
            Why::Ignored => f.write_str(
                "nothing was looked at: everything in the input lies in a calendar window or is \
                 ignored by an exception; -v says by which",
            ),
            Why::TooShort(minutes) => write!(
                f,
                "nothing was looked at: what was read of the log spans less than one full bucket of \
                 {minutes} minutes; give more of it, such as its rotations"
            ),
        }
    }
}
