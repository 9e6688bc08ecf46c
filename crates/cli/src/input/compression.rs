//! Compression, recognised by content.

use std::cell::Cell;
use std::io::{self, BufReader, Cursor, Read};
use std::rc::Rc;

use bzip2::read::MultiBzDecoder;
use flate2::read::MultiGzDecoder;
use liblzma::read::XzDecoder;

/// How a file is stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Compression {
    None,
    Gzip,
    Xz,
    Zstd,
    Bzip2,
}

impl Compression {
    /// Tells by the first bytes. Signatures: RFC 1952 §2.3.1, the .xz format
    /// §2.1.1.1, RFC 8878 §3.1.1 (frame) and §3.1.2 (skippable frame), bzip2.
    fn of(start: &[u8]) -> Compression {
        match start {
            [0x1f, 0x8b, ..] => Compression::Gzip,
            [0xfd, b'7', b'z', b'X', b'Z', 0, ..] => Compression::Xz,
            [0x28, 0xb5, 0x2f, 0xfd, ..] | [0x50..=0x5f, 0x2a, 0x4d, 0x18, ..] => Compression::Zstd,
            [b'B', b'Z', b'h', b'1'..=b'9', ..] => Compression::Bzip2,
            _ => Compression::None,
        }
    }
}

impl Compression {
    /// The command that prints the text of a file that is so stored.
    fn printed_by(self) -> Option<&'static str> {
        match self {
            Compression::None => None,
            Compression::Gzip => Some("zcat"),
            Compression::Xz => Some("xzcat"),
            Compression::Zstd => Some("zstdcat"),
            Compression::Bzip2 => Some("bzcat"),
        }
    }
}

/// Whether a file that begins so is compressed.
pub(crate) fn starts_compressed(start: &[u8]) -> bool {
    Compression::of(start) != Compression::None
}

/// Bytes of the longest signature.
const SIGNATURE: usize = 6;

/// Whether a signature would be in the start of a file.
fn has_signature(start: &[u8]) -> bool {
    start.len() >= SIGNATURE
}

/// Bytes at the start of a file that are looked at.
const START: usize = 512;

/// Bytes of compressed data that are read at a time, and of a first line that is looked at.
pub(super) const CHUNK: usize = 1 << 16;

/// The text of a source.
pub(super) struct Text<'a> {
    pub(super) reader: Box<dyn Read + 'a>,
    /// The command that prints the text of a file like it, if it is compressed.
    pub(super) printed_by: Option<&'static str>,
}

/// Reads `source` decompressed, as far as [`MAX_EXPANSION`] lets it be. Several
/// compressed streams one after the other are read as one.
pub(super) fn decompress<'a>(source: impl Read + 'a) -> io::Result<Text<'a>> {
    decompress_within(source, MAX_EXPANSION)
}

/// Reads `source` decompressed. A text that is more than `expansion` times as
/// long as what is stored ends with an error; 0 is no limit.
pub(super) fn decompress_within<'a>(
    mut source: impl Read + 'a,
    expansion: u64,
) -> io::Result<Text<'a>> {
    let start = read_start(&mut source, has_signature)?;
    let compression = Compression::of(&start.bytes);
    let stored = Rc::new(Cell::new(0));
    let source = Counted { source: start.then(source), bytes: Rc::clone(&stored) };
    let buffered = |source| BufReader::with_capacity(CHUNK, source);
    let reader: Box<dyn Read + 'a> = match compression {
        Compression::None => Box::new(source),
        Compression::Gzip => Box::new(MultiGzDecoder::new(buffered(source))),
        Compression::Xz => Box::new(XzDecoder::new_multi_decoder(buffered(source))),
        Compression::Zstd => Box::new(zstd::Decoder::with_buffer(buffered(source))?),
        Compression::Bzip2 => Box::new(MultiBzDecoder::new(buffered(source))),
    };
    let reader: Box<dyn Read + 'a> = match compression {
        Compression::None => reader,
        _ => Box::new(Bounded { text: reader, bytes: 0, stored, expansion }),
    };
    Ok(Text { reader, printed_by: compression.printed_by() })
}

/// The command that prints the text of `source`, read from its start, if it is
/// compressed.
pub(super) fn stored_as(source: &mut impl Read) -> io::Result<Option<&'static str>> {
    Ok(Compression::of(&read_start(source, has_signature)?.bytes).printed_by())
}

/// How many times as long as what is stored a text may be, unless it is said
/// otherwise. The same connect over and over, with nothing but its time and
/// serial to tell it apart, comes to 90 times with the best of the formats.
pub(crate) const MAX_EXPANSION: u64 = 250;

/// A text up to this length is no bomb, however little is stored of it.
const HARMLESS: u64 = 64 << 20;

/// Counts the bytes that are read.
struct Counted<R> {
    source: R,
    bytes: Rc<Cell<u64>>,
}

impl<R: Read> Read for Counted<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let length = self.source.read(buffer)?;
        self.bytes.set(self.bytes.get() + length as u64);
        Ok(length)
    }
}

/// A text that must not be too much longer than what is stored of it.
struct Bounded<R> {
    text: R,
    bytes: u64,
    stored: Rc<Cell<u64>>,
    expansion: u64,
}

impl<R: Read> Read for Bounded<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let length = self.text.read(buffer)?;
        self.bytes += length as u64;
        let most = self.stored.get().saturating_mul(self.expansion).max(HARMLESS);
        if self.expansion > 0 && self.bytes > most {
            return Err(io::Error::other(format!(
                "it grows to more than {} times its size when it is decompressed, as a bomb does; \
                 if it is a log, say --max-expansion 0",
                self.expansion
            )));
        }
        Ok(length)
    }
}

/// Whether `source`, read from its start, is compressed.
pub(super) fn is_compressed(source: &mut impl Read) -> io::Result<bool> {
    Ok(Compression::of(&read_start(source, has_signature)?.bytes) != Compression::None)
}

/// The start of a source, which was read to be looked at.
pub(super) struct Start {
    pub(super) bytes: Vec<u8>,
    /// What reading on met: the source cannot be read behind the start.
    pub(super) error: Option<io::Error>,
}

impl Start {
    /// The whole source again, given what is left of it.
    pub(super) fn then<R: Read>(self, rest: R) -> impl Read + use<R> {
        Cursor::new(self.bytes).chain(Broken(self.error)).chain(rest)
    }
}

/// A place at which a source could not be read on, if there was an error.
pub(super) struct Broken(pub(super) Option<io::Error>);

impl Read for Broken {
    fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
        self.0.take().map_or(Ok(0), Err)
    }
}

/// Reads the start of `source` until it is `enough` or ends, without waiting
/// for more than that. It is never more than [`START`] bytes.
///
/// # Errors
///
/// Those of the source, if they come before its first byte.
pub(super) fn read_start(
    source: &mut impl Read,
    enough: impl Fn(&[u8]) -> bool,
) -> io::Result<Start> {
    let mut bytes = vec![0; START];
    let mut length = 0;
    let mut met = None;
    while length < START && !enough(&bytes[..length]) {
        match source.read(&mut bytes[length..]) {
            Ok(0) => break,
            Ok(read) => length += read,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) if length == 0 => return Err(error),
            Err(error) => {
                met = Some(error);
                break;
            }
        }
    }
    bytes.truncate(length);
    Ok(Start { bytes, error: met })
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    const TEXT: &[u8] = b"type=EOE msg=audit(1.000:1): \n";

    /// Two streams, each of `TEXT`, in each format.
    fn packed() -> Vec<(&'static str, Vec<u8>)> {
        let gzip = || {
            let mut encoder = flate2::write::GzEncoder::new(Vec::new(), Default::default());
            encoder.write_all(TEXT).unwrap();
            encoder.finish().unwrap()
        };
        let xz = || {
            let mut encoder = liblzma::write::XzEncoder::new(Vec::new(), 1);
            encoder.write_all(TEXT).unwrap();
            encoder.finish().unwrap()
        };
        let bzip2 = || {
            let mut encoder = bzip2::write::BzEncoder::new(Vec::new(), Default::default());
            encoder.write_all(TEXT).unwrap();
            encoder.finish().unwrap()
        };
        let zstd = || zstd::encode_all(TEXT, 1).unwrap();
        vec![
            ("plain", [TEXT, TEXT].concat()),
            ("gzip", [gzip(), gzip()].concat()),
            ("xz", [xz(), xz()].concat()),
            ("bzip2", [bzip2(), bzip2()].concat()),
            ("zstd", [zstd(), zstd()].concat()),
        ]
    }

    #[test]
    fn every_format_with_several_streams() {
        for (format, bytes) in packed() {
            let mut text = Vec::new();
            decompress(&bytes[..]).unwrap().reader.read_to_end(&mut text).unwrap();
            assert_eq!(text, [TEXT, TEXT].concat(), "{format}");
        }
    }

    #[test]
    fn a_cut_stream_is_an_error_after_its_text() {
        for (format, bytes) in packed().into_iter().skip(1) {
            let cut = &bytes[..bytes.len() - 3];
            let mut text = Vec::new();
            assert!(decompress(cut).unwrap().reader.read_to_end(&mut text).is_err(), "{format}");
        }
    }

    #[test]
    fn a_bomb_ends_with_an_error_unless_that_is_allowed() {
        let bomb = zstd::encode_all(io::repeat(b'x').take(HARMLESS + (1 << 20)), 1).unwrap();
        let read = |expansion| {
            let mut text = decompress_within(&bomb[..], expansion).unwrap().reader;
            io::copy(&mut text, &mut io::sink()).map_err(|error| error.to_string())
        };
        assert!(read(250).unwrap_err().contains("more than 250 times its size"));
        assert_eq!(read(0), Ok(HARMLESS + (1 << 20)));
        assert_eq!(read(1_000_000), Ok(HARMLESS + (1 << 20)));
    }

    #[test]
    fn a_short_text_is_no_bomb() {
        let small = zstd::encode_all(io::repeat(b'x').take(HARMLESS), 1).unwrap();
        let mut text = decompress_within(&small[..], 1).unwrap().reader;
        assert_eq!(io::copy(&mut text, &mut io::sink()).unwrap(), HARMLESS);
    }

    #[test]
    fn short_input_is_plain() {
        for bytes in [&b""[..], b"B", b"BZ", b"BZhello"] {
            let mut text = Vec::new();
            decompress(bytes).unwrap().reader.read_to_end(&mut text).unwrap();
            assert_eq!(text, bytes);
        }
    }
}
