//! Which events are open, and which of late are over: the table in which a record finds its event.

use std::collections::{HashMap, VecDeque};

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

/// The table of events. Those that are over stay in it until `remembered` others are.
pub(super) struct Identities {
    places: HashMap<Identity, Place, foldhash::fast::RandomState>,
    over: VecDeque<Identity>,
    remembered: usize,
}

impl Identities {
    pub(super) fn new(remembered: usize) -> Identities {
        Identities { places: HashMap::default(), over: VecDeque::new(), remembered }
    }

    pub(super) fn find(&self, identity: Identity) -> Option<Place> {
        self.places.get(&identity).copied()
    }

    pub(super) fn open(&mut self, identity: Identity, slot: SlotIndex) {
        self.places.insert(identity, Place::Open(slot));
    }

    /// Notes that an event is over, and forgets the one that has been so for longest.
    pub(super) fn end(&mut self, identity: Identity) {
        if let Some(place) = self.places.get_mut(&identity) {
            *place = Place::Over;
        }
        self.over.push_back(identity);
        if self.over.len() > self.remembered
            && let Some(oldest) = self.over.pop_front()
        {
            self.places.remove(&oldest);
        }
    }

    pub(super) fn clear(&mut self) {
        self.places.clear();
        self.over.clear();
    }
}
