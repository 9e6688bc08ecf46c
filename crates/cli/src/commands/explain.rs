//! `rareport explain`: the whole story of a destination port.

mod story;

use std::io::Write;

use anyhow::{Result, bail};
use rareport::Detector;

use self::story::Story;
use crate::args::ExplainArgs;
use crate::carry;
use crate::console::Console;
use crate::exit::Exit;
use crate::input::Input;
use crate::job::{self, Chosen};
use crate::observations::{Event, Fields, Observations, Selection};
use crate::output::Destination;
use crate::unlearned;

/// Runs the command.
pub(crate) fn run(args: &ExplainArgs, console: &Console) -> Result<Exit> {
    let Chosen { job, feed } = job::default();
    let selection = &Selection::of(&args.feed, feed)?;
    let fields = Fields::of(&job, feed);
    let input = Input::open(&args.input, console)?;
    let mut out = Destination::of(None)?;
    console.start_progress(input.size(), false);
    let mut story = Story::new(args.port.to_string(), &fields, job.bucket_span);
    let mut detector = carry::detector(job, args.feed.profile, None)?;
    let format = args.feed.input_format;
    let observations =
        Observations { input: &input, format, fields: &fields, feed, selection, console };
    let read = observations.read(|event| take(event, &fields, &mut detector, &mut story))?;
    let mut closed = detector.finish();
    while let Some(results) = closed.next() {
        story.bucket(&results, closed.detector());
    }
    drop(closed);
    read.require_values_of(fields.by_name(), console)?;
    read.report(console);
    unlearned::tell(&detector.counts(), detector.job(), "connects", console);
    if !story.was_seen() {
        bail!("port {} is not in this log: nothing that is learned connects to it", args.port);
    }
    out.write_all(story.tell(&detector).as_bytes())?;
    out.flush()?;
    Ok(Exit::Done)
}

fn take(event: &Event, fields: &Fields, detector: &mut Detector, story: &mut Story) -> Result<()> {
    let dropped = unlearned::dropped(detector);
    fields.observe(event, |observation| {
        let mut closed = detector.push(observation)?;
        while let Some(results) = closed.next() {
            story.bucket(&results, closed.detector());
        }
        drop(closed);
        if unlearned::dropped(detector) == dropped {
            story.event(observation.by.unwrap_or_default(), event);
        }
        Ok(())
    })
}
