//! From a judged bucket to its result documents (rare-model §9).

use super::judgement::Judgement;
use crate::category::CategoryModel;
use crate::explain::{Explanation, Question, text};
use crate::fields::Fields;
use crate::job::JobConfig;
use crate::normalizers::{Normalizers, Scorers};
use crate::partition::{Model, Partition, Partitions};
use crate::population::Population;
use crate::results::{
    BUCKET_TIME, Bucket, BucketInfluencer, BucketResults, Cause, Influencer, Place, Record,
    RecordInfluencer, ResultType, ScoreExplanation,
};
use crate::tree::{Influence, Node};

/// Writes the documents of one bucket.
#[derive(Clone, Copy, Debug)]
pub(super) struct Documents<'a> {
    pub(super) job: &'a JobConfig,
    pub(super) fields: &'a Fields,
    pub(super) partitions: &'a Partitions,
    pub(super) normalizers: &'a Normalizers,
    /// Start of the bucket in seconds since the epoch.
    pub(super) start: i64,
    pub(super) is_interim: bool,
}

impl Documents<'_> {
    pub(super) fn write(&self, judgement: &Judgement<'_>, event_count: u64) -> BucketResults {
        let mut scorers = self.normalizers.scorers();
        let records = self.records(judgement, &mut scorers);
        let influencers = self.influencers(judgement, &mut scorers);
        let bucket_influencers =
            self.bucket_influencers(judgement, !records.is_empty(), &mut scorers);
        let scores = bucket_influencers.iter().map(|influencer| influencer.anomaly_score);
        let anomaly_score = scores.fold(0.0, f64::max);
        let place = self.place();
        let bucket = Bucket {
            result_type: ResultType::Bucket,
            job_id: self.job.job_id.clone(),
            id: place.bucket_id(),
            timestamp: place.timestamp,
            bucket_span: place.bucket_span,
            is_interim: self.is_interim,
            event_count,
            anomaly_score,
            initial_anomaly_score: anomaly_score,
            bucket_influencers,
        };
        BucketResults { records, influencers, bucket }
    }

    fn place(&self) -> Place<'_> {
        Place {
            job_id: &self.job.job_id,
            timestamp: self.start * 1000,
            bucket_span: self.job.bucket_span,
        }
    }

    /// Most documents of each kind (rare-model §9).
    fn result_limit(&self) -> usize {
        self.job.limits.results_per_bucket.unwrap_or(usize::MAX)
    }

    /// The written leaves in the order of their documents, at most as many as allowed.
    fn records(&self, judgement: &Judgement<'_>, scorers: &mut Scorers<'_>) -> Vec<Record> {
        let probability = |leaf: usize| judgement.tree.leaves[leaf].probability;
        // Leaves with the places of their partitions among those present.
        let mut written: Vec<(usize, usize)> = Vec::new();
        for (place, (_, range)) in judgement.leaves.partitions().enumerate() {
            let of_partition = range.filter(|&leaf| judgement.written.leaves[leaf]);
            written.extend(of_partition.map(|leaf| (leaf, place)));
        }
        let names = |&(leaf, place): &(usize, usize)| {
            let partition = judgement.present[place].0;
            let value = self.subject_value(judgement, leaf, partition);
            (value, self.partitions.value(partition))
        };
        written.sort_by(|x, y| {
            probability(x.0).total_cmp(&probability(y.0)).then_with(|| names(x).cmp(&names(y)))
        });
        written.truncate(self.result_limit());
        let record = |(leaf, place)| self.record(judgement, leaf, place, scorers);
        written.into_iter().map(record).collect()
    }

    /// The by-field value or person that a leaf stands for.
    fn subject_value(&self, judgement: &Judgement<'_>, leaf: usize, partition: u32) -> &[u8] {
        let (partition, id) = (self.partitions.get(partition), judgement.leaves.id(leaf));
        if self.fields.has_over { partition.over.value(id) } else { partition.by.value(id) }
    }

    fn record(
        &self,
        judgement: &Judgement<'_>,
        leaf: usize,
        place: usize,
        scorers: &mut Scorers<'_>,
    ) -> Record {
        let partition_id = judgement.present[place].0;
        let partition = self.partitions.get(partition_id);
        let probability = judgement.tree.leaves[leaf].probability;
        let score = scorers.leaf(judgement.leaf_scopes[leaf].scope, probability);
        let mut record = self.bare_record(probability, score);
        record.influencers = self.record_influencers(judgement, leaf);
        let value = text(self.subject_value(judgement, leaf, partition_id));
        let partition_value = text(self.partitions.value(partition_id));
        let mut values = vec![value.as_str()];
        if self.job.detector.partition_field.is_some() {
            values.push(&partition_value);
        }
        record.id = self.place().record_id(&values);
        if self.job.detector.partition_field.is_some() {
            record.partition_field_value = Some(partition_value);
        }
        let id = judgement.leaves.id(leaf);
        match &partition.model {
            Model::Rare(model) => {
                record.by_field_value = Some(value);
                let modelled = judgement.leaves.probabilities()[leaf];
                let unlearned =
                    judgement.unlearned.get(&partition_id).map_or(&[][..], Vec::as_slice);
                self.describe_value(&mut record, partition, model, (id, modelled), unlearned);
            }
            Model::Population(population) => {
                record.over_field_value = Some(value);
                let causes = self.causes(judgement, place, population, id);
                let rarest = causes.first().map(|(rarest, _)| *rarest);
                record.causes = Some(causes.into_iter().map(|(_, cause)| cause).collect());
                record.explanation = rarest.map(|rarest| {
                    Explanation::of(partition, population.model(), self.question(rarest, &[]))
                });
            }
        }
        record
    }

    /// A record with what all records of the bucket have in common.
    fn bare_record(&self, probability: f64, score: f64) -> Record {
        let (place, detector) = (self.place(), &self.job.detector);
        Record {
            result_type: ResultType::Record,
            job_id: self.job.job_id.clone(),
            id: String::new(),
            timestamp: place.timestamp,
            bucket_span: place.bucket_span,
            is_interim: self.is_interim,
            detector_index: 0,
            function: detector.function,
            function_description: detector.function,
            by_field_name: detector.by_field.clone(),
            by_field_value: None,
            over_field_name: detector.over_field.clone(),
            over_field_value: None,
            partition_field_name: detector.partition_field.clone(),
            partition_field_value: None,
            causes: None,
            typical: None,
            actual: None,
            multi_bucket_impact: None,
            anomaly_score_explanation: None,
            probability,
            record_score: score,
            initial_record_score: score,
            influencers: Vec::new(),
            explanation: None,
        }
    }

    /// Adds what is only said of by-field values.
    fn describe_value(
        &self,
        record: &mut Record,
        partition: &Partition,
        model: &CategoryModel,
        (id, modelled): (u32, f64),
        unlearned: &[u32],
    ) {
        let concentration = model.concentration(id);
        let median = model.median();
        record.typical = Some([modelled]);
        record.actual = Some([1.0]);
        record.multi_bucket_impact = Some(-0.0);
        record.anomaly_score_explanation = Some(ScoreExplanation {
            by_field_first_occurrence: concentration.is_some()
                && partition.by_history.get(id).is_none(),
            by_field_relative_rarity: median.zip(concentration).map(|(median, c)| median / c),
        });
        record.explanation = Some(Explanation::of(partition, model, self.question(id, unlearned)));
    }

    /// What an explanation of a by-field value is to be about.
    fn question<'b>(&'b self, id: u32, unlearned: &'b [u32]) -> Question<'b> {
        Question {
            field: &self.job.detector.by_field,
            id,
            start: self.start,
            bucket_span: self.job.bucket_span,
            learned: !self.is_interim,
            unlearned,
        }
    }

    /// The causes of a person's rarity, each with the id of its attribute.
    fn causes(
        &self,
        judgement: &Judgement<'_>,
        place: usize,
        population: &Population,
        person: u32,
    ) -> Vec<(u32, Cause)> {
        let (partition_id, range) = &judgement.present[place];
        let (partition, rarity) = (self.partitions.get(*partition_id), &judgement.rarities[place]);
        let subjects = &judgement.gathered.subjects[range.clone()];
        let start = subjects.partition_point(|(subject, _)| subject.over < person);
        let count = subjects[start..].partition_point(|(subject, _)| subject.over == person);
        // Of all causes alike: P̂ of the attribute that happens to have the person's id, or else the
        // smallest of all (rare-model §14.2).
        let typical = rarity.probability(person);
        population
            .causes(rarity, &subjects[start..start + count], |id| partition.by.value(id))
            .into_iter()
            .map(|cause| {
                let by_field_value = text(partition.by.value(cause.attribute));
                let probability = cause.probability;
                (
                    cause.attribute,
                    Cause { by_field_value, probability, typical: [typical], actual: [1.0] },
                )
            })
            .collect()
    }

    fn record_influencers(&self, judgement: &Judgement<'_>, leaf: usize) -> Vec<RecordInfluencer> {
        let values = &judgement.values;
        let field = |influence: &Influence| values[influence.value as usize].0;
        let influences: Vec<Influence> = judgement.leaves.influences(leaf).collect();
        influences
            .chunk_by(|x, y| field(x) == field(y))
            .map(|influences| {
                let mut influences = influences.to_vec();
                influences.sort_by(|x, y| y.strength.total_cmp(&x.strength));
                let value = |influence: &Influence| text(values[influence.value as usize].1);
                RecordInfluencer {
                    influencer_field_name: self.field_name(field(&influences[0])),
                    influencer_field_values: influences.iter().map(value).collect(),
                }
            })
            .collect()
    }

    fn field_name(&self, field: u16) -> String {
        self.fields.influencers[usize::from(field)].name.clone()
    }

    /// The written influencer values, at most as many as allowed, of which those with the highest
    /// scores are kept.
    fn influencers(&self, judgement: &Judgement<'_>, scorers: &mut Scorers<'_>) -> Vec<Influencer> {
        let written = (0..judgement.tree.values.len()).filter(|&v| judgement.written.values[v]);
        let mut scored: Vec<(usize, f64)> = written
            .map(|value| {
                let (field, scope) = judgement.value_scopes[value];
                let probability = judgement.tree.values[value].probability;
                (value, scorers.value(field, scope, probability))
            })
            .collect();
        keep_highest(&mut scored, self.result_limit(), |&(_, score)| score);
        scored.into_iter().map(|(value, score)| self.influencer(judgement, value, score)).collect()
    }

    fn influencer(&self, judgement: &Judgement<'_>, value: usize, score: f64) -> Influencer {
        let place = self.place();
        let (field, bytes) = judgement.values[value];
        let (name, shown) = (self.field_name(field), text(bytes));
        Influencer {
            result_type: ResultType::Influencer,
            job_id: self.job.job_id.clone(),
            id: place.influencer_id(&name, &shown),
            timestamp: place.timestamp,
            bucket_span: place.bucket_span,
            is_interim: self.is_interim,
            influencer_field_name: name,
            influencer_field_value: shown,
            probability: judgement.tree.values[value].probability,
            influencer_score: score,
            initial_influencer_score: score,
        }
    }

    /// The written influencer fields, and the bucket's time if there are records; at most as many
    /// as allowed, of which those with the highest scores are kept.
    fn bucket_influencers(
        &self,
        judgement: &Judgement<'_>,
        has_records: bool,
        scorers: &mut Scorers<'_>,
    ) -> Vec<BucketInfluencer> {
        let tree = &judgement.tree;
        let mut all = Vec::new();
        for (field, node) in tree.fields.iter().enumerate() {
            if judgement.written.fields[field] {
                let name = self.fields.influencers[field].name.clone();
                all.push(bucket_influencer(name, node, scorers.field(field, node.probability)));
            }
        }
        if has_records {
            let score = scorers.root(tree.root.probability);
            all.push(bucket_influencer(BUCKET_TIME.to_owned(), &tree.root, score));
        }
        keep_highest(&mut all, self.result_limit(), |influencer| influencer.anomaly_score);
        all
    }
}

/// Keeps the `limit` items with the highest scores, of equal ones the first, in the order that they
/// have.
fn keep_highest<T>(items: &mut Vec<T>, limit: usize, score: impl Fn(&T) -> f64) {
    if items.len() <= limit {
        return;
    }
    let mut order: Vec<usize> = (0..items.len()).collect();
    order.sort_by(|&x, &y| score(&items[y]).total_cmp(&score(&items[x])));
    let mut is_kept = vec![false; items.len()];
    order[..limit].iter().for_each(|&index| is_kept[index] = true);
    let mut is_kept = is_kept.into_iter();
    items.retain(|_| is_kept.next().unwrap_or(false));
}

fn bucket_influencer(name: String, node: &Node, score: f64) -> BucketInfluencer {
    BucketInfluencer {
        influencer_field_name: name,
        probability: node.probability,
        raw_anomaly_score: node.raw_score,
        anomaly_score: score,
        initial_anomaly_score: score,
    }
}
