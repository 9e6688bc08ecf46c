//! rareport
