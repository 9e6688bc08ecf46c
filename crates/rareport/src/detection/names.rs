//! Rules, exceptions and windows found again by their names, some of which may be alike.

/// For each name its place among those that there were; of several alike the first for the first,
/// and so on.
pub(super) fn places_in<'a>(
    before: Vec<&'a str>,
    names: impl Iterator<Item = &'a str>,
) -> Vec<Option<usize>> {
    let mut left: Vec<Option<&str>> = before.into_iter().map(Some).collect();
    names
        .map(|name| {
            let place = left.iter().position(|other| *other == Some(name))?;
            left[place] = None;
            Some(place)
        })
        .collect()
}
