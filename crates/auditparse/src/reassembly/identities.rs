//! Which events are open, and which of late are over: the tables in which a record finds its event.

use std::collections::{HashMap, HashSet};

use crate::event_id::EventId;

use super::slot::{NodeIndex, SlotIndex};

/// What makes an event one: its node, time and serial.
pub(super) type Identity = (NodeIndex, EventId);

/// Where an event is.
#[derive(Clone, Copy)]
pub(super) enum Place {
    Open(SlotIndex),
    Over,
}

type Hashing = foldhash::fast::RandomState;

/// The tables of events.
///
/// Those that are over are kept in two generations, of which the older is dropped when the younger
/// has `remembered` events: dropping single events would fetch each back into the cache.
pub(super) struct Identities {
    open: HashMap<Identity, SlotIndex, Hashing>,
    over: HashSet<Identity, Hashing>,
    over_before: HashSet<Identity, Hashing>,
    remembered: usize,
}

impl Identities {
    pub(super) fn new(remembered: usize) -> Identities {
        Identities {
            open: HashMap::default(),
            over: HashSet::default(),
            over_before: HashSet::default(),
            remembered,
        }
    }

    pub(super) fn find(&self, identity: Identity) -> Option<Place> {
        if let Some(&slot) = self.open.get(&identity) {
            return Some(Place::Open(slot));
        }
        let is_over = self.over.contains(&identity) || self.over_before.contains(&identity);
        is_over.then_some(Place::Over)
    }

    pub(super) fn open(&mut self, identity: Identity, slot: SlotIndex) {
        self.open.insert(identity, slot);
    }

    /// Notes that an event that was [`open`](Identities::open) is no more.
    pub(super) fn close(&mut self, identity: Identity) {
        self.open.remove(&identity);
    }

    /// Notes that an event is over.
    pub(super) fn end(&mut self, identity: Identity) {
        if self.over.len() >= self.remembered {
            std::mem::swap(&mut self.over, &mut self.over_before);
            self.over.clear();
            // It is going to be as many again.
            self.over.reserve(self.remembered);
        }
        if self.remembered > 0 {
            self.over.insert(identity);
        }
    }

    pub(super) fn clear(&mut self) {
        self.open.clear();
        self.over.clear();
        self.over_before.clear();
    }
}
