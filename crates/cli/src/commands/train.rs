//! `rareport train`: old logs learned into a state file, without alerts.
//!
//! Rules are executed all the same: their exceptions and calendar windows say
//! what is not to be learned, and `detect` goes on with a bucket that is open
//! at the end as if it had read all of it.

use std::io::{self, Write};

use anyhow::Result;

use crate::args::TrainArgs;
use crate::carry::Carry;
use crate::console::Console;
use crate::exit::Exit;
use crate::input::Input;
use crate::job_run::{JobRun, events_of, feed_of, fields_of, run_all, take_by_all};
use crate::observations::{Event, Observations, Selection, Verdict};
use crate::rule_file;
use crate::state_summary::Summary;
use crate::unlearned;

/// Runs the command.
pub(crate) fn run(args: &TrainArgs, console: &Console) -> Result<Exit> {
    let (jobs, set) = rule_file::asked_for(&args.job, args.rules.as_deref(), None, console)?;
    rule_file::check(&set, &jobs[0].job, args.feed.input_format, console);
    let selection = &Selection::of(&args.feed, jobs.iter().filter_map(|chosen| chosen.feed))?;
    let (fields, feed) = (fields_of(&jobs, &set), feed_of(&jobs));
    let input = Input::open(&args.input, console)?;
    let (mut carry, snapshots) = Carry::open(&args.state, &args.feed, &fields, console)?;
    let jobs = run_all(jobs, &set, &fields, args.feed.profile, &snapshots)?;
    carry.run_beside(jobs.iter().skip(1).map(JobRun::names));
    let counts: Vec<_> = jobs.iter().map(|job| job.detector.counts()).collect();
    let input = input.reading_on(carry.positions());
    let mut training = Training { jobs, carry };
    console.start_progress(input.size(), false);
    let format = args.feed.input_format;
    let observations =
        Observations { input: &input, format, fields: &fields, feed, selection, console };
    let read = observations.read_judged(|event, verdict| training.take(event, verdict, console))?;
    read.require_values_of(fields.by_name(), console)?;
    read.report(console);
    training.carry.reached(input.positions());
    training.carry.save_at_end(training.jobs.iter_mut().map(JobRun::state), console);
    let Training { jobs, carry } = &training;
    for (job, before) in jobs.iter().zip(counts) {
        let counts = unlearned::since(job.detector.counts(), before);
        let [_, events] = events_of(std::slice::from_ref(job));
        unlearned::tell(&counts, job.detector.job(), events, console);
    }
    carry.tell(events_of(jobs), console);
    if !console.failed() {
        let mut out = io::stdout().lock();
        Summary::of(&args.state)?.write_text(&mut out)?;
        out.flush()?;
    }
    Ok(Exit::Done)
}

/// The models that learn, with the rules whose exceptions say from what.
struct Training {
    jobs: Vec<JobRun>,
    carry: Carry,
}

impl Training {
    fn take(&mut self, event: &Event, verdict: Verdict, console: &Console) -> Result<()> {
        let Training { jobs, carry } = self;
        if !verdict.is_wanted() || !carry.is_new(event) {
            return Ok(());
        }
        // Nobody is to be alarmed by what was long ago.
        let outcomes = take_by_all(jobs, event, verdict, |place, detection, results| {
            carry.count(place, &results.bucket);
            drop(detection.bucket(&results));
            Ok(())
        })?;
        carry.became(event, &outcomes);
        if carry.is_due() {
            carry.save(jobs.iter_mut().map(JobRun::state), console);
        }
        Ok(())
    }
}
