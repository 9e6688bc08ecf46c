//! Which documents a job is fed: a filter as data, and what it says of a document.
//!
//! A [`Datafeed`] is a list of [`Clause`]s over fields of the Elastic Common Schema, all of which
//! a document must satisfy; the first that it does not satisfy is the reason why it is left out.
//! The filters that Elastic's job for destination ports has had are there ready-made, and one of
//! our own. Where documents come from and how they are read is not known here: anything that has
//! values of fields is a [`Document`].
//!
//! ```
//! use rareport::datafeed::{Datafeed, Document, Reason};
//!
//! /// A connect of a user on Linux, in the order of the filter's fields.
//! struct Connect<'a>(&'a Datafeed, &'static str);
//!
//! impl Document for Connect<'_> {
//!     fn any(&self, field: usize, test: &mut dyn FnMut(&[u8]) -> bool) -> bool {
//!         match self.0.fields()[field].as_str() {
//!             "event.category" => test(b"network"),
//!             "event.type" => test(b"connection") || test(b"start"),
//!             "host.os.type" => test(b"linux"),
//!             "user.name" => test(self.1.as_bytes()),
//!             _ => false,
//!         }
//!     }
//! }
//!
//! let v3 = Datafeed::v3();
//! assert_eq!(v3.verdict(&Connect(&v3, "alice")), Ok(()));
//! assert_eq!(v3.verdict(&Connect(&v3, "jenkins")), Err(Reason::User));
//! ```

mod clause;
mod reason;
mod values;
mod versions;

pub use clause::{Clause, Occur};
pub use reason::{Excluded, Reason};
pub use values::Values;
pub use versions::Include;

/// What a filter looks at.
pub trait Document {
    /// Whether `test` holds for a value of a field, given by its place in [`Datafeed::fields`].
    ///
    /// Every scalar value at the field is a value of its own, as text; a field that is absent or
    /// null has none, and then `test` is not called.
    fn any(&self, field: usize, test: &mut dyn FnMut(&[u8]) -> bool) -> bool;
}

/// A filter of documents.
#[derive(Clone, Debug, PartialEq)]
pub struct Datafeed {
    clauses: Vec<Clause>,
    fields: Vec<String>,
    /// Place in `fields` of each condition's field, one clause after the other.
    places: Vec<usize>,
}

impl Datafeed {
    /// A filter that a document passes if it satisfies every clause.
    #[must_use]
    pub fn new(clauses: Vec<Clause>) -> Datafeed {
        let mut fields: Vec<String> = Vec::new();
        let conditions = clauses.iter().flat_map(|clause| &clause.conditions);
        let places = conditions.map(|condition| {
            let known = fields.iter().position(|name| *name == condition.field);
            known.unwrap_or_else(|| {
                fields.push(condition.field.clone());
                fields.len() - 1
            })
        });
        let places = places.collect();
        Datafeed { clauses, fields, places }
    }

    /// The clauses, in the order in which a document is held against them.
    #[must_use]
    pub fn clauses(&self) -> &[Clause] {
        &self.clauses
    }

    /// The fields that are looked at, each once.
    #[must_use]
    pub fn fields(&self) -> &[String] {
        &self.fields
    }

    /// Whether a document passes.
    ///
    /// # Errors
    ///
    /// The reason of the first clause that it does not satisfy.
    pub fn verdict(&self, document: &impl Document) -> Result<(), Reason> {
        let mut places = self.places.iter();
        for clause in &self.clauses {
            let mut holds = false;
            for (condition, &field) in clause.conditions.iter().zip(places.by_ref()) {
                let mut test = |value: &[u8]| condition.test.passes(value);
                holds = holds || document.any(field, &mut test) != condition.not;
            }
            if holds != (clause.occur == Occur::Must) {
                return Err(clause.reason);
            }
        }
        Ok(())
    }
}
