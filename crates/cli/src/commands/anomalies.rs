//! `rareport anomalies`: what the model makes of each bucket.

mod report;

use std::cell::RefCell;

use anyhow::{Context, Result, bail};
use rareport::Detector;
use rareport::detector::Pruning;
use rareport::results::BucketResults;
use rareport::snapshot::{self, Snapshot};

use self::report::Report;
use crate::args::AnomaliesArgs;
use crate::carry::{self, Carry};
use crate::console::Console;
use crate::daemon::Signals;
use crate::exit::Exit;
use crate::feeding::{feed, pass_time};
use crate::input::{Input, Positions, Until};
use crate::job::{self, Chosen};
use crate::observations::{Event, Fields, Observations, Selection, Taker, Verdict};
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
    let mut fields = Fields::of(&job, feed);
    if args.state.state.is_some() {
        fields = carry::with_identity(fields);
    }
    let out = Destination::of(args.output.path())?;
    let shape = Shape::of(args.format, &out);
    let is_handed_over = !args.renormalize && shape != Shape::Table && args.output.path().is_none();
    let (carry, snapshots) =
        carry::open(&args.state, is_handed_over, &args.feed, &fields, console)?;
    if let Some(carry) = &carry
        && snapshots.iter().any(|snapshot| snapshot.detection.is_some())
    {
        bail!("{}: is a state of `detect`; name another file", carry.name());
    }
    let detector = carry::detector(job, args.feed.profile, snapshots.first())
        .context("this job cannot be run")?;
    let before = detector.counts();
    let input = Input::open_or_follow(&args.input, &args.follow, out.is_terminal(), console)?;
    let signals = Signals::while_following(args.follow.follow)?;
    let writer = RefCell::new(ResultWriter::new(detector.job(), &args.results, shape, out)?);
    let flush = || writer.borrow_mut().flush_before_waiting();
    let input = input.before_waiting(&flush);
    let input = match &carry {
        Some(carry) if !args.follow.follow => input.reading_on(carry.positions()),
        _ => input,
    };
    let stored = if args.renormalize { Some(StoredResults::new()?) } else { None };
    let mut run = Run {
        detector,
        carry,
        console,
        signals,
        fields: &fields,
        writer: &writer,
        stored,
        order: Order::default(),
        pruning: job::pruning(args.feed.profile),
        persist_at: args.persist_at,
    };
    let format = args.feed.input_format;
    let observations =
        Observations { input: &input, format, fields: &fields, feed, selection, console };
    let read = if args.follow.follow {
        observations.follow(&mut run, Until::Stopped)
    } else {
        observations.read(|event| {
            run.take(event)?;
            run.save_if_due(None)
        })
    };
    if !args.follow.follow {
        run.reached(input.positions());
    }
    if read.is_ok() {
        run.end_of_input(args)?;
    }
    let changed = run.rescore()?;
    writer.borrow_mut().flush()?;
    let read = read?;
    read.require_values_of(fields.by_name(), console)?;
    let Run { mut detector, carry, order, .. } = run;
    let written = writer.into_inner().keep()?;
    let report = Report { read, written, changed, before, interim: args.interim };
    report.tell(&detector, &order, console);
    if let Some(mut carry) = carry {
        carry.tell(["event", "events"], console);
        carry.save_at_end([(&mut detector, None)].into_iter(), console);
    }
    Ok(Exit::Done)
}

/// A job being run.
struct Run<'a> {
    detector: Detector,
    /// The state that the run carries on, if it does.
    carry: Option<Carry>,
    console: &'a Console,
    /// Signals that ask for the end, if there is none otherwise.
    signals: Option<Signals>,
    fields: &'a Fields,
    writer: &'a RefCell<ResultWriter>,
    /// Results that are kept until the end.
    stored: Option<StoredResults>,
    order: Order,
    pruning: Pruning,
    /// When the state is to be saved, in seconds since 1970.
    persist_at: Option<i64>,
}

impl Run<'_> {
    /// Takes an event, and puts out the results of the buckets that it closes.
    fn take(&mut self, event: &Event) -> Result<()> {
        self.order.note(event.millis);
        if self.persist_at.take_if(|time| event.millis.div_euclid(1000) >= *time).is_some() {
            self.save_and_restore()?;
        }
        let Run { detector, carry, fields, writer, stored, .. } = self;
        if carry.as_mut().is_some_and(|carry| !carry.is_new(event)) {
            return Ok(());
        }
        let outcome =
            feed(detector, event, fields, |closed| put_out(&closed, writer, stored, carry))?;
        carry.iter_mut().for_each(|carry| carry.became(event, &[outcome]));
        Ok(())
    }

    /// Saves the state if it is time to, with the positions of followed logs.
    fn save_if_due(&mut self, positions: Option<&dyn Fn() -> Positions>) -> Result<()> {
        let Some(carry) = self.carry.as_mut().filter(|carry| carry.is_due()) else {
            return Ok(());
        };
        // No result may be lost that the state takes for given.
        self.writer.borrow_mut().flush()?;
        positions.into_iter().for_each(|positions| carry.reached(positions()));
        carry.save([(&mut self.detector, None)].into_iter(), self.console);
        Ok(())
    }

    /// Saves the state, drops it, and carries on from what was saved.
    fn save_and_restore(&mut self) -> Result<()> {
        if self.pruning == Pruning::WhenSaved {
            self.detector.prune();
        }
        let saved = Snapshot { detector: self.detector.snapshot(), detection: None };
        let saved = snapshot::decode(&snapshot::encode(&saved)?)?;
        let job = self.detector.job().clone();
        self.detector = Detector::restore(job, &saved.detector)?.with_pruning(self.pruning);
        Ok(())
    }

    /// Closes what the command line says, and shows what is open if it says so.
    fn end_of_input(&mut self, args: &AnomaliesArgs) -> Result<()> {
        if let Some(time) = args.advance_time {
            for closed in self.detector.advance_to(time)? {
                put_out(&closed, self.writer, &mut self.stored, &mut self.carry)?;
            }
        }
        if args.interim
            && let Some(provisional) = self.detector.interim()
        {
            put_out(&provisional, self.writer, &mut self.stored, &mut None)?;
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
    fn positions(&self) -> Positions {
        self.carry.as_ref().map_or_else(Positions::default, Carry::positions)
    }

    fn reached(&mut self, positions: Positions) {
        if let Some(carry) = &mut self.carry {
            carry.reached(positions);
        }
    }

    fn take(&mut self, event: &Event, _: Verdict) -> Result<()> {
        Run::take(self, event)
    }

    fn pass_time(&mut self, millis: i64) -> Result<()> {
        let Run { detector, carry, writer, stored, .. } = self;
        pass_time(detector, millis, |closed| put_out(&closed, writer, stored, carry))
    }

    fn goes_on(&mut self, _: u64) -> bool {
        !self.signals.as_ref().is_some_and(Signals::is_ending)
    }

    fn settle(&mut self, positions: &dyn Fn() -> Positions) -> Result<()> {
        self.save_if_due(Some(positions))
    }
}

/// Writes the results of a bucket, or keeps them; a state counts the bucket.
fn put_out(
    results: &BucketResults,
    writer: &RefCell<ResultWriter>,
    stored: &mut Option<StoredResults>,
    carry: &mut Option<Carry>,
) -> Result<()> {
    if let Some(carry) = carry {
        carry.count(0, &results.bucket);
    }
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
