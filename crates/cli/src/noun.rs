//! What the values of a field are called where people read of them.

/// The values of a field in words: ports are called ports.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Noun<'a>(pub(crate) &'a str);

impl Noun<'_> {
    /// Whether they are destination ports.
    pub(crate) fn is_port(self) -> bool {
        self.0 == "destination.port"
    }

    /// One of them.
    pub(crate) fn one(self) -> String {
        if self.is_port() { "port".to_owned() } else { format!("value of {}", self.0) }
    }

    /// Several of them.
    pub(crate) fn many(self) -> String {
        if self.is_port() { "ports".to_owned() } else { format!("values of {}", self.0) }
    }

    /// What stands before a value to say what it is.
    pub(crate) fn before_value(self) -> String {
        if self.is_port() { "port".to_owned() } else { self.0.to_owned() }
    }
}
