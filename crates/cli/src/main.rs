//! The `rareport` binary.
fn main() {}
