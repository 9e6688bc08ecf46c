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
    over: Generation,
    over_before: Generation,
    remembered: usize,
}

impl Identities {
    pub(super) fn new(remembered: usize) -> Identities {
        Identities {
            open: HashMap::default(),
            over: Generation::default(),
            over_before: Generation::default(),
            remembered,
        }
    }

    pub(super) fn find(&self, identity: Identity) -> Option<Place> {
        if let Some(&slot) = self.open.get(&identity) {
            return Some(Place::Open(slot));
        }
        let is_over = self.over.contains(identity) || self.over_before.contains(identity);
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
        }
        if self.remembered > 0 {
            self.over.add(identity);
        }
    }

    pub(super) fn clear(&mut self) {
        self.open.clear();
        self.over.clear();
        self.over_before.clear();
    }
}

/// Events that are over. Nearly all end in ascending order, and need not be hashed to be found again.
#[derive(Default)]
struct Generation {
    /// In ascending order of time, serial and node.
    in_order: Vec<(EventId, NodeIndex)>,
    /// Those that ended after a later one.
    out_of_order: HashSet<Identity, Hashing>,
}

impl Generation {
    fn len(&self) -> usize {
        self.in_order.len() + self.out_of_order.len()
    }

    fn add(&mut self, (node, id): Identity) {
        match self.in_order.last() {
            Some(&last) if last > (id, node) => drop(self.out_of_order.insert((node, id))),
            _ => self.in_order.push((id, node)),
        }
    }

    fn contains(&self, (node, id): Identity) -> bool {
        self.in_order.binary_search(&(id, node)).is_ok() || self.out_of_order.contains(&(node, id))
    }

    fn clear(&mut self) {
        self.in_order.clear();
        self.out_of_order.clear();
    }
}
