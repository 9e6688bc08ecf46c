//! The items of a filter, and whether a value matches one of them (rare-model §13).

use foldhash::fast::RandomState;
use hashbrown::HashSet;

/// The items of a filter. A value is looked up among the exact ones, which lists of thousands are
/// made of, and held against each of the others.
#[derive(Clone, Debug)]
pub(super) struct Items {
    exact: HashSet<Box<[u8]>, RandomState>,
    patterns: Vec<Pattern>,
}

/// An item with a `*`, which stands for any text.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Pattern {
    StartsWith(Box<[u8]>),
    EndsWith(Box<[u8]>),
    Contains(Box<[u8]>),
}

impl Items {
    pub(super) fn of<'a>(items: impl IntoIterator<Item = &'a [u8]>) -> Self {
        let mut all = Items { exact: HashSet::default(), patterns: Vec::new() };
        for item in items {
            match Pattern::of(item) {
                Some(pattern) => all.patterns.push(pattern),
                None => {
                    all.exact.insert(item.into());
                }
            }
        }
        all
    }

    /// Whether a value matches an item.
    pub(super) fn match_value(&self, value: &[u8]) -> bool {
        self.exact.contains(value) || self.patterns.iter().any(|pattern| pattern.matches(value))
    }
}

impl Pattern {
    /// Reads an item: `*` stands for any text at its start, at its end or at both. `None` if it
    /// stands for itself.
    fn of(item: &[u8]) -> Option<Self> {
        match item {
            [b'*', inner @ .., b'*'] => Some(Pattern::Contains(inner.into())),
            [b'*', end @ ..] => Some(Pattern::EndsWith(end.into())),
            [start @ .., b'*'] => Some(Pattern::StartsWith(start.into())),
            _ => None,
        }
    }

    fn matches(&self, value: &[u8]) -> bool {
        match self {
            Pattern::StartsWith(text) => value.starts_with(text),
            Pattern::EndsWith(text) => value.ends_with(text),
            Pattern::Contains(text) => memchr::memmem::find(value, text).is_some(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn items_match_whole_values_or_what_the_asterisks_leave() {
        let matches =
            |item: &str, value: &str| Items::of([item.as_bytes()]).match_value(value.as_bytes());
        assert!(matches("80", "80") && !matches("80", "8080"));
        assert!(matches("80*", "8080") && !matches("80*", "1180"));
        assert!(matches("*80", "1180") && !matches("*80", "8081"));
        assert!(matches("*08*", "8080") && !matches("*08*", "8800"));
        assert!(matches("*", "") && matches("*", "anything"));
        assert!(!matches("8?", "80") && !matches("nc", "NC"));
    }

    #[test]
    fn only_items_with_an_asterisk_are_gone_through() {
        let ports: Vec<String> = (0..10_000).map(|port| port.to_string()).collect();
        let texts = ports.iter().map(String::as_str).chain(["99*", "*7"]);
        let items = Items::of(texts.map(str::as_bytes));
        assert_eq!((items.exact.len(), items.patterns.len()), (10_000, 2));
        let matches = ["0", "9999", "10000", "99100", "10007", ""]
            .map(|value| items.match_value(value.as_bytes()));
        assert_eq!(matches, [true, true, false, true, true, false]);
    }
}
