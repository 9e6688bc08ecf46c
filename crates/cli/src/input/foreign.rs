//! What is clearly not an audit log, told by how its text starts.
//!
//! Only an archive is refused, for what is in it lies in no order of time, and
//! what is compressed in a way that is not read.
//! Everything else is read: a crash may leave NULs or half a line in front of
//! good records. What this module says of it is of use when not a single
//! record was found.

/// Bytes at the start of a text that tell what it is.
pub(super) const HEAD: usize = 512;

/// Where a tar archive says what it is (POSIX.1-2024, pax, "ustar Interchange Format").
const TAR_MAGIC: std::ops::Range<usize> = 257..262;

/// Something that is not an audit log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Foreign {
    Json,
    /// What `journalctl -o export` prints.
    Export,
    Tar,
    Zip,
    SevenZip,
    /// Compressed in a way that is not read.
    Lz4,
    Binary,
}

impl Foreign {
    /// Tells by the first [`HEAD`] bytes of a text, or all if it is shorter;
    /// `None` if it may be an audit log.
    pub(super) fn of(head: &[u8]) -> Option<Foreign> {
        if let Some(archive) = Foreign::archive(head) {
            Some(archive)
        } else if head.contains(&0) {
            Some(Foreign::Binary)
        } else if head.starts_with(b"__CURSOR=") {
            Some(Foreign::Export)
        } else if is_json(head) {
            Some(Foreign::Json)
        } else {
            None
        }
    }

    /// The archive or compressed text that this begins, which is refused; by the
    /// first line, so that it does not matter how much of the text is there.
    pub(super) fn archive(start: &[u8]) -> Option<Foreign> {
        let first_line = start.split(|&byte| byte == b'\n').next().unwrap_or_default();
        let magic = [
            (&b"PK\x03\x04"[..], Foreign::Zip),
            (b"7z\xbc\xaf\x27\x1c", Foreign::SevenZip),
            (b"\x04\x22\x4d\x18", Foreign::Lz4),
        ];
        let known = magic.into_iter().find(|(magic, _)| first_line.starts_with(magic));
        let is_tar = first_line.get(TAR_MAGIC) == Some(b"ustar");
        known.map(|(_, kind)| kind).or(is_tar.then_some(Foreign::Tar))
    }

    /// What to do with it.
    pub(super) fn advice(self) -> &'static str {
        match self {
            Foreign::Json => {
                "the input is JSON, not the text that auditd writes; name the audit.log itself"
            }
            Foreign::Export => {
                "this is the journal in its export format; give what \
                 `journalctl --all -o json _TRANSPORT=audit` prints"
            }
            Foreign::Tar => "this is a tar archive; unpack it and name the logs in it",
            Foreign::Zip => "this is a zip archive; unpack it and name the logs in it",
            Foreign::SevenZip => "this is a 7z archive; unpack it and name the logs in it",
            Foreign::Lz4 => {
                "this is compressed by lz4, which is not read; decompress it first (gzip, xz, zstd \
                 and bzip2 are read as they are)"
            }
            Foreign::Binary => {
                "this is binary data, not the text that auditd writes; name the audit.log itself \
                 (gzip, xz, zstd and bzip2 are read as they are)"
            }
        }
    }
}

/// Whether the start of a text is enough to tell whether it is an archive.
/// No more is waited for than a first line, as there is no record without one.
pub(super) fn tells_archive(start: &[u8]) -> bool {
    start.len() >= TAR_MAGIC.end || start.contains(&b'\n')
}

/// Whether a text begins like JSON, by its first line: an object, or an array
/// of objects, arrays or strings. Many a log line begins with a bracket as well.
pub(crate) fn is_json(start: &[u8]) -> bool {
    let text = start.strip_prefix(b"\xef\xbb\xbf").unwrap_or(start).trim_ascii_start();
    let first_line = text.split(|&byte| byte == b'\n').next().unwrap_or_default();
    let mut signs = first_line.iter().filter(|byte| !byte.is_ascii_whitespace());
    matches!(
        (signs.next(), signs.next()),
        (Some(b'{'), Some(b'"' | b'}') | None)
            | (Some(b'['), Some(b'{' | b'[' | b'"' | b']') | None)
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn archives_by_their_first_line() {
        let mut tar = [0; 600];
        tar[..9].copy_from_slice(b"audit.log");
        tar[TAR_MAGIC].copy_from_slice(b"ustar");
        assert_eq!(Foreign::archive(&tar), Some(Foreign::Tar));
        assert!(!tells_archive(&tar[..100]) && tells_archive(&tar[..262]));
        tar[100] = b'\n';
        assert!(Foreign::archive(&tar).is_none() && tells_archive(&tar[..101]));
    }

    #[test]
    fn each_kind_is_called_by_its_name() {
        for (start, name) in [
            (&b"PK\x03\x04.."[..], "a zip archive"),
            (b"7z\xbc\xaf\x27\x1c..", "a 7z archive"),
            (b"\x04\x22\x4d\x18..", "compressed by lz4"),
        ] {
            let advice = Foreign::archive(start).unwrap().advice();
            assert!(advice.contains(name), "{advice}");
        }
    }

    #[test]
    fn a_bracket_alone_is_no_json() {
        for json in [&b"{\"a\":1}"[..], b" [\n  {\"a\": 1}]", b"{}", b"[[1]]", b"{ \"a\"", b"{\n"] {
            assert_eq!(Foreign::of(json), Some(Foreign::Json));
        }
        for text in [&b"[   12.3] usb 1-1: new"[..], b"[T1] hello", b"{hello}", b""] {
            assert_eq!(Foreign::of(text), None);
        }
    }
}
