//! rareport

pub mod digest;
