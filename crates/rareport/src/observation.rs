//! What the model sees of an event: when it happened and which values it had.
//!
//! Where the values come from, and how a time is read from text, is the caller's business.

/// One event as the model sees it.
///
/// Values are byte strings that are compared as they are: `443` and `0443` differ. `None` and an
/// empty value both mean that the event has no such value (rare-model §3.3).
///
/// ```
/// use rareport::observation::Observation;
///
/// let observation = Observation::new(1_700_000_123, "4444")
///     .with_influencers(&[Some(b"web-1"), None]);
/// assert_eq!(observation.by, Some(b"4444".as_slice()));
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Observation<'a> {
    /// When it happened, in whole seconds since the epoch, fractions rounded down.
    pub time: i64,
    /// Value of the by field: what is rare or not.
    pub by: Option<&'a [u8]>,
    /// Value of the over field, if the job has one.
    pub over: Option<&'a [u8]>,
    /// Value of the partition field, if the job has one.
    pub partition: Option<&'a [u8]>,
    /// Values of the job's influencer fields, in the job's order; missing ones at the end may be
    /// left out. Those of fields that are also the by, over or partition field are not looked at.
    pub influencers: &'a [Option<&'a [u8]>],
}

impl<'a> Observation<'a> {
    /// An event at `time` (seconds since the epoch) with a by-field value and nothing else.
    #[must_use]
    pub fn new(time: i64, by: &'a (impl AsRef<[u8]> + ?Sized)) -> Self {
        Observation { time, by: Some(by.as_ref()), ..Observation::default() }
    }

    /// The same event with values of the influencer fields.
    #[must_use]
    pub fn with_influencers(self, influencers: &'a [Option<&'a [u8]>]) -> Self {
        Observation { influencers, ..self }
    }
}

/// A value that is there: neither missing nor empty.
pub(crate) fn present(value: Option<&[u8]>) -> Option<&[u8]> {
    value.filter(|bytes| !bytes.is_empty())
}
