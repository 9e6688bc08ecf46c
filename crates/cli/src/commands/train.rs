//! `rareport train`: old logs learned into a state file, without alerts.
//!
//! Rules are executed all the same: their exceptions and calendar windows say
//! what is not to be learned, and `detect` goes on with a bucket that is open
//! at the end as if it had read all of it.

use std::io::{self, Write};

use anyhow::Result;
use rareport::Detector;
use rareport::detection::Detection;

use crate::args::TrainArgs;
use crate::carry::{self, Carry};
use crate::console::Console;
use crate::exit::Exit;
use crate::feeding::feed;
use crate::input::Input;
use crate::job::{self, Chosen};
use crate::observations::{Event, Fields, Observations, Selection};
use crate::rule_file;
use crate::seen::{Seen, with_rule_fields};
use crate::state_summary::Summary;
use crate::unlearned;

/// Runs the command.
pub(crate) fn run(args: &TrainArgs, console: &Console) -> Result<Exit> {
    let Chosen { job, feed } = job::default();
    let set = rule_file::choose(args.rules.as_deref(), None, &job.job_id)?;
    rule_file::check(&set, &job, args.feed.input_format, console);
    let selection = &Selection::of(&args.feed, feed)?;
    let fields = with_rule_fields(Fields::of(&job, feed), &set);
    let input = Input::open(&args.input, console)?;
    let (carry, snapshot) = Carry::open(&args.state, &args.feed, &fields, console)?;
    let detection = carry::detection(set, &job, args.feed.profile, snapshot.as_ref())?;
    let detector = carry::detector(job, args.feed.profile, snapshot.as_ref())?;
    let counts = detector.counts();
    let mut training = Training { detector, detection, carry };
    console.start_progress(input.size(), false);
    let format = args.feed.input_format;
    let observations =
        Observations { input: &input, format, fields: &fields, feed, selection, console };
    let read = observations.read(|event| training.take(event, &fields, console))?;
    read.require_values_of(fields.by_name(), console)?;
    read.report(console);
    training.carry.save_at_end(&mut training.detector, Some(&training.detection), console);
    let Training { detector, carry, .. } = &training;
    unlearned::tell(
        &unlearned::since(detector.counts(), counts),
        detector.job(),
        "connects",
        console,
    );
    carry.tell("connects", console);
    if !console.failed() {
        let mut out = io::stdout().lock();
        Summary::of(&args.state)?.write_text(&mut out)?;
        out.flush()?;
    }
    Ok(Exit::Done)
}

/// The model that learns, with the rules whose exceptions say from what.
struct Training {
    detector: Detector,
    detection: Detection,
    carry: Carry,
}

impl Training {
    fn take(&mut self, event: &Event, fields: &Fields, console: &Console) -> Result<()> {
        let Training { detector, detection, carry } = self;
        if !carry.is_new(event) {
            return Ok(());
        }
        if !detection.is_to_be_learned(&Seen { fields, event }) {
            return Ok(());
        }
        feed(detector, event, fields, |results| {
            carry.count(&results.bucket);
            // Nobody is to be alarmed by what was long ago.
            drop(detection.bucket(&results));
            Ok(())
        })?;
        if carry.is_due() {
            carry.save(detector, Some(detection), console);
        }
        Ok(())
    }
}
