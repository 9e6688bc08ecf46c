//! What `--explain-config` prints: what is in force, first in short, and then as
//! a rule file that says the same.

mod arguments;

use std::fmt::{self, Display, Write};

use anyhow::Result;
use clap::ValueEnum;
use jiff::Timestamp;
use rareport::calendar::{When, Window};
use rareport::exception::{Action, Exception};
use rareport::job::span_text;
use rareport::rule::{Rule, RuleSet};

use crate::args::{DetectArgs, FeedArgs, FeedVersion, Profile};
use crate::job::Chosen;
use crate::stamp::rfc3339;
use crate::text::Inert;

/// What is in force; which exceptions have expired is said as of `today`.
///
/// # Errors
///
/// If the rules cannot be written, which they always can.
pub(crate) fn explain(
    set: &RuleSet,
    jobs: &[Chosen],
    args: &DetectArgs,
    today: Timestamp,
) -> Result<String> {
    let mut text = String::new();
    summarize(&mut text, set, jobs, args, today)?;
    text.push('\n');
    text.push_str(&set.to_toml()?);
    Ok(text)
}

/// Writes the summary as comments of TOML.
fn summarize(
    out: &mut String,
    set: &RuleSet,
    jobs: &[Chosen],
    args: &DetectArgs,
    today: Timestamp,
) -> fmt::Result {
    writeln!(out, "# What is in force, in short, and then as a rule file that says the same.")?;
    writeln!(out, "#")?;
    arguments::summarize(out, args)?;
    writeln!(out, "# Profile: {}", name(args.feed.profile))?;
    writeln!(out, "# Datafeed: {}", datafeed(&args.feed))?;
    for Chosen { job, .. } in jobs {
        writeln!(
            out,
            "# Job: {}, rare by {} in buckets of {}, events up to {} late; explained by {}",
            job.job_id,
            job.detector.by_field,
            span_text(job.bucket_span),
            span_text(job.latency),
            job.influencers.join(", ")
        )?;
    }
    writeln!(out, "# Rules: {}", set.rules.len())?;
    for rule in &set.rules {
        writeln!(out, "#   {}", of_rule(rule, jobs))?;
    }
    let date = today.strftime("%Y-%m-%d");
    let expired = set.exceptions.iter().filter(|it| it.has_expired(today.as_millisecond())).count();
    match expired {
        0 => writeln!(out, "# Exceptions: {}", set.exceptions.len())?,
        _ => writeln!(
            out,
            "# Exceptions: {}, of which {expired} EXPIRED as of {date}",
            set.exceptions.len()
        )?,
    }
    for exception in &set.exceptions {
        writeln!(out, "#   {}", of_exception(exception, today.as_millisecond()))?;
    }
    writeln!(out, "# Calendar windows: {}", set.calendar.len())?;
    set.calendar.iter().try_for_each(|window| writeln!(out, "#   {}", of_window(window)))
}

/// The name of a value on the command line.
fn name(value: impl ValueEnum) -> String {
    value.to_possible_value().map_or(String::new(), |value| value.get_name().to_owned())
}

/// Which events pass.
fn datafeed(feed: &FeedArgs) -> String {
    let of_elastic = |version| format!("{} of Elastic's job", name(version));
    match (feed.datafeed, feed.profile) {
        (Some(FeedVersion::None), _) => "none: everything passes".to_owned(),
        (Some(version), _) => of_elastic(version),
        (None, Profile::Elastic) => of_elastic(FeedVersion::V3),
        (None, Profile::Rareport) => {
            let include = feed.include.iter().map(|kind| format!(", and {}", name(*kind)));
            format!("default: every connect to another host{}", include.collect::<String>())
        }
    }
}

fn of_rule(rule: &Rule, jobs: &[Chosen]) -> String {
    let id = shown(&rule.rule_id);
    if !rule.enabled {
        return format!("{id}: not executed, as it is not enabled");
    }
    if !jobs.iter().any(|chosen| rule.job_ids.contains(&chosen.job.job_id)) {
        let of = rule.job_ids.join(", ");
        return format!("{id}: not executed, as it is for {}", shown(&of));
    }
    let suppression = rule.suppression.as_ref().map_or(String::new(), |suppression| {
        let within = match suppression.duration {
            Some(seconds) => format!("for {}", span_text(seconds)),
            None => "within an execution".to_owned(),
        };
        let by = suppression.by.join(", ");
        format!("; those alike by {} are counted {within}", shown(&by))
    });
    format!(
        "{id}: alerts with a score of {} or more, every {} over the last {}, at most {} at a \
         time{suppression}",
        rule.threshold,
        span_text(rule.interval),
        span_text(rule.look_back),
        rule.max_alerts
    )
}

fn of_exception(exception: &Exception, today: i64) -> String {
    let comment = shown(&exception.comment);
    let action = match exception.action {
        Action::Hide => "hides alerts",
        Action::Ignore => "keeps events from being learned",
    };
    let until = match exception.expires {
        None => " without an end".to_owned(),
        Some(end) if end <= today => format!(" until {}, EXPIRED", rfc3339(end)),
        Some(end) => format!(" until {}", rfc3339(end)),
    };
    format!("“{comment}” {action}{until}")
}

fn of_window(window: &Window) -> String {
    let when = match &window.when {
        When::Once { from, to } => format!("{} to {}", rfc3339(*from), rfc3339(*to)),
        When::Weekly(weekly) => {
            let days: Vec<&str> = weekly.days.iter().map(|day| day.as_str()).collect();
            format!("every {}, {} to {}", days.join(", "), weekly.from, weekly.to)
        }
        _ => "at times of its own".to_owned(),
    };
    let whose = if window.conditions.is_empty() { "every event" } else { "some events" };
    format!("“{}” {when} UTC, for {whose}", shown(&window.comment))
}

/// A text from a file without line ends, which would end the comment.
fn shown(text: &str) -> impl Display {
    Inert(text.as_bytes())
}
