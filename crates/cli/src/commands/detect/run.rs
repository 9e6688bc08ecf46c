//! A run: events given to all jobs, alerts given out, the state saved.

use anyhow::Result;

use super::alerts::Alerts;
use super::judge::Judge;
use crate::carry::Carry;
use crate::console::Console;
use crate::input::Positions;
use crate::job_run::{JobRun, pass_time_by_all, take_by_all};
use crate::observations::{Event, Verdict};

/// The jobs, and what is made of their results.
pub(super) struct Run<'a> {
    pub(super) jobs: Vec<JobRun>,
    /// One for each job.
    pub(super) judges: Vec<Judge>,
    pub(super) alerts: Alerts,
    /// The state that the run carries on, if it does.
    pub(super) carry: Option<Carry>,
    pub(super) console: &'a Console,
}

impl Run<'_> {
    /// Takes an event, and gives the alerts that are due by its time.
    pub(super) fn take(&mut self, event: &Event, verdict: Verdict) -> Result<()> {
        let Run { jobs, judges, alerts, carry, .. } = self;
        if carry.as_mut().is_some_and(|carry| !carry.is_new(event)) {
            return Ok(());
        }
        for (job, judge) in jobs.iter().zip(judges.iter_mut()) {
            judge.note(job, event, verdict);
        }
        let mut due = Vec::new();
        let outcomes = take_by_all(jobs, event, verdict, |place, detection, results| {
            carry.iter_mut().for_each(|carry| carry.count(place, &results.bucket));
            due.extend(judges[place].judge(detection, results));
            Ok(())
        })?;
        alerts.write(due)?;
        carry.iter_mut().for_each(|carry| carry.became(event, &outcomes));
        let learned = jobs.iter().zip(judges).zip(outcomes).filter(|(_, it)| it.is_learned);
        learned.for_each(|((job, judge), _)| judge.learned(job, event));
        Ok(())
    }

    /// Closes what ends before this time, in milliseconds since 1970.
    pub(super) fn pass_time(&mut self, millis: i64) -> Result<()> {
        let Run { jobs, judges, alerts, carry, .. } = self;
        let mut due = Vec::new();
        pass_time_by_all(jobs, millis, |place, detection, results| {
            carry.iter_mut().for_each(|carry| carry.count(place, &results.bucket));
            due.extend(judges[place].judge(detection, results));
            Ok(())
        })?;
        alerts.write(due)
    }

    /// Notes up to where logs of files were read in the end.
    pub(super) fn reached(&mut self, positions: Positions) {
        if let Some(carry) = &mut self.carry {
            carry.reached(positions);
        }
    }

    /// Saves the state if it is time to, with the positions of followed logs.
    pub(super) fn save_if_due(&mut self, positions: Option<&dyn Fn() -> Positions>) -> Result<()> {
        let Run { jobs, alerts, carry, console, .. } = self;
        let Some(carry) = carry else { return Ok(()) };
        if alerts.take_change() {
            carry.changed();
        }
        if !carry.is_due() {
            return Ok(());
        }
        // No alert may be lost that the state takes for given.
        if !alerts.hand_over()? {
            return Ok(());
        }
        positions.into_iter().for_each(|positions| carry.reached(positions()));
        alerts.owed().into_iter().for_each(|owed| carry.owes(owed));
        carry.save(jobs.iter_mut().map(JobRun::state), console);
        Ok(())
    }

    /// Closes what is open, and gives the alerts that are left; nothing if the
    /// next run carries on. `is_reached` says whether the input goes on after a
    /// time, in milliseconds since 1970.
    pub(super) fn finish(&mut self, is_reached: impl Fn(i64) -> bool) -> Result<()> {
        let Run { jobs, judges, alerts, carry, .. } = self;
        let mut due = Vec::new();
        for (JobRun { detector, detection, .. }, judge) in jobs.iter_mut().zip(judges) {
            judge.tally.closed_by_time = judge.tally.buckets;
            if carry.is_none() {
                detector.finish().for_each(|results| due.extend(judge.judge(detection, results)));
                due.extend(judge.finish(detection));
            }
            judge.tally.is_whole = judge.tally.last.is_some_and(|(_, end)| is_reached(end));
        }
        alerts.write(due)
    }

    /// Hands over what is not handed over yet, and notes which alerts the command is still owed;
    /// whether all alerts were appended that are to be.
    pub(super) fn hand_over_rest(&mut self) -> Result<bool> {
        let left = self.alerts.finish(self.carry.is_some(), self.console)?;
        if let (Some(carry), Some(owed)) = (&mut self.carry, left.owed) {
            carry.owes_in_the_end(owed, self.console);
        }
        Ok(left.is_appended)
    }
}
