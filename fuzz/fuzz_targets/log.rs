//! Any bytes as standard input: compressed, a journal, an archive or text. The text that is read, and
//! whether and how it fails, do not depend on the pieces that the bytes come in; text that nothing is
//! to be done with comes as it is.
#![no_main]

use arbitrary::Arbitrary;
use libfuzzer_sys::fuzz_target;
use rareport_cli::probe::text;
use rareport_fuzz::pieces::Pieces;

#[derive(Arbitrary, Debug)]
struct Input<'a> {
    sizes: [u8; 4],
    bytes: &'a [u8],
}

/// What compressed data, a journal and a zip archive begin with.
const STARTS: [&[u8]; 7] =
    [b"\x1f\x8b", b"\xfd7zXZ", b"\x28\xb5\x2f\xfd", b"BZh", b"{\"", b"PK", b"7z"];

/// What other archives begin with, and skippable frames of zstd.
const OTHER_STARTS: [&[u8]; 1] = [b"\x04\x22\x4d\x18"];

fuzz_target!(|input: Input<'_>| {
    let whole = text(input.bytes).expect("no error but of the input");
    let pieces = Pieces::new(input.bytes, input.sizes);
    assert_eq!(text(pieces).expect("no error but of the input"), whole);
    let begins = |start: &&[u8]| input.bytes.starts_with(start);
    let is_skippable = input.bytes.get(1..4) == Some(b"\x2a\x4d\x18");
    let is_tar = input.bytes.get(257..262) == Some(b"ustar");
    let is_other = is_skippable || is_tar || STARTS.iter().chain(&OTHER_STARTS).any(begins);
    if !is_other {
        assert!(!whole.has_failed);
        assert_eq!(whole.bytes, input.bytes);
    }
});
