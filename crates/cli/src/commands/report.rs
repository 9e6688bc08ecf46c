//! `rareport report`: one HTML file to look around in.

use anyhow::{Result, bail};

use crate::args::ReportArgs;
use crate::console::Console;
use crate::exit::Exit;
use crate::output::Destination;
use crate::report::{self, Collector, Document};
use crate::study::Study;
use crate::text::{count, grouped};

/// Runs the command.
pub(crate) fn run(args: &ReportArgs, console: &Console) -> Result<Exit> {
    let study = Study::of(&args.study, console)?;
    let mut out = Destination::of(args.output.as_deref())?;
    if out.is_terminal() {
        bail!("a report is not for a terminal: -o report.html writes it to a file");
    }
    let mut collector = Collector::new(&study.fields, study.job())?;
    let studied = study.run(&mut collector)?;
    collector.finish();
    let (records, buckets) = (collector.all_records, collector.buckets);
    let document = Document::of(&collector, &studied);
    report::write(&document, &mut out)?;
    out.keep()?;
    if let Some(cut) = document.left_out() {
        console.note(format_args!(
            "the report holds what is rarest and fits into 3 MB; left out of it: {cut}"
        ));
    }
    let hidden: u64 = studied.rules.rules.iter().map(|rule| rule.hidden).sum();
    let hidden = match hidden {
        0 => String::new(),
        hidden => format!("; {} more hidden by exceptions", grouped(hidden)),
    };
    console.note(format_args!(
        "{} in {}, {}{hidden}",
        count(records, "record", "records"),
        count(buckets, "bucket", "buckets"),
        document.alerts(),
    ));
    Ok(Exit::Done)
}
