//! What was meant by a misspelt key or value of a text in TOML, by what its reader says of it.

/// How alike a misspelt word must be to a known one, of 0 to 1, for this to be proposed.
const ALIKE: f64 = 0.6;

/// The known word that is most like the unknown one, if a message is about one.
pub(crate) fn meant(message: &str) -> Option<&str> {
    let about = ["unknown field ", "unknown value ", "unknown variant "];
    let rest = about.iter().find_map(|about| message.strip_prefix(about))?;
    let mut quoted = rest.split('`').skip(1).step_by(2);
    let unknown = quoted.next()?.to_lowercase();
    let mut begun = quoted.clone().filter(|known| known.starts_with(&unknown));
    if let (Some(known), None) = (begun.next(), begun.next()) {
        return Some(known);
    }
    let likeness = |known: &str| strsim::normalized_damerau_levenshtein(&unknown, known);
    let nearest = quoted.max_by(|x, y| likeness(x).total_cmp(&likeness(y)))?;
    (likeness(nearest) >= ALIKE).then_some(nearest)
}
