//! The results of closed buckets, as far as they are wanted.

use std::io;

use anyhow::{Result, bail};
use rareport::JobConfig;
use rareport::results::{BucketResults, Record};

use crate::anomaly::{Anomaly, Layout};
use crate::args::ResultKind;
use crate::output::{Destination, RowWriter, Shape};

/// Writes results, and counts them.
pub(crate) struct ResultWriter {
    out: RowWriter,
    layout: Layout,
    kinds: Kinds,
    counts: Written,
}

/// Numbers of results that were written or, where a kind is not wanted, left
/// out.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Written {
    pub(crate) records: u64,
    /// Records from the time when the model had learned little yet.
    pub(crate) immature: u64,
    pub(crate) influencers: u64,
    pub(crate) buckets: u64,
}

impl ResultWriter {
    /// A writer of the results of a job: of these kinds or, if none is named,
    /// of all that the shape has room for.
    ///
    /// # Errors
    ///
    /// If the shape has no room for a kind, or nothing can be written.
    pub(crate) fn new(
        job: &JobConfig,
        wanted: &[ResultKind],
        shape: Shape,
        out: Destination,
    ) -> Result<ResultWriter> {
        let kinds = Kinds::of(wanted, shape)?;
        let layout = Layout::of(job);
        let out = RowWriter::new(out, shape, &layout.table(), &layout.csv())?;
        Ok(ResultWriter { out, layout, kinds, counts: Written::default() })
    }

    /// Writes the results of a bucket.
    pub(crate) fn write(&mut self, results: &BucketResults) -> io::Result<()> {
        let BucketResults { records, influencers, bucket } = results;
        if self.kinds.record {
            for record in records {
                self.out.write(&Anomaly { record, layout: &self.layout })?;
            }
        }
        if self.kinds.influencer {
            for influencer in influencers {
                self.out.write_document(&influencer.document())?;
            }
        }
        if self.kinds.bucket {
            self.out.write_document(bucket)?;
        }
        self.counts.records += records.len() as u64;
        self.counts.immature += records.iter().filter(|record| is_immature(record)).count() as u64;
        self.counts.influencers += influencers.len() as u64;
        self.counts.buckets += 1;
        Ok(())
    }

    /// Hands over what was written so far before the input is waited for.
    pub(crate) fn flush_before_waiting(&mut self) -> io::Result<()> {
        self.out.flush_before_waiting()
    }

    /// Writes everything that is not written yet.
    pub(crate) fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }

    /// Keeps what was written, as there is no more; how much there was.
    ///
    /// # Errors
    ///
    /// If that cannot be done. A file is not kept then.
    pub(crate) fn keep(self) -> Result<Written> {
        self.out.keep()?;
        Ok(self.counts)
    }
}

fn is_immature(record: &Record) -> bool {
    record.explanation.as_ref().is_some_and(|explanation| explanation.immature)
}

/// Which kinds of result are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Kinds {
    record: bool,
    influencer: bool,
    bucket: bool,
}

impl Kinds {
    fn of(wanted: &[ResultKind], shape: Shape) -> Result<Kinds> {
        let has_room = shape == Shape::Ndjson;
        let wants = |kind| wanted.contains(&kind) || wanted.is_empty() && has_room;
        let kinds = Kinds {
            record: wants(ResultKind::Record) || wanted.is_empty(),
            influencer: wants(ResultKind::Influencer),
            bucket: wants(ResultKind::Bucket),
        };
        if !has_room && (kinds.influencer || kinds.bucket) {
            bail!("a table or CSV holds records only; add --format ndjson for other results");
        }
        Ok(kinds)
    }
}
