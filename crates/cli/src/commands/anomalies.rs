//! `rareport anomalies`: what the model makes of each bucket.

mod report;

use std::cell::RefCell;

use anyhow::{Context, Result, bail};
use rareport::Detector;
use rareport::results::BucketResults;

use self::report::Report;
use crate::args::AnomaliesArgs;
use crate::console::Console;
use crate::exit::Exit;
use crate::input::{Input, Positions, Until};
use crate::job::{self, Chosen};
use crate::observations::{Event, Fields, Observations, Selection, Taker};
use crate::output::{Destination, Shape};
use crate::result_writer::ResultWriter;
use crate::stored_results::StoredResults;

/// Runs the command.
pub(crate) fn run(args: &AnomaliesArgs, console: &Console) -> Result<Exit> {
    if args.follow.follow && (args.renormalize || args.interim || args.advance_time.is_some()) {
        bail!(
            "--renormalize, --interim and --advance-time are about the end of the input, to which \
             --follow never comes"
        );
    }
    let Chosen { job, feed } = job::choose(&args.job, console)?;
    let selection = &Selection::of(&args.feed, feed)?;
    let fields = Fields::of(&job, feed);
    let detector = Detector::new(job).context("this job cannot be run")?;
    let open = if args.follow.follow { Input::open_to_follow } else { Input::open };
    let input = open(&args.input, console)?;
    let out = Destination::of(args.output.path())?;
    if !args.follow.follow {
        console.start_progress(input.size(), out.is_terminal());
    }
    let shape = Shape::of(args.format, &out);
    let writer = RefCell::new(ResultWriter::new(detector.job(), &args.results, shape, out)?);
    let flush = || writer.borrow_mut().flush_before_waiting();
    let input = input.before_waiting(&flush);
    let stored = if args.renormalize { Some(StoredResults::new()?) } else { None };
    let mut run =
        Run { detector, fields: &fields, writer: &writer, stored, order: Order::default() };
    let format = args.feed.input_format;
    let observations =
        Observations { input: &input, format, fields: &fields, feed, selection, console };
    let read = if args.follow.follow {
        observations.follow(&mut run, Positions::default(), Until::Stopped).map(|(read, _)| read)
    } else {
        observations.read(|event| run.take(event))
    };
    if read.is_ok() {
        run.end_of_input(args)?;
    }
    let changed = run.rescore()?;
    writer.borrow_mut().flush()?;
    let read = read?;
    read.require_values_of(fields.by_name(), console)?;
    let Run { detector, order, .. } = run;
    let written = writer.into_inner().keep()?;
    let report = Report { read, written, changed, interim: args.interim };
    report.tell(&detector, &order, console);
    Ok(Exit::Done)
}

/// A job being run.
struct Run<'a> {
    detector: Detector,
    fields: &'a Fields,
    writer: &'a RefCell<ResultWriter>,
    /// Results that are kept until the end.
    stored: Option<StoredResults>,
    order: Order,
}

impl Run<'_> {
    /// Takes an event, and puts out the results of the buckets that it closes.
    fn take(&mut self, event: &Event) -> Result<()> {
        self.order.note(event.millis);
        let Run { detector, fields, writer, stored, .. } = self;
        fields.observe(event, |observation| {
            for closed in detector.push(observation)? {
                put_out(&closed, writer, stored)?;
            }
            Ok(())
        })
    }

    /// Closes what the command line says, and shows what is open if it says so.
    fn end_of_input(&mut self, args: &AnomaliesArgs) -> Result<()> {
        if let Some(time) = args.advance_time {
            for closed in self.detector.advance_to(time)? {
                put_out(&closed, self.writer, &mut self.stored)?;
            }
        }
        if args.interim
            && let Some(provisional) = self.detector.interim()
        {
            put_out(&provisional, self.writer, &mut self.stored)?;
        }
        Ok(())
    }

    /// Scores the results anew that were kept for it, and writes them; how many
    /// scores have changed.
    fn rescore(&mut self) -> Result<Option<u64>> {
        let Some(stored) = self.stored.take() else { return Ok(None) };
        let mut writer = self.writer.borrow_mut();
        stored.rescore(self.detector.renormalizer(), |results| writer.write(results)).map(Some)
    }
}

impl Taker for Run<'_> {
    fn take(&mut self, event: &Event) -> Result<()> {
        Run::take(self, event)
    }

    fn pass_time(&mut self, millis: i64) -> Result<()> {
        // A time that no event can have moves nothing, as with events that are learned.
        for closed in self.detector.advance_to(millis.div_euclid(1000)).into_iter().flatten() {
            put_out(&closed, self.writer, &mut self.stored)?;
        }
        Ok(())
    }

    fn settle(&mut self, _: &dyn Fn() -> Positions) -> Result<()> {
        Ok(())
    }
}

/// Writes the results of a bucket, or keeps them.
fn put_out(
    results: &BucketResults,
    writer: &RefCell<ResultWriter>,
    stored: &mut Option<StoredResults>,
) -> Result<()> {
    match stored {
        Some(stored) => stored.keep(results),
        None => Ok(writer.borrow_mut().write(results)?),
    }
}

/// In which order events came.
#[derive(Clone, Copy, Debug, Default)]
struct Order {
    /// Time of the latest event, in milliseconds since 1970.
    latest: Option<i64>,
    /// Events that were older than one before them.
    disordered: u64,
}

impl Order {
    fn note(&mut self, millis: i64) {
        self.disordered += u64::from(self.latest.is_some_and(|latest| millis < latest));
        self.latest = self.latest.max(Some(millis));
    }
}
