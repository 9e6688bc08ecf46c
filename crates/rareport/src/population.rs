//! Leaves of a job with an over field: one per over-field value ("person"), as rare as its
//! by-field values ("attributes") are among all persons (rare-model §14.2, §14.3).

use crate::bucket::{Gathered, Subject};
use crate::category::{CachedRarity, CategoryModel};
use crate::constants::{NEGLIGIBLE_MEAN_SQUARE, SMALLEST_PROBABILITY};
use crate::job::Function;
use crate::special::{gamma_q, normal_upper_tail_quantile};
use crate::tree::{Influence, Leaves};
use foldhash::fast::RandomState;
use hashbrown::HashSet;
use std::ops::Range;

/// Smallest strength of an influence that is kept (rare-model §2, influence cut-off).
const INFLUENCE_CUT_OFF: f64 = 0.4;

/// Most causes of a record (rare-model §14.2).
const MOST_CAUSES: usize = 10;

/// How much larger than the smallest probability of a person's attributes that of a cause may be.
const CAUSE_TOLERANCE: f64 = 1.1;

/// Probability up to which an attribute is a cause in any case.
const SURE_CAUSE: f64 = 0.05;

/// Which persons have ever had which attributes.
#[derive(Clone, Debug)]
pub(crate) struct Population {
    /// Whether frequent attributes of a person weigh more, as in `freq_rare`.
    by_frequency: bool,
    ever: HashSet<(u32, u32), RandomState>,
    /// Number of persons by attribute.
    persons: Vec<u32>,
    /// The attributes as categories whose concentrations are the numbers of persons.
    model: CategoryModel,
}

/// An attribute of a person in a bucket.
#[derive(Clone, Copy, Debug)]
struct Attribute {
    id: u32,
    /// P̂ of the attribute among all persons.
    probability: f64,
    /// Weight in the joint probability, w of (32).
    weight: f64,
}

/// An attribute that makes a person rare.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct CauseOf {
    pub(crate) attribute: u32,
    pub(crate) probability: f64,
}

impl Population {
    pub(crate) fn new(function: Function) -> Self {
        Population {
            by_frequency: function == Function::FreqRare,
            ever: HashSet::default(),
            persons: Vec::new(),
            model: CategoryModel::of_counts(&[]),
        }
    }

    /// A population with these pairs of a person and an attribute, each there once.
    pub(crate) fn of_pairs(function: Function, pairs: &[(u32, u32)]) -> Self {
        let mut population = Population::new(function);
        let subjects: Vec<(Subject, u64)> =
            pairs.iter().map(|&(over, by)| (Subject { partition: 0, over, by }, 1)).collect();
        population.learn(&subjects);
        population
    }

    /// All pairs of a person and an attribute, ascending.
    pub(crate) fn pairs(&self) -> Vec<(u32, u32)> {
        let mut pairs: Vec<(u32, u32)> = self.ever.iter().copied().collect();
        pairs.sort_unstable();
        pairs
    }

    /// Counts the persons and attributes of one bucket.
    pub(crate) fn learn(&mut self, subjects: &[(Subject, u64)]) {
        let mut gained = Vec::new();
        for (subject, _) in subjects {
            let attribute = subject.by as usize;
            if self.persons.len() <= attribute {
                self.persons.resize(attribute + 1, 0);
            }
            if self.ever.insert((subject.over, subject.by)) {
                self.persons[attribute] += 1;
                gained.push(subject.by);
            }
        }
        self.model.count(gained);
    }

    /// Forgets persons and attributes.
    pub(crate) fn remove(&mut self, persons: &[u32], attributes: &[u32]) {
        let is_in = |ids: &[u32], id: u32| ids.binary_search(&id).is_ok();
        let counts = &mut self.persons;
        self.ever.retain(|&(person, attribute)| {
            let kept = !is_in(persons, person) && !is_in(attributes, attribute);
            if !kept {
                counts[attribute as usize] -= 1;
            }
            kept
        });
        self.model = CategoryModel::of_counts(&self.persons);
    }

    /// The attributes as categories.
    pub(crate) fn model(&self) -> &CategoryModel {
        &self.model
    }

    /// Adds a leaf for every person among the subjects of `range`, by ascending id.
    pub(crate) fn judge(
        &self,
        rarity: &CachedRarity<'_>,
        gathered: &Gathered<'_>,
        range: Range<usize>,
        leaves: &mut Leaves,
    ) {
        let mut start = range.start;
        for person in gathered.subjects[range].chunk_by(|(x, _), (y, _)| x.over == y.over) {
            let attributes = self.attributes(rarity, person);
            let probability = joint(attributes.iter());
            let influences = influences(gathered, start, &attributes, probability);
            leaves.push_person(person[0].0.over, probability, &influences);
            start += person.len();
        }
    }

    fn attributes(&self, rarity: &CachedRarity<'_>, person: &[(Subject, u64)]) -> Vec<Attribute> {
        let events: u64 = person.iter().map(|(_, count)| count).sum();
        let weight = |count: u64| {
            if !self.by_frequency {
                return 1.0;
            }
            let share = count as f64 / events as f64;
            1.0 - (1.0 - share).powf(person.len() as f64)
        };
        let attribute = |&(subject, count): &(Subject, u64)| Attribute {
            id: subject.by,
            probability: rarity.probability(subject.by).clamp(SMALLEST_PROBABILITY, 1.0),
            weight: weight(count),
        };
        person.iter().map(attribute).collect()
    }

    /// The attributes that make a person rare, most so first; those that are equally rare in
    /// order of `name`.
    pub(crate) fn causes<T: Ord>(
        &self,
        rarity: &CachedRarity<'_>,
        person: &[(Subject, u64)],
        name: impl Fn(u32) -> T,
    ) -> Vec<CauseOf> {
        let mut attributes = self.attributes(rarity, person);
        attributes.sort_by(|x, y| {
            x.probability.total_cmp(&y.probability).then_with(|| name(x.id).cmp(&name(y.id)))
        });
        let smallest = attributes.first().map_or(1.0, |attribute| attribute.probability);
        let limit = (CAUSE_TOLERANCE * smallest).max(SURE_CAUSE);
        let causes = attributes.iter().take_while(|a| a.probability <= limit).take(MOST_CAUSES);
        causes.map(|a| CauseOf { attribute: a.id, probability: a.probability }).collect()
    }
}

/// Probability of a person with certain attributes (rare-model §14.2, §14.3).
fn joint<'a>(attributes: impl ExactSizeIterator<Item = &'a Attribute> + Clone) -> f64 {
    if attributes.len() == 1
        && let Some(only) = attributes.clone().find(|attribute| attribute.weight == 1.0)
    {
        return only.probability;
    }
    let (mut squares, mut weights) = (0.0, 0.0);
    for attribute in attributes {
        let z = normal_upper_tail_quantile(attribute.probability / 2.0);
        squares += attribute.weight * z * z;
        weights += attribute.weight;
    }
    if squares / weights < NEGLIGIBLE_MEAN_SQUARE {
        return 1.0;
    }
    gamma_q(weights / 2.0, squares / 2.0).clamp(SMALLEST_PROBABILITY, 1.0)
}

/// The influences of a person with attributes whose subjects start at `start`: how much of its
/// rarity those attributes account for that were seen with each influencer value.
fn influences(
    gathered: &Gathered<'_>,
    start: usize,
    attributes: &[Attribute],
    probability: f64,
) -> Vec<Influence> {
    let mut seen: Vec<(u32, usize)> = (0..attributes.len())
        .flat_map(|index| {
            let values = gathered.influences.get(start + index).iter();
            values.map(move |&value| (value, index))
        })
        .collect();
    seen.sort_unstable();
    seen.chunk_by(|(x, _), (y, _)| x == y)
        .map(|with_value| {
            let members = with_value.iter().map(|&(_, index)| &attributes[index]);
            let strength = if probability == 1.0 {
                1.0
            } else {
                (joint(members).ln() / probability.ln()).clamp(0.0, 1.0)
            };
            Influence { value: with_value[0].0, strength }
        })
        .filter(|influence| influence.strength >= INFLUENCE_CUT_OFF)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn joint_of(probabilities: &[f64]) -> f64 {
        let attribute = |&probability: &f64| Attribute { id: 0, probability, weight: 1.0 };
        joint(probabilities.iter().map(attribute).collect::<Vec<_>>().iter())
    }

    /// Five attributes that 30 to 34 persons have. The script of the reference streams finds the
    /// probabilities 0.5541, 0.5991, 0.6694, …: the second is 1.08 times the first, the third 1.21
    /// times.
    #[test]
    fn causes_are_about_as_rare_as_the_rarest() {
        let mut population = Population::new(Function::Rare);
        let pairs = (0..5).flat_map(|by| (0..30 + by).map(move |over| (over, by)));
        let subjects: Vec<(Subject, u64)> =
            pairs.map(|(over, by)| (Subject { partition: 0, over, by }, 1)).collect();
        population.learn(&subjects);
        let person: Vec<(Subject, u64)> =
            subjects.into_iter().filter(|(subject, _)| subject.over == 0).collect();
        let rarity = CachedRarity::of(population.model());
        let causes = population.causes(&rarity, &person, |id| id);
        assert_eq!(causes.iter().map(|cause| cause.attribute).collect::<Vec<_>>(), [0, 1]);
        for (cause, expected) in causes.iter().zip([0.554_088_629_850_300_3, 0.599_147_756_986_289])
        {
            assert!((cause.probability - expected).abs() < 1e-9, "{cause:?}");
        }
    }

    /// A χ² with two degrees of freedom exceeds x with probability e^(−x/2).
    #[test]
    fn two_attributes_by_hand() {
        // The probability of a z-score of 1, two-sided.
        let one = 0.317_310_507_862_914_1;
        assert!((joint_of(&[one, one]) - (-1f64).exp()).abs() < 1e-15);
        assert_eq!(joint_of(&[one]), one);
    }

    /// A probability of 1 − ε has a z-score of ε·√(π/2).
    #[test]
    fn what_is_next_to_certain_is_certain() {
        let certain = joint_of(&[1.0 - 1e-3; 2]);
        let expected = (-1e-6 * std::f64::consts::FRAC_PI_2).exp();
        assert!((certain - expected).abs() < 1e-12, "{certain} instead of {expected}");
        assert_eq!(joint_of(&[1.0 - 1e-5; 2]), 1.0);
    }
}
