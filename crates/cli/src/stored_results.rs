//! Results that are kept until they have been scored anew.
//!
//! How results of the beginning are scored in the end is known at the end
//! only. Until then they are in a temporary file, so that memory is bounded by
//! one bucket.

use std::fs::File;
use std::io::{self, BufRead, BufReader, BufWriter, Seek, Write};

use anyhow::{Context, Result};
use rareport::renormalize::Renormalizer;
use rareport::results::BucketResults;

/// Results in a temporary file, which goes when they do.
pub(crate) struct StoredResults {
    file: BufWriter<File>,
}

impl StoredResults {
    /// No results yet.
    ///
    /// # Errors
    ///
    /// If there is no place for a temporary file.
    pub(crate) fn new() -> Result<StoredResults> {
        let file = tempfile::tempfile().context(CANNOT_KEEP)?;
        Ok(StoredResults { file: BufWriter::new(file) })
    }

    /// Keeps the results of a bucket.
    ///
    /// # Errors
    ///
    /// If the file cannot be written.
    pub(crate) fn keep(&mut self, results: &BucketResults) -> Result<()> {
        self.write(results).context(CANNOT_KEEP)
    }

    fn write(&mut self, results: &BucketResults) -> io::Result<()> {
        serde_json::to_writer(&mut self.file, results)?;
        self.file.write_all(b"\n")
    }

    /// Scores all results anew and gives them to `each` in the order in which
    /// they were kept; how many scores have changed.
    ///
    /// # Errors
    ///
    /// Those of `each`, and if the file cannot be read back.
    pub(crate) fn rescore(
        self,
        mut renormalizer: Renormalizer<'_>,
        mut each: impl FnMut(&BucketResults) -> io::Result<()>,
    ) -> Result<u64> {
        let mut file = self.file.into_inner().map_err(io::Error::from).context(CANNOT_KEEP)?;
        file.rewind().context(CANNOT_KEEP)?;
        let mut changed = 0;
        for line in BufReader::new(file).lines() {
            let line = line.context(CANNOT_KEEP)?;
            let mut results = serde_json::from_str(&line).context(CANNOT_KEEP)?;
            changed += renormalizer.rescore(&mut results) as u64;
            each(&results)?;
        }
        Ok(changed)
    }
}

const CANNOT_KEEP: &str = "results cannot be kept in a temporary file until they are scored anew";
