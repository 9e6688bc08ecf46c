//! Ids of result documents: the job, the bucket and a hash of the values, as Elastic names them.

use std::io::Cursor;

/// What identifies the values of a result: a 128-bit Murmur3 hash of their UTF-8 bytes one after
/// the other, written as a signed decimal number, and their length in UTF-16 units.
///
/// ```
/// use rareport::results::values_id;
///
/// assert_eq!(values_id(&["4444"]), "-57010440841075555165749155328788668196_4");
/// ```
#[must_use]
pub fn values_id(values: &[&str]) -> String {
    let text = values.concat();
    // A cursor over memory cannot fail, and the hash of nothing is 0.
    let hash = murmur3::murmur3_x64_128(&mut Cursor::new(&text), 0).unwrap_or(0);
    let (first, second) = (hash as u64, (hash >> 64) as u64);
    let signed = (u128::from(first) << 64 | u128::from(second)) as i128;
    format!("{signed}_{}", text.encode_utf16().count())
}

/// Start of a bucket in milliseconds since the epoch, and its length in seconds.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Place<'a> {
    pub(crate) job_id: &'a str,
    pub(crate) timestamp: i64,
    pub(crate) bucket_span: u32,
}

impl Place<'_> {
    pub(crate) fn bucket_id(&self) -> String {
        format!("{}_bucket_{}_{}", self.job_id, self.timestamp, self.bucket_span)
    }

    /// `values` are those of the by, over and partition field, as far as there are any.
    pub(crate) fn record_id(&self, values: &[&str]) -> String {
        let Place { job_id, timestamp, bucket_span } = self;
        format!("{job_id}_record_{timestamp}_{bucket_span}_0_{}", values_id(values))
    }

    pub(crate) fn influencer_id(&self, field: &str, value: &str) -> String {
        let Place { job_id, timestamp, bucket_span } = self;
        let hash = values_id(&[value]);
        format!("{job_id}_influencer_{timestamp}_{bucket_span}_{field}_{hash}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_hashes() {
        for line in include_str!("../../tests/data/id_vectors.tsv").lines().skip(1) {
            let (values, expected) = line.split_once('\t').unwrap();
            assert_eq!(values_id(&[values]), expected);
        }
    }
}
