//! Any bytes as standard input: compressed, a journal, an archive or text. The text that is read, and
//! whether and how it fails, do not depend on the pieces that the bytes come in, but that decoders of
//! damaged data give more or less of what came before the damage. Text that nothing is to be done
//! with comes as it is.
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

/// What compressed data begins with, a skippable frame of zstd being only one of sixteen.
const COMPRESSED: [&[u8]; 5] =
    [b"\x1f\x8b", b"\xfd7zXZ", b"\x28\xb5\x2f\xfd", b"BZh", b"\x50\x2a\x4d\x18"];

/// What a journal begins with, and archives of zip, 7z and lz4.
const OTHERS: [&[u8]; 4] = [b"{\"", b"PK", b"7z", b"\x04\x22\x4d\x18"];

fuzz_target!(|input: Input<'_>| {
    let whole = text(input.bytes).expect("no error but of the input");
    let pieces = Pieces::new(input.bytes, input.sizes);
    let pieces = text(pieces).expect("no error but of the input");
    if COMPRESSED.iter().any(|start| input.bytes.starts_with(start)) && whole.has_failed {
        assert!(pieces.has_failed);
        assert!(pieces.bytes.starts_with(&whole.bytes) || whole.bytes.starts_with(&pieces.bytes));
    } else {
        assert_eq!(pieces, whole);
    }
    let begins = |start: &&[u8]| input.bytes.starts_with(start);
    let is_skippable = input.bytes.get(1..4) == Some(b"\x2a\x4d\x18");
    let is_tar = input.bytes.get(257..262) == Some(b"ustar");
    let is_other = is_skippable || is_tar || COMPRESSED.iter().chain(&OTHERS).any(begins);
    if !is_other {
        assert!(!whole.has_failed);
        assert_eq!(whole.bytes, input.bytes);
    }
});
