//! What the program says of itself: its version and the facts of the build,
//! which `build.rs` gives.

/// The version alone.
pub(crate) const SHORT: &str = env!("CARGO_PKG_VERSION");

/// The version, and what the program was built from, for and by.
pub(crate) const LONG: &str = concat!(
    env!("CARGO_PKG_VERSION"),
    "\ncommit: ",
    env!("RAREPORT_COMMIT"),
    "\ntarget: ",
    env!("RAREPORT_TARGET"),
    "\nrustc: ",
    env!("RAREPORT_RUSTC"),
);
