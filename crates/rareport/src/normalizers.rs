//! The normalisers of a job: which node is fed to which, in what order, and scored by which
//! (rare-model §8.1, §8.4, §8.5).

mod state;

pub(crate) use state::NormalizersState;

use crate::normalizer::{Ceilings, Normalizer, Scope, Scorer};
use crate::tree::Tree;

/// All normalisers of a job. One that no node has needed yet does not exist.
#[derive(Clone, Debug)]
pub(crate) struct Normalizers {
    bucket_span: u32,
    root: Normalizer,
    leaves: Option<Normalizer>,
    /// By influencer field, for its values.
    values: Vec<Option<Normalizer>>,
    /// By influencer field, for the field itself.
    fields: Vec<Option<Normalizer>>,
}

/// How a leaf is scored.
#[derive(Clone, Copy, Debug)]
pub(crate) struct LeafScope<'a> {
    pub(crate) scope: Scope<'a>,
    /// Whether the leaf becomes part of the history.
    pub(crate) is_fed: bool,
}

impl Normalizers {
    pub(crate) fn new(bucket_span: u32, influencer_fields: usize) -> Self {
        Normalizers {
            bucket_span,
            root: Normalizer::new(bucket_span),
            leaves: None,
            values: vec![None; influencer_fields],
            fields: vec![None; influencer_fields],
        }
    }

    /// Ages all normalisers by one bucket, including those that `tree` needs for the first time,
    /// and feeds them its nodes. Each influencer value comes with the index of its field.
    pub(crate) fn learn(
        &mut self,
        tree: &Tree,
        leaf_scopes: &[LeafScope<'_>],
        value_scopes: &[(usize, Scope<'_>)],
    ) {
        self.create_for(tree, value_scopes);
        let optional = self.values.iter_mut().chain(&mut self.fields).chain([&mut self.leaves]);
        optional.flatten().chain([&mut self.root]).for_each(Normalizer::age);
        self.root.feed(Scope::default(), tree.root.probability);
        if let Some(normalizer) = &mut self.leaves {
            for (leaf, LeafScope { scope, .. }) in
                tree.leaves.iter().zip(leaf_scopes).filter(|(_, scope)| scope.is_fed)
            {
                normalizer.feed(*scope, leaf.probability);
            }
        }
        for (value, &(field, scope)) in tree.values.iter().zip(value_scopes) {
            if let Some(normalizer) = &mut self.values[field] {
                normalizer.feed(scope, value.probability);
            }
        }
        for (normalizer, field) in self.fields.iter_mut().flatten().zip(&tree.fields) {
            normalizer.feed(Scope::default(), field.probability);
        }
    }

    fn create_for(&mut self, tree: &Tree, value_scopes: &[(usize, Scope<'_>)]) {
        let span = self.bucket_span;
        let create = |normalizer: &mut Option<Normalizer>| {
            normalizer.get_or_insert_with(|| Normalizer::new(span));
        };
        if !tree.leaves.is_empty() {
            create(&mut self.leaves);
            self.fields.iter_mut().for_each(create);
        }
        for &(field, _) in value_scopes {
            create(&mut self.values[field]);
        }
    }

    /// What limits the score of a leaf with this probability; `None` if it scores 0 for being
    /// likely, or for want of a history.
    pub(crate) fn leaf_ceilings(&self, scope: Scope<'_>, probability: f64) -> Option<Ceilings> {
        self.leaves.as_ref()?.scorer().ceilings(scope, probability)
    }

    /// Judges nodes against the history as it is now.
    pub(crate) fn scorers(&self) -> Scorers<'_> {
        Scorers {
            root: self.root.scorer(),
            leaves: self.leaves.as_ref().map(Normalizer::scorer),
            values: scorers_of(&self.values),
            fields: scorers_of(&self.fields),
        }
    }
}

fn scorers_of(normalizers: &[Option<Normalizer>]) -> Vec<Option<Scorer<'_>>> {
    normalizers.iter().map(|normalizer| normalizer.as_ref().map(Normalizer::scorer)).collect()
}

/// Judges nodes; the score of a node without a normaliser is 0.
#[derive(Debug)]
pub(crate) struct Scorers<'a> {
    root: Scorer<'a>,
    leaves: Option<Scorer<'a>>,
    values: Vec<Option<Scorer<'a>>>,
    fields: Vec<Option<Scorer<'a>>>,
}

impl Scorers<'_> {
    pub(crate) fn root(&mut self, probability: f64) -> f64 {
        self.root.score(Scope::default(), probability)
    }

    pub(crate) fn leaf(&mut self, scope: Scope<'_>, probability: f64) -> f64 {
        self.leaves.as_mut().map_or(0.0, |scorer| scorer.score(scope, probability))
    }

    /// [`leaf`](Scorers::leaf), its scope as documents show it.
    pub(crate) fn leaf_shown(&mut self, shown: Scope<'_>, probability: f64) -> f64 {
        self.leaves.as_mut().map_or(0.0, |scorer| scorer.score_shown(shown, probability))
    }

    pub(crate) fn value(&mut self, field: usize, scope: Scope<'_>, probability: f64) -> f64 {
        self.values[field].as_mut().map_or(0.0, |scorer| scorer.score(scope, probability))
    }

    /// [`value`](Scorers::value), its scope as documents show it.
    pub(crate) fn value_shown(&mut self, field: usize, shown: Scope<'_>, probability: f64) -> f64 {
        self.values[field].as_mut().map_or(0.0, |scorer| scorer.score_shown(shown, probability))
    }

    pub(crate) fn field(&mut self, field: usize, probability: f64) -> f64 {
        let scorer = self.fields[field].as_mut();
        scorer.map_or(0.0, |scorer| scorer.score(Scope::default(), probability))
    }
}
