//! Compression, recognised by content.

use std::io::{self, BufReader, Cursor, Read};

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

/// Reads `source` decompressed. Several compressed streams one after the other
/// are read as one.
pub(super) fn decompress<'a>(mut source: impl Read + 'a) -> io::Result<Text<'a>> {
    let start = read_start(&mut source, has_signature)?;
    let compression = Compression::of(&start.bytes);
    let source = start.then(source);
    let buffered = |source| BufReader::with_capacity(CHUNK, source);
    let reader: Box<dyn Read + 'a> = match compression {
        Compression::None => Box::new(source),
        Compression::Gzip => Box::new(MultiGzDecoder::new(buffered(source))),
        Compression::Xz => Box::new(XzDecoder::new_multi_decoder(buffered(source))),
        Compression::Zstd => Box::new(zstd::Decoder::with_buffer(buffered(source))?),
        Compression::Bzip2 => Box::new(MultiBzDecoder::new(buffered(source))),
    };
    Ok(Text { reader, printed_by: compression.printed_by() })
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
    fn short_input_is_plain() {
        for bytes in [&b""[..], b"B", b"BZ", b"BZhello"] {
            let mut text = Vec::new();
            decompress(bytes).unwrap().reader.read_to_end(&mut text).unwrap();
            assert_eq!(text, bytes);
        }
    }
}
