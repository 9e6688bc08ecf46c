//! rareport

pub mod constants;
pub mod digest;
pub mod score;
pub mod special;
