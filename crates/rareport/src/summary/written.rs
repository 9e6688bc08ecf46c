//! Summaries as they are written: the values themselves, partition by partition.

use super::bytes::BorrowedBytes;
use super::contents::{Appearance, Contents, PartitionContents};
use super::{BucketSummary, FirstEvent, Position, SummaryJob};
use crate::bucket::Subject;
use serde::{Serialize, Serializer};

#[derive(Serialize)]
struct Written<'a> {
    start: i64,
    job: &'a SummaryJob,
    event_count: u64,
    without_value: u64,
    first: FirstEvent,
    /// Values of the partition field, and what was seen in each.
    partitions: Vec<(BorrowedBytes<'a>, WrittenPartition<'a>)>,
}

#[derive(Serialize)]
struct WrittenPartition<'a> {
    first: FirstEvent,
    /// Values of the by field, and where they appeared first.
    by: Vec<(BorrowedBytes<'a>, Position)>,
    /// Values of the over field, and where they appeared first.
    over: Vec<(BorrowedBytes<'a>, Position)>,
    /// Pairs of an over-field and a by-field value.
    subjects: Vec<((BorrowedBytes<'a>, BorrowedBytes<'a>), WrittenSubject<'a>)>,
}

#[derive(Serialize)]
struct WrittenSubject<'a> {
    event_count: u64,
    /// Indices of influencer fields, and their values.
    influences: Vec<(u16, BorrowedBytes<'a>)>,
}

impl Serialize for BucketSummary {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let contents = &self.contents;
        let partitions = contents.partitions();
        let written = Written {
            start: self.start,
            job: &self.job,
            event_count: self.event_count,
            without_value: self.without_value,
            first: self.first,
            partitions: partitions
                .map(|partition| (BorrowedBytes(partition.value), contents.written(partition)))
                .collect(),
        };
        written.serialize(serializer)
    }
}

impl Contents {
    fn written(&self, partition: PartitionContents<'_>) -> WrittenPartition<'_> {
        let appeared = |appearances: &[Appearance]| {
            let appeared = |it: &Appearance| (self.name(it.name), it.position);
            appearances.iter().map(appeared).collect()
        };
        WrittenPartition {
            first: partition.first,
            by: appeared(partition.by),
            over: appeared(partition.over),
            subjects: partition.subjects.map(|index| self.written_subject(index)).collect(),
        }
    }

    fn written_subject(
        &self,
        index: usize,
    ) -> ((BorrowedBytes<'_>, BorrowedBytes<'_>), WrittenSubject<'_>) {
        let (Subject { over, by, .. }, event_count) = self.subjects[index];
        let influences = self.influences.get(index).iter().map(|&value| {
            let (field, value) = self.values.get(value);
            (field, BorrowedBytes(value))
        });
        let subject = WrittenSubject { event_count, influences: influences.collect() };
        ((self.name(over), self.name(by)), subject)
    }

    fn name(&self, index: u32) -> BorrowedBytes<'_> {
        BorrowedBytes(self.names.get(index).1)
    }
}
