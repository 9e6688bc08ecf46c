//! A pattern for texts.

use std::fmt;
use wildmatch::WildMatch;

/// A pattern in which `*` stands for any text and `?` for one character.
///
/// ```
/// use rareport::condition::Pattern;
///
/// let python = Pattern::new("*/python3.?");
/// assert!(python.matches("/usr/bin/python3.9") && !python.matches("/usr/bin/python3.11"));
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Pattern(WildMatch);

impl Pattern {
    /// The pattern of a text. Every text is one.
    #[must_use]
    pub fn new(text: &str) -> Pattern {
        Pattern(WildMatch::new(text))
    }

    /// Whether the whole of a text is like it, upper and lower case being different.
    #[must_use]
    pub fn matches(&self, text: &str) -> bool {
        self.0.matches(text)
    }
}

impl fmt::Display for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}
