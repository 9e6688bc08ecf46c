//! One JSON document a line.

use std::io::{self, Write};

use serde::Serialize;

use super::json::JsonBuffer;

/// Bytes gathered before they are written.
const CHUNK: usize = 1 << 16;

/// Writes documents as lines of JSON, through one buffer that is used again
/// and again.
#[derive(Debug)]
pub(crate) struct NdjsonWriter<W> {
    out: W,
    buffer: JsonBuffer,
}

impl<W: Write> NdjsonWriter<W> {
    /// A writer to `out`, which need not be buffered.
    pub(crate) fn new(out: W) -> NdjsonWriter<W> {
        NdjsonWriter { out, buffer: JsonBuffer::with_capacity(2 * CHUNK) }
    }

    /// Adds a document.
    pub(crate) fn write(&mut self, document: &impl Serialize) -> io::Result<()> {
        self.write_with(|json| json.value(document))
    }

    /// Adds a document that writes itself, as a member.
    pub(crate) fn write_with(
        &mut self,
        write: impl FnOnce(&mut JsonBuffer) -> io::Result<()>,
    ) -> io::Result<()> {
        write(&mut self.buffer)?;
        self.buffer.end_line();
        if self.buffer.bytes().len() >= CHUNK { self.flush() } else { Ok(()) }
    }

    /// Writes what is still in the buffer.
    pub(crate) fn flush(&mut self) -> io::Result<()> {
        self.out.write_all(self.buffer.bytes())?;
        self.buffer.clear();
        self.out.flush()
    }

    /// What was written to; what is still in the buffer is lost.
    pub(crate) fn into_inner(self) -> W {
        self.out
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_for_each_document_however_many() {
        let mut out = Vec::new();
        let mut writer = NdjsonWriter::new(&mut out);
        for number in 0..100_000 {
            writer.write(&[number]).unwrap();
            let plain = |json: &mut JsonBuffer| {
                json.number(number);
                Ok(())
            };
            writer.write_with(plain).unwrap();
        }
        writer.flush().unwrap();
        let text = String::from_utf8(out).unwrap();
        assert_eq!(text.lines().count(), 200_000);
        assert_eq!(text.lines().nth(1), Some("0"));
        assert_eq!(text.lines().last(), Some("99999"));
    }
}
