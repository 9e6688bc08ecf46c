//! Numbers of values that were noted lately: most of what a bucket has is of a few that come again and
//! again, and this is quicker than asking for them among all.
//!
//! What is not found here may have been noted all the same.

use crate::packed::Packed;

/// Most slots, 256 KiB.
const MOST_SLOTS: usize = 1 << 13;

/// Slots for each value that there is room for.
const SLOTS_EACH: usize = 4;

/// What is remembered of one bucket.
#[derive(Clone, Debug, Default)]
pub(crate) struct Recent {
    /// Places of by-field values, in a job without partition and over fields.
    pub(super) places: Memo,
    /// Places of influencer values that were noted there.
    pub(super) influences: Memo,
}

impl Recent {
    /// Forgets all but keeps the memory.
    pub(super) fn clear(&mut self) {
        self.places.clear();
        self.influences.clear();
    }
}

/// A table in which a number displaces one that falls into the same slot.
#[derive(Clone, Debug, Default)]
pub(super) struct Memo {
    /// None, or a power of two.
    slots: Vec<Slot>,
    /// Slots of another round are empty.
    round: u32,
}

#[derive(Clone, Copy, Debug, Default)]
struct Slot {
    value: Packed,
    number: u32,
    round: u32,
}

impl Memo {
    /// The number of a value, of which there may be others for other values of `salt`.
    #[inline]
    pub(super) fn get(&self, value: Packed, salt: u32) -> Option<u32> {
        let slot = self.slots.get(self.index(value, salt))?;
        (slot.value == value && slot.round == self.round).then_some(slot.number)
    }

    /// Notes the number of a value; whether it is known to have been noted before.
    #[inline]
    pub(super) fn note(&mut self, value: Packed, salt: u32, number: u32) -> bool {
        let index = self.index(value, salt);
        let Some(slot) = self.slots.get_mut(index) else {
            return false;
        };
        if slot.value == value && slot.number == number && slot.round == self.round {
            return true;
        }
        *slot = Slot { value, number, round: self.round };
        false
    }

    /// Makes room for a number of values, if there are not too many; all that was noted is lost if
    /// that takes more memory.
    #[inline]
    pub(super) fn make_room(&mut self, values: usize) {
        if self.slots.len() < values && self.slots.len() < MOST_SLOTS {
            self.grow(values);
        }
    }

    #[cold]
    fn grow(&mut self, values: usize) {
        let empty = Slot { round: self.round.wrapping_sub(1), ..Slot::default() };
        let slots = (SLOTS_EACH * values).next_power_of_two().min(MOST_SLOTS);
        self.slots.clear();
        self.slots.resize(slots, empty);
    }

    /// Forgets all numbers but keeps the memory.
    pub(super) fn clear(&mut self) {
        self.round = self.round.wrapping_add(1);
        if self.round == 0 {
            self.slots.clear();
        }
    }

    fn index(&self, value: Packed, salt: u32) -> usize {
        value.spread(salt) as usize & self.slots.len().wrapping_sub(1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn packed(value: &str) -> Packed {
        Packed::of(0, value.as_bytes()).unwrap()
    }

    #[test]
    fn a_number_that_was_noted_is_found_until_all_are_forgotten() {
        let mut memo = Memo::default();
        assert_eq!(memo.get(packed("443"), 0), None);
        assert!(!memo.note(packed("443"), 0, 7), "there is no room");
        memo.make_room(1);
        assert!(!memo.note(packed("443"), 0, 7));
        assert!(memo.note(packed("443"), 0, 7));
        assert_eq!(memo.get(packed("443"), 0), Some(7));
        assert_eq!(memo.get(packed("80"), 0), None);
        memo.clear();
        assert_eq!(memo.get(packed("443"), 0), None);
    }

    #[test]
    fn a_number_that_is_found_is_that_of_the_value_however_many_there_are() {
        let mut memo = Memo::default();
        let values: Vec<Packed> = (0..20_000).map(|value| packed(&value.to_string())).collect();
        for (number, value) in values.iter().enumerate() {
            memo.make_room(number + 1);
            memo.note(*value, 0, number as u32);
        }
        let found = |(number, value): (usize, &Packed)| {
            let found = memo.get(*value, 0);
            assert!(found.is_none_or(|found| found as usize == number));
            found
        };
        let found = values.iter().enumerate().filter_map(found).count();
        // Of 8192 slots e⁻²·⁴⁴, a tenth, fall to none of 20,000 values.
        assert!((6500..=8192).contains(&found), "{found}");
    }

    #[test]
    fn after_all_rounds_nothing_of_the_first_is_left() {
        let mut memo = Memo { round: u32::MAX, ..Memo::default() };
        memo.make_room(1);
        memo.note(packed("443"), 0, 7);
        memo.clear();
        assert_eq!((memo.get(packed("443"), 0), memo.round), (None, 0));
    }
}
