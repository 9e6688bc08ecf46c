//! What several integration tests use.

pub(crate) mod compare;
pub(crate) mod stream;
