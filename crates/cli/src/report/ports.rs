//! Who used a port, and when.
//!
//! Bounded: names of hosts, processes, users and addresses are kept once, at most
//! [`MOST_NAMES`] of them; of each port the first [`MOST_WHO`] that differ, the rest
//! counted. Ports are [`MOST_PORTS`] at most.

use foldhash::fast::FixedState;
use indexmap::IndexSet;

use super::bins::Presence;

/// Most different names.
const MOST_NAMES: usize = 1 << 16;

/// Most ports: all that there are. A table of values that somebody wrote may have more.
pub(crate) const MOST_PORTS: usize = 1 << 16;

/// Most different users of a port that are told apart.
const MOST_WHO: usize = 16;

/// The fields that say who used a port and where to.
pub(crate) const WHO_FIELDS: [&str; 4] =
    ["host.name", "process.name", "user.name", "destination.ip"];

/// Names, each kept once and known by its number.
#[derive(Clone, Debug, Default)]
pub(crate) struct Names(IndexSet<Box<[u8]>, FixedState>);

impl Names {
    /// The number of a name; [`MOST_NAMES`] for those for which there is no room.
    fn number(&mut self, name: &[u8]) -> u32 {
        let place = match self.0.get_index_of(name) {
            Some(place) => place,
            None if self.0.len() < MOST_NAMES => self.0.insert_full(name.into()).0,
            None => MOST_NAMES,
        };
        place as u32
    }

    /// The name with a number.
    pub(crate) fn name(&self, number: u32) -> String {
        let name = self.0.get_index(number as usize);
        name.map_or("(others)".to_owned(), |name| String::from_utf8_lossy(name).into_owned())
    }
}

/// A host, process, user and destination, as numbers of names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Who(pub(crate) [u32; 4]);

impl Who {
    /// The one with these names.
    pub(crate) fn of(names: &mut Names, values: [&[u8]; 4]) -> Who {
        Who(values.map(|value| names.number(value)))
    }
}

/// Who used a port how often.
#[derive(Clone, Debug, Default)]
pub(crate) struct Users {
    /// The first ones that differ, with their events.
    pub(crate) first: Vec<(Who, u64)>,
    /// Events of all others.
    pub(crate) others: u64,
}

impl Users {
    /// Counts an event.
    pub(crate) fn count(&mut self, who: Who) {
        if let Some((_, events)) = self.first.iter_mut().find(|(known, _)| *known == who) {
            *events += 1;
        } else if self.first.len() < MOST_WHO {
            self.first.push((who, 1));
        } else {
            self.others += 1;
        }
    }
}

/// What is known of a port beside what the model knows.
#[derive(Clone, Debug, Default)]
pub(crate) struct Port {
    pub(crate) presence: Presence,
    pub(crate) users: Users,
    pub(crate) events: u64,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_users_are_told_apart_and_the_rest_counted() {
        let (mut names, mut users) = (Names::default(), Users::default());
        for number in 0..20 {
            let host = format!("web{number}");
            let who = Who::of(&mut names, [host.as_bytes(), b"nc", b"root", b"10.0.0.1"]);
            users.count(who);
            users.count(who);
        }
        assert_eq!((users.first.len(), users.others), (MOST_WHO, 8));
        assert!(users.first.iter().all(|(_, events)| *events == 2));
        assert_eq!(names.name(users.first[1].0.0[0]), "web1");
        assert_eq!(names.name(MOST_NAMES as u32), "(others)");
    }
}
