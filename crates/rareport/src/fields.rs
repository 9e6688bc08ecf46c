//! Which values of an observation a job looks at, and in which order (rare-model §3.1, §14).

use crate::job::JobConfig;
use crate::observation::{Observation, present};
use crate::packed::Packed;

/// The fields of a job, as observations give them.
#[derive(Clone, Debug)]
pub(crate) struct Fields {
    pub(crate) has_over: bool,
    pub(crate) has_partition: bool,
    use_null: bool,
    /// Influencer fields in byte order of their names.
    pub(crate) influencers: Vec<Influencer>,
    /// Index into `influencers` of the partition field, if it is one.
    pub(crate) partition_influencer: Option<u16>,
}

/// An influencer field.
#[derive(Clone, Debug)]
pub(crate) struct Influencer {
    pub(crate) name: String,
    pub(crate) source: Source,
}

/// Where the value of an influencer field comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Source {
    By,
    Over,
    Partition,
    /// The list of the observation, at this index.
    Listed(usize),
}

impl Fields {
    pub(crate) fn of(job: &JobConfig) -> Self {
        let detector = &job.detector;
        let influencer = |(index, name): (usize, &String)| {
            let is = |field: &Option<String>| field.as_ref() == Some(name);
            let source = if *name == detector.by_field {
                Source::By
            } else if is(&detector.over_field) {
                Source::Over
            } else if is(&detector.partition_field) {
                Source::Partition
            } else {
                Source::Listed(index)
            };
            Influencer { name: name.clone(), source }
        };
        let mut influencers: Vec<Influencer> =
            job.influencers.iter().enumerate().map(influencer).collect();
        influencers.sort_by(|x, y| x.name.cmp(&y.name));
        let of_partition =
            |(_, influencer): &(u16, &Influencer)| influencer.source == Source::Partition;
        let partition_influencer =
            (0u16..).zip(&influencers).find(of_partition).map(|(index, _)| index);
        Fields {
            has_over: detector.over_field.is_some(),
            has_partition: detector.partition_field.is_some(),
            use_null: detector.use_null,
            influencers,
            partition_influencer,
        }
    }

    /// The influencer values that an observation has.
    pub(crate) fn influences<'a>(
        &'a self,
        observation: &Observation<'a>,
        values: &Values<'a>,
    ) -> impl Iterator<Item = (u16, &'a [u8])> {
        let (values, listed) = (*values, observation.influencers);
        let value_of = move |influencer: &Influencer| match influencer.source {
            Source::By => present(values.by),
            Source::Over => present(values.over),
            Source::Partition => present(Some(values.partition)),
            Source::Listed(index) => listed.get(index).copied().and_then(present),
        };
        let values = (0u16..).zip(self.influencers.iter().map(value_of));
        values.filter_map(|(field, value)| Some((field, value?)))
    }

    /// The by-field value, packed, if it alone says what the subject is.
    pub(crate) fn sole_value(&self, values: &Values<'_>) -> Option<Packed> {
        let is_sole = !self.has_partition && !self.has_over;
        Packed::of(0, values.by.filter(|_| is_sole)?)
    }

    /// Index of an influencer field.
    pub(crate) fn index_of(&self, name: &str) -> Option<usize> {
        self.influencers.binary_search_by(|influencer| influencer.name.as_str().cmp(name)).ok()
    }
}

/// The values of an observation as far as the job looks at them.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Values<'a> {
    pub(crate) partition: &'a [u8],
    pub(crate) over: Option<&'a [u8]>,
    pub(crate) by: Option<&'a [u8]>,
}

impl Values<'_> {
    pub(crate) fn of<'a>(observation: &Observation<'a>, fields: &Fields) -> Values<'a> {
        let if_used = |used: bool, value| if used { present(value) } else { None };
        let empty: &[u8] = b"";
        Values {
            partition: if_used(fields.has_partition, observation.partition).unwrap_or(empty),
            over: if fields.has_over { present(observation.over) } else { Some(empty) },
            by: present(observation.by).or(fields.use_null.then_some(empty)),
        }
    }
}
