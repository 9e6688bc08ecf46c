//! The hosts whose records are in the log. Each has a clock of its own, by which its events time
//! out, and a kernel that counts its events: logs of many hosts are merged with their clocks
//! apart, and one host's stamps say nothing of another's.

use core::fmt;
use core::iter::FusedIterator;
use std::cmp::Reverse;
use std::collections::{BinaryHeap, VecDeque, vec_deque};

use indexmap::IndexMap;

use crate::event_id::EventId;
use crate::serial::{LostRange, Serials};

use super::slot::{NodeIndex, SlotRef};

/// The time, in milliseconds since 1970, at which an event is over; by its serial events of the same
/// time come in the same order wherever their slots are.
type Deadline = (u64, u32, SlotRef);

/// What is known of a host.
pub(super) struct Node {
    pub(super) serials: Serials,
    /// Deadlines in ascending order. Those of events that ended otherwise stay until their time.
    in_order: VecDeque<Deadline>,
    /// Deadlines that came after a later one.
    out_of_order: BinaryHeap<Reverse<Deadline>>,
    next_deadline: u64,
    /// The latest event, by time and serial.
    newest: Option<EventId>,
}

impl Node {
    fn new() -> Node {
        Node {
            serials: Serials::default(),
            in_order: VecDeque::new(),
            out_of_order: BinaryHeap::new(),
            next_deadline: u64::MAX,
            newest: None,
        }
    }

    /// Whether a deadline has come.
    pub(super) fn is_due(&self, millis: u64) -> bool {
        millis >= self.next_deadline
    }

    /// Notes an event; whether it is later than all before it, so that no other record of it has
    /// come yet.
    pub(super) fn is_newest(&mut self, id: EventId) -> bool {
        let is_newest = self.newest.is_none_or(|newest| newest < id);
        if is_newest {
            self.newest = Some(id);
        }
        is_newest
    }

    /// Notes that an event has this deadline, which is [added](Node::add_deadline) before the next is
    /// [taken off](Node::pop_due) if the event is open then.
    pub(super) fn expect_end(&mut self, time: u64) {
        self.next_deadline = self.next_deadline.min(time);
    }

    /// Adds the deadline of an event that is open.
    pub(super) fn add_deadline(&mut self, time: u64, serial: u32, event: SlotRef) {
        let deadline = (time, serial, event);
        match self.in_order.back() {
            Some(&(last, ..)) if last > time => self.out_of_order.push(Reverse(deadline)),
            _ => self.in_order.push_back(deadline),
        }
    }

    /// The next event whose deadline has come, which is then taken off.
    pub(super) fn pop_due(&mut self, millis: u64) -> Option<SlotRef> {
        let first = self.in_order.front().copied();
        let other = self.out_of_order.peek().map(|&Reverse(deadline)| deadline);
        let is_other = match (first, other) {
            (Some(first), Some(other)) => other < first,
            (first, _) => first.is_none(),
        };
        let next = if is_other { other } else { first };
        self.next_deadline = next.map_or(u64::MAX, |(time, ..)| time);
        let (.., event) = next.filter(|&(time, ..)| time <= millis)?;
        if is_other {
            self.out_of_order.pop();
        } else {
            self.in_order.pop_front();
        }
        Some(event)
    }

    /// Drops deadlines of events that are over if there are more of them than `bound`, so that
    /// they do not pile up while the log's time stands still.
    pub(super) fn drop_stale(&mut self, bound: usize, is_open: impl Fn(SlotRef) -> bool) {
        if self.in_order.len() + self.out_of_order.len() > bound {
            self.in_order.retain(|&(.., event)| is_open(event));
            self.out_of_order.retain(|&Reverse((.., event))| is_open(event));
        }
    }
}

/// All hosts.
pub(super) struct Nodes {
    nodes: IndexMap<Box<[u8]>, Node, foldhash::fast::RandomState>,
    /// The node of the record before, which most records are of as well.
    last: NodeIndex,
    /// Lost events of hosts that were forgotten.
    lost_before: u64,
}

impl Nodes {
    pub(super) fn new() -> Nodes {
        Nodes { nodes: IndexMap::default(), last: 0, lost_before: 0 }
    }

    pub(super) fn len(&self) -> usize {
        self.nodes.len()
    }

    pub(super) fn get_mut(&mut self, node: NodeIndex) -> &mut Node {
        &mut self.nodes[node as usize]
    }

    /// The node of the record before, if that is its name.
    #[inline]
    pub(super) fn last(&self, name: &[u8]) -> Option<(NodeIndex, &Node)> {
        let (last, node) = self.nodes.get_index(self.last as usize)?;
        let is_last = last.len() == name.len() && (name.is_empty() || **last == *name);
        is_last.then_some((self.last, node))
    }

    #[inline]
    pub(super) fn find(&mut self, name: &[u8]) -> Option<NodeIndex> {
        match self.last(name) {
            Some((last, _)) => Some(last),
            None => self.find_other(name),
        }
    }

    #[inline(never)]
    fn find_other(&mut self, name: &[u8]) -> Option<NodeIndex> {
        self.last = self.nodes.get_index_of(name)? as NodeIndex;
        Some(self.last)
    }

    pub(super) fn add(&mut self, name: &[u8]) -> NodeIndex {
        self.last = self.nodes.insert_full(name.into(), Node::new()).0 as NodeIndex;
        self.last
    }

    /// Forgets all hosts but what they lost.
    pub(super) fn forget(&mut self) {
        self.lost_before = self.lost();
        self.nodes.clear();
    }

    pub(super) fn lost(&self) -> u64 {
        self.lost_before + self.nodes.values().map(|node| node.serials.lost()).sum::<u64>()
    }

    pub(super) fn lost_ranges(&self) -> LostRanges<'_> {
        LostRanges { nodes: self.nodes.iter(), of_node: None }
    }
}

/// Iterator over the missing serials with the node that they belong to, nodes in the order in which
/// they first appeared; made by [`Events::lost_ranges`](crate::Events::lost_ranges) and its like.
///
/// ```
/// use auditparse::Events;
///
/// let log = b"\
/// type=USER_LOGIN msg=audit(1.001:7): pid=1
/// type=USER_LOGIN msg=audit(1.002:10): pid=1
/// ";
/// let mut events = Events::new(log);
/// assert_eq!(events.by_ref().count(), 2);
/// let lost: u64 = events.lost_ranges().map(|(_, range)| range.count()).sum();
/// assert_eq!(lost, 2);
/// ```
#[derive(Clone)]
pub struct LostRanges<'a> {
    nodes: indexmap::map::Iter<'a, Box<[u8]>, Node>,
    of_node: Option<(&'a [u8], vec_deque::Iter<'a, LostRange>)>,
}

impl<'a> Iterator for LostRanges<'a> {
    type Item = (&'a [u8], LostRange);

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            if let Some((name, ranges)) = &mut self.of_node
                && let Some(&range) = ranges.next()
            {
                return Some((*name, range));
            }
            let (name, node) = self.nodes.next()?;
            self.of_node = Some((&**name, node.serials.ranges()));
        }
    }
}

impl FusedIterator for LostRanges<'_> {}

impl fmt::Debug for LostRanges<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let named = self.clone().map(|(node, range)| (node.escape_ascii().to_string(), range));
        f.debug_list().entries(named).finish()
    }
}
