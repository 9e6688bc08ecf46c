//! What is clearly not an audit log, told by how its text starts.
//!
//! Only an archive is refused, for what is in it lies in no order of time.
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
    Archive,
    Binary,
}

impl Foreign {
    /// Tells by the first [`HEAD`] bytes of a text, or all if it is shorter;
    /// `None` if it may be an audit log.
    pub(super) fn of(head: &[u8]) -> Option<Foreign> {
        if is_archive(head) {
            Some(Foreign::Archive)
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
            Foreign::Archive => {
                "this is an archive (tar, zip, 7z or lz4); unpack it and name the log in it \
                 (gzip, xz, zstd and bzip2 are read as they are)"
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

/// Whether a text is an archive, by its first line, so that it does not matter
/// how much of the text is there.
pub(super) fn is_archive(start: &[u8]) -> bool {
    let first_line = start.split(|&byte| byte == b'\n').next().unwrap_or_default();
    first_line.starts_with(b"PK\x03\x04")
        || first_line.starts_with(b"7z\xbc\xaf\x27\x1c")
        || first_line.starts_with(b"\x04\x22\x4d\x18")
        || first_line.get(TAR_MAGIC) == Some(b"ustar")
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
        assert!(is_archive(&tar) && !tells_archive(&tar[..100]) && tells_archive(&tar[..262]));
        tar[100] = b'\n';
        assert!(!is_archive(&tar) && tells_archive(&tar[..101]));
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
