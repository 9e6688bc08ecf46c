//! A condition on a document: on which fields, of which kind, with which values.

use std::net::IpAddr;
use std::str;

use super::{Network, Reason};

/// A condition that a document must satisfy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Clause {
    /// Whether one of the terms must hold, or none may.
    pub occur: Occur,
    /// The terms.
    pub terms: Vec<Term>,
    /// Why a document that does not satisfy the clause is left out.
    pub reason: Reason,
}

/// What is asked of the terms of a clause.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Occur {
    /// At least one holds.
    Must,
    /// None holds.
    MustNot,
}

/// A test of the values of one field. It holds if any of them satisfies it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Term {
    /// Name of the field, dotted.
    pub field: &'static str,
    /// What is asked of a value.
    pub test: Test,
}

/// What is asked of a value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Test {
    /// It is one of these texts, upper and lower case being different.
    Keyword(&'static [&'static str]),
    /// It is an IP address in one of these networks. An IPv4 address in IPv6 (`::ffff:a.b.c.d`)
    /// is that IPv4 address. A value that is no address is in none.
    Ip(Vec<Network>),
    /// It is there.
    Exists,
}

impl Clause {
    /// A clause of which a term must hold.
    #[must_use]
    pub fn must(reason: Reason, terms: impl Into<Vec<Term>>) -> Clause {
        Clause { occur: Occur::Must, terms: terms.into(), reason }
    }

    /// A clause of which no term may hold.
    #[must_use]
    pub fn must_not(reason: Reason, terms: impl Into<Vec<Term>>) -> Clause {
        Clause { occur: Occur::MustNot, terms: terms.into(), reason }
    }
}

impl Term {
    /// A value of `field` is one of these texts.
    #[must_use]
    pub fn keyword(field: &'static str, values: &'static [&'static str]) -> Term {
        Term { field, test: Test::Keyword(values) }
    }

    /// A value of `field` is an address in one of these networks.
    #[must_use]
    pub fn ip(field: &'static str, networks: impl Into<Vec<Network>>) -> Term {
        Term { field, test: Test::Ip(networks.into()) }
    }

    /// `field` has a value.
    #[must_use]
    pub fn exists(field: &'static str) -> Term {
        Term { field, test: Test::Exists }
    }

    /// Whether a value of the field satisfies the test.
    pub(super) fn holds(&self, value: &[u8]) -> bool {
        match &self.test {
            Test::Keyword(wanted) => wanted.iter().any(|text| text.as_bytes() == value),
            Test::Ip(networks) => {
                address(value).is_some_and(|ip| networks.iter().any(|net| net.contains(ip)))
            }
            Test::Exists => true,
        }
    }
}

/// The address that a value stands for.
fn address(value: &[u8]) -> Option<IpAddr> {
    str::from_utf8(value).ok()?.parse().ok()
}
