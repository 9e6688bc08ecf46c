//! Whether a log is fit for detection: what is in it, host by host, and what
//! of that keeps a rare port from being found.
//!
//! [`survey`] and [`ports`] gather, [`finding`] judges. Where the log is read and how the
//! answer is shown is for the command.

mod finding;
mod ports;
mod survey;

pub(crate) use self::finding::{Finding, Missing, Severity, findings};
pub(crate) use self::survey::{Connects, Host, Sighting, Survey};
