//! The program as its users meet it: arguments and input in, output, messages
//! and exit status out.

// Helpers of tests fail as tests do.
#![allow(clippy::expect_used, clippy::unwrap_used)]

mod alerts;
mod anomalies;
#[cfg(target_os = "linux")]
mod auditd;
mod backtest;
mod check;
mod common;
mod consumers;
#[cfg(target_os = "linux")]
mod daemon;
mod detect;
mod documents;
mod ecs_types;
mod events;
mod explain;
#[cfg(target_os = "linux")]
mod faults;
mod feed;
mod follow;
mod forgetting;
mod golden;
#[cfg(target_os = "linux")]
mod hostile;
mod input;
mod jobs;
mod journal;
#[cfg(target_os = "linux")]
mod killed;
#[cfg(target_os = "linux")]
mod memory;
mod observations;
mod output;
mod read_on;
mod records;
mod report;
mod report_rules;
mod report_size;
mod rules;
mod sinks;
mod snippet;
mod state;
mod threads;
mod version;
