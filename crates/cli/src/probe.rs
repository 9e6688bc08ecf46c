//! The readers of what comes from outside, without files, console or command
//! line: what fuzz targets call.
//!
//! Each is the reader that the program itself has, given bytes or a source of
//! them. How documents and rows are read is in `observations::probe`.

use std::io::{self, Read};

use crate::console::Console;
use crate::input::{LogReader, Tally};
use crate::state_file::{self, Content};

pub use crate::observations::probe::{Cut, RowFormat, RowsRead, documents, rows};

/// The text of a log.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Text {
    /// What could be read, decompressed, and of the journal its audit records.
    pub bytes: Vec<u8>,
    /// Whether something was told that makes the run fail.
    pub has_failed: bool,
    /// What is said of a text without a single audit record.
    pub advice: &'static str,
}

/// Reads a source as the program reads standard input: decompressed, and of
/// the journal its audit records.
///
/// # Errors
///
/// None but for a fault: a source that cannot be read on ends the text.
pub fn text(source: impl Read) -> io::Result<Text> {
    let (console, tally) = (Console::silent(), Tally::default());
    let mut bytes = Vec::new();
    LogReader::over(source, &console, &tally).read_to_end(&mut bytes)?;
    Ok(Text { bytes, has_failed: console.failed(), advice: tally.why_no_record() })
}

/// What a state file holds.
#[derive(Debug)]
pub struct State(Content);

impl State {
    /// Reads the bytes of a state file.
    ///
    /// # Errors
    ///
    /// What is said of a file that is none, or is damaged.
    pub fn from_bytes(bytes: &[u8]) -> Result<State, String> {
        state_file::from_bytes(bytes).map(State).map_err(|flaw| flaw.to_string())
    }

    /// The bytes of a state file with the same content.
    ///
    /// # Errors
    ///
    /// For want of memory.
    pub fn to_bytes(&self) -> io::Result<Vec<u8>> {
        state_file::to_bytes(&self.0)
    }

    /// What a run knows to carry on by, as the JSON in the file.
    ///
    /// # Errors
    ///
    /// Never in practice: it is plain data.
    pub fn about(&self) -> serde_json::Result<String> {
        serde_json::to_string(&self.0.about)
    }

    /// The model and the rules, as `rareport::snapshot` decodes them.
    #[must_use]
    pub fn model(&self) -> &[u8] {
        &self.0.model
    }
}
