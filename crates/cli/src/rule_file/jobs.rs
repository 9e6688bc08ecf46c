//! The jobs that rules are for, and what of the rules is for each of them.

use std::path::Path;

use anyhow::Result;
use rareport::rule::{Rule, RuleSet};

use super::choose;
use crate::args::JobArgs;
use crate::console::Console;
use crate::job::{self, Chosen};

/// The jobs that a command line asks for, one at least, and the rules over them: the job that it
/// names or, if it names none, all that the rules of a file are for.
///
/// # Errors
///
/// If the job or the rules cannot be used.
pub(crate) fn asked_for(
    args: &JobArgs,
    file: Option<&Path>,
    threshold: Option<f64>,
    console: &Console,
) -> Result<(Vec<Chosen>, RuleSet)> {
    let chosen = job::choose(args, console)?;
    let set = choose(file, threshold, &chosen.job)?;
    let jobs = if args.is_given() { vec![chosen] } else { jobs(&set) };
    Ok((jobs, set))
}

/// The ready-made jobs that enabled rules are for, in the order of the
/// catalogue; the one for destination ports if there is none.
fn jobs(set: &RuleSet) -> Vec<Chosen> {
    let is_wanted = |job_id: &String| {
        set.rules.iter().any(|rule| rule.enabled && rule.job_ids.contains(job_id))
    };
    let wanted: Vec<Chosen> =
        job::all_ready_made().filter(|chosen| is_wanted(&chosen.job.job_id)).collect();
    if wanted.is_empty() { vec![job::default()] } else { wanted }
}

/// What of a set is for one of the jobs that run, by its place among them: its
/// rules with their exceptions, and all calendar windows. Rules that are for
/// none of them are with the first one, which tells of them.
pub(crate) fn of_job(set: &RuleSet, jobs: &[&str], place: usize) -> RuleSet {
    let runs = |rule: &Rule| rule.enabled && rule.job_ids.iter().any(|id| jobs.contains(&&**id));
    let is_here = |rule: &&Rule| {
        if runs(rule) { rule.job_ids.iter().any(|id| id == jobs[place]) } else { place == 0 }
    };
    let rules: Vec<Rule> = set.rules.iter().filter(is_here).cloned().collect();
    let mut exceptions = set.exceptions.clone();
    exceptions.retain_mut(|exception| {
        let is_for_all = exception.rules.is_empty();
        exception.rules.retain(|id| rules.iter().any(|rule| rule.rule_id == *id));
        is_for_all || !exception.rules.is_empty()
    });
    RuleSet { rules, exceptions, calendar: set.calendar.clone() }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RULES: &str = r#"
        [[rule]]
        name = "Ports"
        rule_id = "ports"
        job_ids = ["linux_rare_destination_port"]
        [[rule]]
        name = "Programs"
        rule_id = "programs"
        job_ids = ["linux_rare_network_process"]
        [[rule]]
        name = "Off"
        rule_id = "off"
        enabled = false
        job_ids = ["linux_rare_user"]
        [[exception]]
        comment = "all"
        conditions = [{ field = "host.name", is = "db01" }]
        [[exception]]
        comment = "programs only"
        rules = ["programs", "off"]
        conditions = [{ field = "host.name", is = "db01" }]
        [[calendar]]
        comment = "night"
        weekly = { days = ["sunday"], from = "22:00", to = "04:00" }
    "#;

    fn ids(set: &RuleSet) -> (Vec<&str>, Vec<(&str, Vec<&str>)>) {
        let rules = set.rules.iter().map(|rule| &*rule.rule_id).collect();
        let exceptions = set.exceptions.iter();
        let exceptions = exceptions
            .map(|it| (&*it.comment, it.rules.iter().map(String::as_str).collect()))
            .collect();
        (rules, exceptions)
    }

    #[test]
    fn each_job_has_its_rules_and_their_exceptions() {
        let set = RuleSet::from_toml(RULES).unwrap();
        let jobs = jobs(&set);
        let jobs: Vec<&str> = jobs.iter().map(|chosen| &*chosen.job.job_id).collect();
        assert_eq!(jobs, ["linux_rare_destination_port", "linux_rare_network_process"]);
        let [ports, programs] = [0, 1].map(|place| of_job(&set, &jobs, place));
        assert_eq!(
            ids(&ports),
            (vec!["ports", "off"], vec![("all", vec![]), ("programs only", vec!["off"])])
        );
        assert_eq!(
            ids(&programs),
            (vec!["programs"], vec![("all", vec![]), ("programs only", vec!["programs"])])
        );
        assert_eq!((ports.calendar.len(), programs.calendar.len()), (1, 1));
    }

    #[test]
    fn one_job_has_everything() {
        let set = RuleSet::from_toml(RULES).unwrap();
        let all = of_job(&set, &["linux_rare_destination_port"], 0);
        assert_eq!(all, set);
    }
}
