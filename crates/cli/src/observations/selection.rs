//! Which events are looked at: the filter that the command line chooses, held
//! against events of any format.

use anyhow::{Result, bail};
use rareport::datafeed::{Datafeed, Document, Include, Reason};
use rareport::job::Feed;

use super::fields::{Event, Fields};
use crate::args::{FeedArgs, FeedInclude, FeedVersion, Profile};

/// Fields that all documents of a log have in some way. A row that has none of
/// them is no such document, but an observation that somebody has chosen.
const CATEGORISATION: [&str; 3] = ["event.category", "event.type", "event.action"];

/// A filter, and what it is held against.
#[derive(Clone, Debug)]
pub(crate) struct Selection {
    pub(super) profile: Profile,
    datafeed: Datafeed,
    /// Whether rows of JSON and CSV are held against it.
    with_rows: bool,
    /// Whether documents of program starts are not, as a job looks at them.
    with_starts: bool,
}

/// A filter and the fields of jobs, as events have their values.
#[derive(Clone, Copy)]
pub(super) struct Sieve<'a> {
    pub(super) selection: &'a Selection,
    pub(super) fields: &'a Fields,
    /// The places of the values that the filter looks at.
    pub(super) places: &'a [usize],
}

impl Sieve<'_> {
    /// What becomes of an event.
    pub(super) fn verdict(&self, event: &Event) -> Verdict {
        match self.selection.verdict(event, self.places) {
            Verdict::Excluded(reason) => Verdict::Excluded(reason),
            _ if !self.fields.looks_at(event) => Verdict::OtherEvent,
            passed => passed,
        }
    }
}

/// What was said of an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// It passes.
    Passed,
    /// It is a row that is taken as it is.
    Chosen,
    /// It is the start of a program, for the jobs that look at these.
    Start,
    /// The filter leaves it out.
    Excluded(Reason),
    /// It passes, but is not of those that the job looks at.
    OtherEvent,
}

impl Selection {
    /// What the command line asks for, for jobs that are to be fed `feeds`.
    ///
    /// A job that does not say, or that looks at the starts of programs, is fed
    /// every row, unless the command line names a filter. If another job looks
    /// at connections, documents are told apart by what they say they are.
    ///
    /// # Errors
    ///
    /// If what is to pass besides is asked of a filter that is Elastic's own.
    pub(crate) fn of(args: &FeedArgs, feeds: impl IntoIterator<Item = Feed>) -> Result<Selection> {
        let FeedArgs { profile, datafeed, include, .. } = args;
        if *profile == Profile::Elastic && !include.is_empty() {
            bail!("--include widens the filter of --profile rareport; it is not for elastic");
        }
        let include: Vec<Include> = include.iter().map(|extra| extra.of_datafeed()).collect();
        let (network, starts): (Vec<_>, Vec<_>) =
            feeds.into_iter().partition(|feed| feed.is_of_connections());
        Ok(Selection {
            profile: *profile,
            datafeed: match (datafeed, profile) {
                (Some(version), _) => version.datafeed(),
                (None, Profile::Elastic) => Datafeed::v3(),
                (None, Profile::Rareport) => Datafeed::outbound(&include),
            },
            with_rows: datafeed.is_some() || !network.is_empty(),
            with_starts: !network.is_empty() && !starts.is_empty(),
        })
    }

    /// The fields that are looked at.
    pub(super) fn fields(&self) -> impl Iterator<Item = &str> {
        self.datafeed.fields().iter().map(String::as_str).chain(CATEGORISATION)
    }

    /// What becomes of an event; `places` has the places of [`fields`].
    ///
    /// [`fields`]: Selection::fields
    fn verdict(&self, event: &Event, places: &[usize]) -> Verdict {
        let (places, categorisation) = places.split_at(self.datafeed.fields().len());
        let is_document = || categorisation.iter().any(|&place| event.has(place));
        let is_filtered = event.is_audit || (self.with_rows && is_document());
        if !is_filtered {
            return Verdict::Chosen;
        }
        if self.with_starts && !event.is_audit && is_start(event, categorisation) {
            return Verdict::Start;
        }
        match self.datafeed.verdict(&Placed { event, places }) {
            Ok(()) => Verdict::Passed,
            Err(reason) => Verdict::Excluded(reason),
        }
    }
}

/// Whether a document says that a program was started; `categorisation` has the
/// places of these fields.
fn is_start(event: &Event, categorisation: &[usize]) -> bool {
    let says = |place: usize, word: &[u8]| event.values(place).iter().any(|value| value == word);
    match categorisation {
        [category, kind, ..] => says(*category, b"process") && says(*kind, b"start"),
        _ => false,
    }
}

/// An event, and where in it the values are of the filter's fields.
struct Placed<'a> {
    event: &'a Event,
    places: &'a [usize],
}

impl Document for Placed<'_> {
    fn any(&self, field: usize, test: &mut dyn FnMut(&[u8]) -> bool) -> bool {
        self.event.values(self.places[field]).iter().any(test)
    }
}

impl Verdict {
    /// Whether a job may look at the event.
    pub(crate) fn is_wanted(self) -> bool {
        matches!(self, Verdict::Passed | Verdict::Chosen | Verdict::Start)
    }

    /// Whether a job that is to be fed `feed` may look at the event.
    pub(crate) fn is_for(self, feed: Option<Feed>) -> bool {
        match self {
            Verdict::Passed => feed.is_none_or(Feed::is_of_connections),
            Verdict::Start => feed.is_none_or(|feed| !feed.is_of_connections()),
            Verdict::Chosen => true,
            Verdict::Excluded(_) | Verdict::OtherEvent => false,
        }
    }
}

impl FeedVersion {
    fn datafeed(self) -> Datafeed {
        match self {
            FeedVersion::V1 => Datafeed::v1(),
            FeedVersion::V2 => Datafeed::v2(),
            FeedVersion::V3 => Datafeed::v3(),
            FeedVersion::Ea => Datafeed::ea(),
            FeedVersion::None => Datafeed::new(Vec::new()),
        }
    }
}

impl FeedInclude {
    fn of_datafeed(self) -> Include {
        match self {
            FeedInclude::Udp => Include::Udp,
            FeedInclude::Flows => Include::Flows,
        }
    }
}
