//! A part of a filter: conditions of which one must hold, or none may.

use super::Reason;
use crate::condition::Condition;

/// A part of a filter that a document must satisfy.
#[derive(Clone, Debug, PartialEq)]
pub struct Clause {
    /// Whether one of the conditions must hold, or none may.
    pub occur: Occur,
    /// The conditions.
    pub conditions: Vec<Condition>,
    /// Why a document that does not satisfy the clause is left out.
    pub reason: Reason,
}

/// What is asked of the conditions of a clause.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Occur {
    /// At least one holds.
    Must,
    /// None holds.
    MustNot,
}

impl Clause {
    /// A clause of which a condition must hold.
    #[must_use]
    pub fn must(reason: Reason, conditions: impl Into<Vec<Condition>>) -> Clause {
        Clause { occur: Occur::Must, conditions: conditions.into(), reason }
    }

    /// A clause of which no condition may hold.
    #[must_use]
    pub fn must_not(reason: Reason, conditions: impl Into<Vec<Condition>>) -> Clause {
        Clause { occur: Occur::MustNot, conditions: conditions.into(), reason }
    }
}
