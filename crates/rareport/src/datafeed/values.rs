//! The values of a field of a document, one by one and joined.

/// The values of a field, in a place that is used again.
///
/// A filter looks at them one by one; the model takes them joined by commas, as Elasticsearch
/// hands them to its own.
///
/// ```
/// use rareport::datafeed::Values;
///
/// let mut values = Values::default();
/// values.push(b"22");
/// values.push(b"");
/// values.push(b"443");
/// assert_eq!(values.joined(), b"22,443");
/// assert_eq!(values.iter().collect::<Vec<_>>(), [&b"22"[..], b"443"]);
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Values {
    joined: Vec<u8>,
    /// Where in `joined` each value ends.
    ends: Vec<usize>,
}

impl Values {
    /// Adds a value, unless it is empty: an empty text is no value.
    pub fn push(&mut self, value: &[u8]) {
        self.push_with(|out| out.extend_from_slice(value));
    }

    /// Adds a value that `write` appends to the bytes it is given, unless it appends none.
    pub fn push_with(&mut self, write: impl FnOnce(&mut Vec<u8>)) {
        let end = self.joined.len();
        if !self.ends.is_empty() {
            self.joined.push(b',');
        }
        let start = self.joined.len();
        write(&mut self.joined);
        if self.joined.len() > start {
            self.ends.push(self.joined.len());
        } else {
            self.joined.truncate(end);
        }
    }

    /// Takes all values away.
    pub fn clear(&mut self) {
        self.joined.clear();
        self.ends.clear();
    }

    /// The values joined by commas; empty if there is none.
    #[must_use]
    pub fn joined(&self) -> &[u8] {
        &self.joined
    }

    /// The values.
    pub fn iter(&self) -> impl Iterator<Item = &[u8]> {
        let starts = [0].into_iter().chain(self.ends.iter().map(|end| end + 1));
        starts.zip(&self.ends).map(|(start, &end)| &self.joined[start..end])
    }
}
