//! What was probably meant by a misspelt word.

/// Most letters that a word may differ in from the one that was meant.
const TYPOS: usize = 2;

/// The known word that is nearest to a word, the word itself if it is known; `None` if none is near.
pub(crate) fn meant<'a>(word: &str, known: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let (typos, near) =
        known.map(|known| (strsim::damerau_levenshtein(known, word), known)).min()?;
    (typos <= TYPOS && typos < near.len()).then_some(near)
}

#[cfg(test)]
mod tests {
    use super::meant;

    #[test]
    fn what_is_near_and_what_is_not() {
        let meant = |word| meant(word, ["host.name", "user.name", "id"].into_iter());
        assert_eq!(meant("host.nam"), Some("host.name"));
        assert_eq!(meant("hostname"), Some("host.name"));
        assert_eq!(meant("user.name"), Some("user.name"));
        assert_eq!(meant("process.name"), None);
        // Two letters differ, but these are all there are.
        assert_eq!(meant("xy"), None);
    }
}
