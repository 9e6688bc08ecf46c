//! `rareport explain`: the whole story of destination ports, or of a value of what
//! another job looks at.

mod asked;
mod story;
mod unlearned;

use std::io::Write;

use anyhow::Result;
use rareport::Detector;
use rareport::alert::Alert;
use rareport::detection::Hidden;
use rareport::results::BucketResults;

use self::story::Story;
use crate::args::ExplainArgs;
use crate::console::Console;
use crate::exit::Exit;
use crate::observations::Event;
use crate::output::Destination;
use crate::seen::Seen;
use crate::study::{LeftOut, Models, Study, Watcher};

/// Runs the command.
pub(crate) fn run(args: &ExplainArgs, console: &Console) -> Result<Exit> {
    asked::check_order(&args.values, &args.study.input.paths)?;
    let study = Study::of(&args.study, Models::One, console)?;
    let fields: Vec<&str> = study.jobs.iter().map(|job| job.fields.by_name()).collect();
    let values = asked::of_jobs(&args.values, &fields)?;
    let mut out = Destination::of(None)?;
    let is_one = study.jobs.len() == 1;
    let stories = study.jobs.iter().zip(values).map(|(job, values)| {
        let story = |value| Story::new(value, &job.fields, job.detector.job(), is_one);
        Stories(values.into_iter().map(story).collect())
    });
    let mut stories: Vec<Stories> = stories.collect();
    let studied = study.run(&mut stories)?;
    let told = stories.iter().zip(&studied.jobs);
    let told = told.flat_map(|(stories, job)| stories.0.iter().map(|story| story.tell(job)));
    for (place, story) in told.enumerate() {
        if place > 0 {
            out.write_all(b"\n\n")?;
        }
        out.write_all(story.as_bytes())?;
    }
    out.flush()?;
    Ok(Exit::Done)
}

/// A story for each value that is asked for of a job.
struct Stories(Vec<Story>);

impl Watcher for Stories {
    fn begins(&mut self, from: Option<i64>) {
        self.0.iter_mut().for_each(|story| story.begins(from));
    }

    fn learned(&mut self, value: &[u8], seen: &Seen<'_>) {
        self.0.iter_mut().for_each(|story| story.event(value, seen.event));
    }

    fn left_out(&mut self, event: &Event, why: LeftOut) {
        self.0.iter_mut().for_each(|story| story.left_out(event, why));
    }

    fn bucket(&mut self, closed: &BucketResults, detector: &Detector) {
        self.0.iter_mut().for_each(|story| story.bucket(closed, detector));
    }

    fn judged(&mut self, alerts: Vec<Alert>, hidden: &[Hidden]) {
        self.0.iter_mut().for_each(|story| story.judged(&alerts, hidden));
    }
}
