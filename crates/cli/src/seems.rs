//! What a file seems to be that is not what it was named as, by how it starts:
//! most often the name is wrong, and this tells which it is.
//!
//! Whether input can be read is decided elsewhere; nothing is decided here.

use std::fmt;
use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use crate::input::compression::starts_compressed;
use crate::input::is_json;

/// Bytes at the start of a file that are looked at.
pub(crate) const HEAD: u64 = 512;

/// What a state begins with.
pub(crate) const STATE: [u8; 8] = *b"rarestat";

/// What a file seems to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Seems {
    Empty,
    State,
    Compressed,
    AuditLog,
    Json,
    Text,
    Binary,
}

impl Seems {
    /// By the first [`HEAD`] bytes, or all if there are fewer.
    pub(crate) fn of(head: &[u8]) -> Seems {
        if head.is_empty() {
            Seems::Empty
        } else if head.starts_with(&STATE) {
            Seems::State
        } else if starts_compressed(head) {
            Seems::Compressed
        } else if contains(head, b"msg=audit(") {
            Seems::AuditLog
        } else if is_json(head) && !is_table(head) {
            Seems::Json
        } else if head.iter().any(|byte| byte.is_ascii_control() && !byte.is_ascii_whitespace()) {
            Seems::Binary
        } else {
            Seems::Text
        }
    }

    /// What a file seems to be.
    ///
    /// # Errors
    ///
    /// If it cannot be read.
    pub(crate) fn of_file(path: &Path) -> io::Result<Seems> {
        let mut head = Vec::new();
        File::open(path)?.take(HEAD).read_to_end(&mut head)?;
        Ok(Seems::of(&head))
    }
}

/// As the end of a sentence that begins with “it seems to be”.
impl fmt::Display for Seems {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Seems::Empty => "empty",
            Seems::State => "a state of rareport",
            Seems::Compressed => "a compressed file",
            Seems::AuditLog => "an audit log",
            Seems::Json => "JSON, as alerts and a status are",
            Seems::Text => "a text",
            Seems::Binary => "binary data",
        })
    }
}

/// Whether it begins with a table of TOML such as `[[rule]]`, and not with an array in an array.
fn is_table(head: &[u8]) -> bool {
    matches!(head.trim_ascii_start(), [b'[', b'[', b'a'..=b'z', ..])
}

fn contains(text: &[u8], part: &[u8]) -> bool {
    memchr::memmem::find(text, part).is_some()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_told_by_their_start() {
        for (head, seems) in [
            (&b""[..], Seems::Empty),
            (b"rarestat\x01\0\0\0", Seems::State),
            (b"\x1f\x8b\x08\0", Seems::Compressed),
            (b"node=db01 type=CWD msg=audit(1.0:1): cwd=\"/\"\n", Seems::AuditLog),
            (b"\n{\"version\":\"0.1.0\"}\n", Seems::Json),
            (b"[[\"a\", 1], [\"b\", 2]]\n", Seems::Json),
            ("[[rule]]\nname = \"für\"\n".as_bytes(), Seems::Text),
            (b"\x7fELF\x02\x01", Seems::Binary),
        ] {
            assert_eq!(Seems::of(head), seems, "{head:?}");
        }
    }
}
