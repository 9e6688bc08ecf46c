//! `rareport report`: one HTML file to look around in.

use anyhow::{Result, bail};

use crate::args::ReportArgs;
use crate::console::Console;
use crate::exit::Exit;
use crate::output::Destination;
use crate::report::{self, Collector, Document};
use crate::study::{Models, StudiedJob, Study};
use crate::text::{count, grouped};

/// Runs the command.
pub(crate) fn run(args: &ReportArgs, console: &Console) -> Result<Exit> {
    let study = Study::of(&args.study, Models::Partitions, console)?;
    let mut out = Destination::of(args.output.as_deref())?;
    if out.is_terminal() {
        bail!("a report is not for a terminal: -o report.html writes it to a file");
    }
    let collectors = study.jobs.iter();
    let collectors = collectors.map(|job| Collector::new(&job.fields, job.detector.job()));
    let mut collectors: Vec<Collector> = collectors.collect::<Result<_, _>>()?;
    let studied = study.run(&mut collectors)?;
    collectors.iter_mut().for_each(Collector::finish);
    let documents = Document::of_all(&collectors, &studied);
    report::write(&documents, &mut out)?;
    out.keep()?;
    for ((document, collector), job) in documents.iter().zip(&collectors).zip(&studied.jobs) {
        let name = match studied.jobs.len() {
            1 => String::new(),
            _ => format!("{}: ", job.detector.job().job_id),
        };
        tell(&name, document, collector, job, console);
    }
    Ok(Exit::Done)
}

/// Tells what the report holds of a job, whose name goes before it.
fn tell(
    name: &str,
    document: &Document,
    collector: &Collector,
    job: &StudiedJob,
    console: &Console,
) {
    if let Some(cut) = document.left_out() {
        console.note(format_args!(
            "{name}the report holds what is rarest and fits into 3 MB; left out of it: {cut}"
        ));
    }
    if let Some(why) = report::without_rarity(job) {
        console.note(format_args!("{name}{why}; `rareport anomalies` has the results of each"));
    }
    let hidden: u64 = job.rules.rules.iter().map(|rule| rule.hidden).sum();
    let hidden = match hidden {
        0 => String::new(),
        hidden => format!("; {} more hidden by exceptions", grouped(hidden)),
    };
    console.note(format_args!(
        "{name}{} in {}, {}{hidden}",
        count(collector.all_records, "record", "records"),
        count(collector.buckets, "bucket", "buckets"),
        document.alerts(),
    ));
}
