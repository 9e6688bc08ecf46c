//! The state of a detection as plain data.
//!
//! Rules, exceptions and calendar windows may be changed while the state is kept: rules are known by
//! their ids, the others by their comments. What is new begins with nothing; what is gone is
//! forgotten, but not a rule that still has alerts to give.

use super::Detection;
use super::executor::RuleState;
use super::names::places_in;
use super::watched::{ExceptionState, WatchedException, WatchedWindow, WindowState};
use crate::evidence::{Behind, BehindState, Evidence, GathererState};
use crate::job::JobConfig;
use crate::rule::{Profile, RuleSet};
use crate::snapshot::{SnapshotError, SnapshotJob, impossible};
use crate::summary::MOST_EVENTS;
use serde::{Deserialize, Serialize};

/// Everything a [`Detection`] remembers.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct DetectionState {
    job: SnapshotJob,
    closed_until: Option<i64>,
    rules: Vec<RuleState>,
    exceptions: Vec<ExceptionState>,
    calendar: Vec<WindowState>,
    evidence: GathererState,
}

/// Which of the rules and exceptions of a state are those that there are now.
struct Places {
    /// For each rule that there is, its place in the state.
    rules: Vec<Option<usize>>,
    /// For each exception that there is, its place in the state.
    exceptions: Vec<Option<usize>>,
}

impl DetectionState {
    /// Name of the job that the state belongs to.
    #[must_use]
    pub fn job_id(&self) -> &str {
        &self.job.job_id
    }

    /// Ids of the rules that were executed.
    pub fn rule_ids(&self) -> impl Iterator<Item = &str> {
        self.rules.iter().map(|rule| rule.rule_id.as_str())
    }

    fn check_counts(&self) -> Result<(), SnapshotError> {
        let of_exceptions = self.exceptions.iter();
        let of_exceptions = of_exceptions.flat_map(ExceptionState::counts);
        let of_windows = self.calendar.iter().map(|window| window.events);
        if of_exceptions.chain(of_windows).any(|count| count > MOST_EVENTS) {
            return Err(impossible("what exceptions and calendar windows did is miscounted"));
        }
        Ok(())
    }

    /// Refuses to forget a rule that has alerts to give.
    fn check_rules(&self, places: &Places) -> Result<(), SnapshotError> {
        let rules = self.rules.iter().enumerate();
        let mut gone = rules.filter(|(place, _)| !places.rules.contains(&Some(*place)));
        match gone.find(|(_, rule)| rule.waits()) {
            None => Ok(()),
            Some((_, rule)) => Err(SnapshotError::OtherRule {
                rule_id: rule.rule_id.clone(),
                expected: "among those that are executed".to_owned(),
                found: "not among them".to_owned(),
            }),
        }
    }

    /// What lies behind a value, counted for the rules and exceptions that there are now. Events that
    /// came before a rule or an exception was there are not covered by it.
    fn behind(
        &self,
        places: &Places,
        state: &BehindState,
        evidence: Evidence,
    ) -> Result<Behind, SnapshotError> {
        let BehindState { covered_by, uncovered, .. } = state;
        let is_complete =
            covered_by.len() == self.exceptions.len() && uncovered.len() == self.rules.len();
        if !is_complete || covered_by.iter().chain(uncovered).any(|&c| c > evidence.events) {
            return Err(impossible("what exceptions cover is miscounted"));
        }
        let covered = |place: &Option<usize>| place.map_or(0, |place| covered_by[place]);
        let left = |place: &Option<usize>| place.map_or(evidence.events, |place| uncovered[place]);
        Ok(Behind {
            covered_by: places.exceptions.iter().map(covered).collect(),
            uncovered: places.rules.iter().map(left).collect(),
            evidence,
        })
    }
}

impl Detection {
    /// The whole state, for [`restore`](Self::restore).
    ///
    /// A detection that is restored gives the same alerts as this one for the same events and results.
    #[must_use]
    pub fn snapshot(&self) -> DetectionState {
        DetectionState {
            job: self.job.clone(),
            closed_until: self.closed_until,
            rules: self.executors.iter().map(|executor| executor.state()).collect(),
            exceptions: self.exceptions.iter().map(WatchedException::state).collect(),
            calendar: self.calendar.iter().map(WatchedWindow::state).collect(),
            evidence: self.gatherer.state(),
        }
    }

    /// The rules of a set that are for a job, carried on from a state.
    ///
    /// The set may be another than it was: rules are known by their ids, exceptions and calendar
    /// windows by their comments. What is new has seen nothing yet.
    ///
    /// # Errors
    /// As [`Detection::new`]; if the state is that of another job; if a rule is missing, or groups
    /// alerts in another way, that still has alerts to give; or if no detection can be in the state.
    pub fn restore(
        set: RuleSet,
        job: &JobConfig,
        profile: Profile,
        state: &DetectionState,
    ) -> Result<Detection, SnapshotError> {
        let mut detection = Detection::new(set, job, profile)?;
        detection.job.check(&state.job)?;
        state.check_counts()?;
        let places = detection.places(state);
        state.check_rules(&places)?;
        for (executor, place) in detection.executors.iter_mut().zip(&places.rules) {
            place.map_or(Ok(()), |place| executor.resume(&state.rules[place]))?;
        }
        for (watched, place) in detection.exceptions.iter_mut().zip(&places.exceptions) {
            if let Some(place) = *place {
                watched.resume(&state.exceptions[place]);
            }
        }
        detection.resume_calendar(state);
        detection.closed_until = state.closed_until;
        let adapt = |behind: &BehindState, evidence| state.behind(&places, behind, evidence);
        detection.gatherer = detection.gatherer.resumed(&state.evidence, adapt)?;
        Ok(detection)
    }

    fn places(&self, state: &DetectionState) -> Places {
        let rules = self.executors.iter().map(|executor| executor.rule().rule_id.as_str());
        let exceptions = self.exceptions.iter().map(WatchedException::comment);
        let before = state.exceptions.iter().map(|exception| exception.comment.as_str());
        Places {
            rules: places_in(state.rule_ids().collect(), rules),
            exceptions: places_in(before.collect(), exceptions),
        }
    }

    fn resume_calendar(&mut self, state: &DetectionState) {
        let before = state.calendar.iter().map(|window| window.comment.as_str());
        let windows = self.calendar.iter().map(WatchedWindow::comment);
        let places = places_in(before.collect(), windows);
        for (window, place) in self.calendar.iter_mut().zip(places) {
            if let Some(place) = place {
                window.resume(&state.calendar[place]);
            }
        }
    }
}
