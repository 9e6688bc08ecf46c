//! Interleaved records become events. This module owns which records belong together, when an
//! event is over, what bounds the events that are not, and what is counted on the way. It does not
//! read lines and takes no clock: time is that of the records.
//!
//! Records belong together when node, time and serial are the same. An event is over
//!
//! - with its `EOE` or `PROCTITLE` record, which the kernel writes last, provided that what must
//!   stand before is there: a `SYSCALL` or `URINGOP` record and, if the call passes an address,
//!   its `SOCKADDR`. Otherwise records are out of order, and the event waits for the time-out;
//! - at once, if its type stands alone (messages of user space and of auditd);
//! - when a record of the same node is [`Limits::timeout_millis`] younger. There is no other order
//!   between events: one that never ends holds up no other;
//! - when [`Limits::open_events`] or [`Limits::open_bytes`] is reached and it is the oldest;
//! - with the end of the input.
//!
//! Nothing is dropped: an event that is cut short is delivered and says so
//! ([`Completion`]), and a record that comes after its event was delivered is delivered by itself
//! as [`Completion::Late`], so that it cannot pass for an event of its own unnoticed.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashMap, VecDeque};

use indexmap::IndexMap;

use crate::connection::{Connection, NotAConnection};
use crate::event::{Completion, Event};
use crate::event_id::EventId;
use crate::record::{Layout, Record};
use crate::record_type::RecordType;
use crate::serial::{LostRange, Serials};
use crate::syscall::{Call, CallHead, first};

/// What bounds the memory of reading and reassembly, and the time-out of events.
///
/// The defaults bound it to about 64 MiB of records and some megabytes of bookkeeping.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Longest line, in bytes; a longer one is counted as
    /// [`TooLong`](crate::RecordErrorKind::TooLong) and skipped. auditd's own lines are below
    /// 9,300 bytes. Default: 1 MiB.
    pub line_bytes: usize,
    /// An event ends when a record of its node is this much younger. Default: 2,000, as auditd's
    /// own `end_of_event_timeout`.
    pub timeout_millis: u64,
    /// Events that may be open at a time. Default: 16,384.
    pub open_events: usize,
    /// Bytes of records that open events may hold together. Default: 64 MiB.
    pub open_bytes: usize,
    /// Delivered events that are remembered to recognise their late records. Default: 4,096.
    pub remembered_events: usize,
    /// Nodes whose serials are followed. With more, all open events are delivered and the nodes
    /// learned anew. Default: 65,536.
    pub nodes: usize,
}

impl Default for Limits {
    fn default() -> Limits {
        Limits {
            line_bytes: 1 << 20,
            timeout_millis: 2000,
            open_events: 1 << 14,
            open_bytes: 64 << 20,
            remembered_events: 1 << 12,
            nodes: 1 << 16,
        }
    }
}

/// What reassembly has counted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct EventStats {
    /// Events delivered, late records not included.
    pub events: u64,
    /// Those of them that ended by time-out.
    pub timed_out: u64,
    /// Those of them that ended because room was needed.
    pub evicted: u64,
    /// Those of them that ended with the input.
    pub cut_by_end: u64,
    /// Records that came after their event had been delivered.
    pub late_records: u64,
    /// Serials of the kernel that are missing between those that came, over all nodes.
    pub lost_events: u64,
}

/// How records are kept while their event is open: borrowed from a slice, or copied.
pub(crate) trait Store<'i> {
    /// What is kept of a record.
    type Kept: Copy;
    /// Keeps `record`; `bytes` belongs to its event.
    fn keep(record: &Record<'i>, bytes: &mut Vec<u8>) -> Self::Kept;
}

/// Which records are kept, and which events delivered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Interest {
    /// All of them.
    Everything,
    /// Those that can make a connection.
    Connections,
}

impl Interest {
    fn wants(self, record_type: RecordType) -> bool {
        self == Interest::Everything
            || matches!(
                record_type,
                RecordType::SYSCALL
                    | RecordType::SOCKADDR
                    | RecordType::PROCTITLE
                    | RecordType::URINGOP
                    | RecordType::AVC
            )
    }
}

type NodeIndex = u32;
type SlotIndex = u32;

/// A slot at one point of its use: slots are used again, and old references must be told.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct SlotRef {
    slot: SlotIndex,
    generation: u32,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    Free,
    Open,
    /// Over, and not yet taken.
    Ready(Completion),
    /// Taken; only the id is remembered.
    Delivered,
}

/// An event, open or over.
pub(crate) struct Slot<K> {
    pub(crate) id: EventId,
    node: NodeIndex,
    generation: u32,
    state: State,
    /// Whether the id is in the table of events, which single and late records are not.
    indexed: bool,
    /// The front of the `SYSCALL` record.
    head: Option<CallHead>,
    has_uring: bool,
    has_address: bool,
    pub(crate) records: Vec<K>,
    pub(crate) bytes: Vec<u8>,
    /// Length of the lines that were added.
    size: usize,
}

impl<K> Slot<K> {
    pub(crate) fn completion(&self) -> Completion {
        match self.state {
            State::Ready(completion) => completion,
            _ => Completion::EndOfInput,
        }
    }

    fn call(&self) -> Option<Call> {
        self.head.map(|head| head.call())
    }

    /// Whether all is there that must stand before a last record.
    fn is_whole(&self) -> bool {
        match self.call() {
            Some(Call::Network(kind)) => self.has_address || !kind.always_has_address(),
            Some(_) => true,
            None => self.has_uring,
        }
    }

    /// Whether the event cannot be a connection any more.
    fn is_no_connection(&self) -> bool {
        self.call() == Some(Call::Other) && !self.has_uring
    }
}

struct Node {
    serials: Serials,
    /// Open events by the time at which they are over; entries of events that ended otherwise stay
    /// until their time comes.
    deadlines: BinaryHeap<Reverse<(u64, SlotRef)>>,
    next_deadline: u64,
}

impl Node {
    fn new() -> Node {
        Node {
            serials: Serials::default(),
            deadlines: BinaryHeap::new(),
            next_deadline: u64::MAX,
        }
    }
}

/// The reassembly of records that are kept as `K`.
pub(crate) struct Assembler<K> {
    limits: Limits,
    interest: Interest,
    slots: Vec<Slot<K>>,
    free: Vec<SlotIndex>,
    /// Emptied buffers of delivered events.
    spare: Vec<(Vec<K>, Vec<u8>)>,
    index: HashMap<(NodeIndex, EventId), SlotIndex, foldhash::fast::RandomState>,
    /// The event of the record before, which most records belong to as well.
    last: Option<SlotRef>,
    nodes: IndexMap<Box<[u8]>, Node, foldhash::fast::RandomState>,
    last_node: NodeIndex,
    /// Open events in the order in which they came, with stale references.
    arrivals: VecDeque<SlotRef>,
    ready: VecDeque<SlotIndex>,
    delivered: VecDeque<SlotRef>,
    open_events: usize,
    open_bytes: usize,
    stats: EventStats,
    /// Lost events of nodes that had to be forgotten.
    lost_of_forgotten: u64,
}

/// Delivered events keep at most this much of their buffers for the next.
const SPARE_BYTES: usize = 64 << 10;

impl<K: Copy> Assembler<K> {
    pub(crate) fn new(limits: Limits, interest: Interest) -> Assembler<K> {
        Assembler {
            limits,
            interest,
            slots: Vec::new(),
            free: Vec::new(),
            spare: Vec::new(),
            index: HashMap::default(),
            last: None,
            nodes: IndexMap::default(),
            last_node: 0,
            arrivals: VecDeque::new(),
            ready: VecDeque::new(),
            delivered: VecDeque::new(),
            open_events: 0,
            open_bytes: 0,
            stats: EventStats::default(),
            lost_of_forgotten: 0,
        }
    }

    /// Adds a record to its event. Events that end by it are then [`next_ready`].
    ///
    /// [`next_ready`]: Assembler::next_ready
    pub(crate) fn push<'i, S: Store<'i, Kept = K>>(&mut self, record: &Record<'i>) {
        let node = self.node_index(record.node().unwrap_or_default());
        let millis = record.id().millis;
        if millis >= self.nodes[node as usize].next_deadline {
            self.expire_node(node, millis);
        }
        if record.record_type().is_single() {
            self.push_single::<S>(node, record);
        } else {
            self.push_part::<S>(node, record);
        }
    }

    fn push_single<'i, S: Store<'i, Kept = K>>(&mut self, node: NodeIndex, record: &Record<'i>) {
        if !record.record_type().is_daemon() {
            self.nodes[node as usize].serials.note(record.id().serial);
        }
        self.stats.events += 1;
        if self.interest == Interest::Everything {
            self.deliver_alone::<S>(node, record, Completion::Single);
        }
    }

    /// Delivers a record by itself.
    fn deliver_alone<'i, S: Store<'i, Kept = K>>(
        &mut self,
        node: NodeIndex,
        record: &Record<'i>,
        completion: Completion,
    ) {
        let slot = self.new_slot(node, record.id(), false);
        let event = &mut self.slots[slot as usize];
        event.records.push(S::keep(record, &mut event.bytes));
        event.state = State::Ready(completion);
        self.ready.push_back(slot);
    }

    fn push_part<'i, S: Store<'i, Kept = K>>(&mut self, node: NodeIndex, record: &Record<'i>) {
        let Some(slot) = self.slot_of(node, record.id()) else {
            return self.push_late::<S>(node, record);
        };
        let record_type = record.record_type();
        let event = &mut self.slots[slot as usize];
        match record_type {
            RecordType::SYSCALL => first(&mut event.head, || Some(CallHead::read(record))),
            RecordType::SOCKADDR => event.has_address = true,
            RecordType::URINGOP => event.has_uring = true,
            _ => {}
        }
        let kept = self.interest.wants(record_type)
            && !(self.interest == Interest::Connections && event.is_no_connection());
        if kept {
            event.records.push(S::keep(record, &mut event.bytes));
            event.size += record.line().len();
            self.open_bytes += record.line().len();
        }
        let completion = match record_type {
            RecordType::EOE => Completion::Eoe,
            RecordType::PROCTITLE => Completion::Proctitle,
            _ => return self.enforce_bounds(slot),
        };
        if event.is_whole() {
            self.end(slot, completion);
        }
    }

    /// A record of an event that is over. An `EOE` is expected then, as the last of the records.
    fn push_late<'i, S: Store<'i, Kept = K>>(&mut self, node: NodeIndex, record: &Record<'i>) {
        if record.record_type() != RecordType::EOE {
            self.stats.late_records += 1;
            if self.interest == Interest::Everything {
                self.deliver_alone::<S>(node, record, Completion::Late);
            }
        }
    }

    /// The open event with this identity, opened if need be; `None` if it is over.
    fn slot_of(&mut self, node: NodeIndex, id: EventId) -> Option<SlotIndex> {
        if let Some(last) = self.last {
            let event = &self.slots[last.slot as usize];
            if event.id == id && event.node == node && event.generation == last.generation {
                return (event.state == State::Open).then_some(last.slot);
            }
        }
        let slot = match self.index.get(&(node, id)) {
            Some(&slot) => slot,
            None => self.open(node, id),
        };
        let event = &self.slots[slot as usize];
        self.last = Some(SlotRef {
            slot,
            generation: event.generation,
        });
        (event.state == State::Open).then_some(slot)
    }

    fn open(&mut self, node: NodeIndex, id: EventId) -> SlotIndex {
        let slot = self.new_slot(node, id, true);
        let event = SlotRef {
            slot,
            generation: self.slots[slot as usize].generation,
        };
        self.index.insert((node, id), slot);
        self.open_events += 1;
        self.arrivals.push_back(event);
        let deadline = id.millis.saturating_add(self.limits.timeout_millis);
        let node = &mut self.nodes[node as usize];
        node.serials.note(id.serial);
        node.next_deadline = node.next_deadline.min(deadline);
        node.deadlines.push(Reverse((deadline, event)));
        self.drop_stale_references();
        slot
    }

    fn new_slot(&mut self, node: NodeIndex, id: EventId, indexed: bool) -> SlotIndex {
        let (records, bytes) = self.spare.pop().unwrap_or_default();
        let slot = self.free.pop().unwrap_or_else(|| {
            self.slots.push(Slot {
                id,
                node,
                generation: 0,
                state: State::Free,
                indexed,
                head: None,
                has_uring: false,
                has_address: false,
                records: Vec::new(),
                bytes: Vec::new(),
                size: 0,
            });
            self.slots.len() as SlotIndex - 1
        });
        let event = &mut self.slots[slot as usize];
        event.id = id;
        event.node = node;
        event.generation = event.generation.wrapping_add(1);
        event.state = State::Open;
        event.indexed = indexed;
        event.head = None;
        event.has_uring = false;
        event.has_address = false;
        event.records = records;
        event.bytes = bytes;
        event.size = 0;
        slot
    }

    fn is_open(&self, event: SlotRef) -> bool {
        let slot = &self.slots[event.slot as usize];
        slot.generation == event.generation && slot.state == State::Open
    }

    /// References to events that are over are dropped when they outnumber the open ones, so that
    /// one event that stays open does not make the queues grow.
    fn drop_stale_references(&mut self) {
        const SLACK: usize = 1024;
        while let Some(&oldest) = self.arrivals.front() {
            if self.is_open(oldest) {
                break;
            }
            self.arrivals.pop_front();
        }
        if self.arrivals.len() > 2 * self.open_events + SLACK {
            let mut arrivals = std::mem::take(&mut self.arrivals);
            arrivals.retain(|&event| self.is_open(event));
            self.arrivals = arrivals;
        }
        let node = self.last_node as usize;
        if self.nodes[node].deadlines.len() > 2 * self.open_events + SLACK {
            let mut deadlines = std::mem::take(&mut self.nodes[node].deadlines).into_vec();
            deadlines.retain(|&Reverse((_, event))| self.is_open(event));
            self.nodes[node].deadlines = deadlines.into();
        }
    }

    fn enforce_bounds(&mut self, newest: SlotIndex) {
        while self.open_events > self.limits.open_events.max(1)
            || self.open_bytes > self.limits.open_bytes
        {
            let Some(oldest) = self.arrivals.pop_front() else {
                return;
            };
            if self.is_open(oldest) {
                self.end(oldest.slot, Completion::Evicted);
                if oldest.slot == newest {
                    return;
                }
            }
        }
    }

    fn end(&mut self, slot: SlotIndex, completion: Completion) {
        let interest = self.interest;
        let event = &mut self.slots[slot as usize];
        event.state = State::Ready(completion);
        self.open_events -= 1;
        self.open_bytes -= event.size;
        self.stats.events += 1;
        match completion {
            Completion::Timeout => self.stats.timed_out += 1,
            Completion::Evicted => self.stats.evicted += 1,
            Completion::EndOfInput => self.stats.cut_by_end += 1,
            _ => {}
        }
        if interest == Interest::Connections && event.is_no_connection() {
            self.release(slot);
        } else {
            self.ready.push_back(slot);
        }
    }

    /// Ends the events of a node that are over at `millis`.
    fn expire_node(&mut self, node: NodeIndex, millis: u64) {
        loop {
            let next = self.nodes[node as usize].deadlines.peek().copied();
            match next {
                Some(Reverse((deadline, event))) if deadline <= millis => {
                    self.nodes[node as usize].deadlines.pop();
                    if self.is_open(event) {
                        self.end(event.slot, Completion::Timeout);
                    }
                }
                next => {
                    let deadline = next.map_or(u64::MAX, |Reverse((deadline, _))| deadline);
                    self.nodes[node as usize].next_deadline = deadline;
                    return;
                }
            }
        }
    }

    /// Ends all events that are over at `millis`, as if each node had written a record then.
    pub(crate) fn advance_to(&mut self, millis: u64) {
        for node in 0..self.nodes.len() as NodeIndex {
            if millis >= self.nodes[node as usize].next_deadline {
                self.expire_node(node, millis);
            }
        }
    }

    /// Ends all events, oldest first.
    pub(crate) fn finish(&mut self) {
        self.end_all(Completion::EndOfInput);
    }

    fn end_all(&mut self, completion: Completion) {
        while let Some(event) = self.arrivals.pop_front() {
            if self.is_open(event) {
                self.end(event.slot, completion);
            }
        }
    }

    fn node_index(&mut self, name: &[u8]) -> NodeIndex {
        if let Some((last, _)) = self.nodes.get_index(self.last_node as usize)
            && **last == *name
        {
            return self.last_node;
        }
        let index = match self.nodes.get_index_of(name) {
            Some(index) => index,
            None => {
                if self.nodes.len() >= self.limits.nodes.max(1) {
                    self.forget_nodes();
                }
                self.nodes.insert_full(name.into(), Node::new()).0
            }
        };
        self.last_node = index as NodeIndex;
        self.last_node
    }

    fn forget_nodes(&mut self) {
        self.end_all(Completion::Evicted);
        self.lost_of_forgotten = self.lost_events();
        self.nodes.clear();
        // Delivered events are remembered by the index of their node, which means nothing now.
        self.index.clear();
        self.last = None;
        while let Some(event) = self.delivered.pop_front() {
            self.slots[event.slot as usize].state = State::Free;
            self.free.push(event.slot);
        }
        for slot in self.ready.iter() {
            self.slots[*slot as usize].indexed = false;
        }
    }

    /// The next event that is over. It is to be [`release`](Assembler::release)d when it was read.
    pub(crate) fn next_ready(&mut self) -> Option<SlotIndex> {
        self.ready.pop_front()
    }

    pub(crate) fn slot(&self, slot: SlotIndex) -> &Slot<K> {
        &self.slots[slot as usize]
    }

    /// Takes the buffers of a delivered event back and remembers its id.
    pub(crate) fn release(&mut self, slot: SlotIndex) {
        let event = &mut self.slots[slot as usize];
        let mut records = std::mem::take(&mut event.records);
        let mut bytes = std::mem::take(&mut event.bytes);
        records.clear();
        bytes.clear();
        if bytes.capacity() <= SPARE_BYTES && records.capacity() <= SPARE_BYTES / size_of::<K>() {
            self.spare.push((records, bytes));
        }
        if !event.indexed {
            event.state = State::Free;
            self.free.push(slot);
            return;
        }
        event.state = State::Delivered;
        self.delivered.push_back(SlotRef {
            slot,
            generation: event.generation,
        });
        if self.delivered.len() > self.limits.remembered_events
            && let Some(oldest) = self.delivered.pop_front()
        {
            let event = &mut self.slots[oldest.slot as usize];
            self.index.remove(&(event.node, event.id));
            event.state = State::Free;
            self.free.push(oldest.slot);
        }
    }

    fn lost_events(&self) -> u64 {
        let known: u64 = self.nodes.values().map(|node| node.serials.lost()).sum();
        self.lost_of_forgotten + known
    }

    pub(crate) fn stats(&self) -> EventStats {
        EventStats {
            lost_events: self.lost_events(),
            ..self.stats
        }
    }

    /// Missing serials by node, nodes in the order in which they first appeared.
    pub(crate) fn lost_ranges(&self) -> impl Iterator<Item = (&[u8], LostRange)> {
        self.nodes
            .iter()
            .flat_map(|(name, node)| node.serials.ranges().map(|range| (&**name, range)))
    }
}

/// Records that live as long as the input are kept as they are.
pub(crate) struct Borrowed;

impl<'i> Store<'i> for Borrowed {
    type Kept = Record<'i>;

    fn keep(record: &Record<'i>, _bytes: &mut Vec<u8>) -> Record<'i> {
        *record
    }
}

/// Records that do not live as long as their event are copied into it.
pub(crate) struct Copied;

/// A copied record: where its line is in the bytes of its event.
#[derive(Clone, Copy)]
pub(crate) struct CopiedRecord {
    start: usize,
    length: usize,
    layout: Layout,
}

impl CopiedRecord {
    pub(crate) fn record<'a>(&self, bytes: &'a [u8]) -> Record<'a> {
        Record::with_layout(&bytes[self.start..self.start + self.length], self.layout)
    }
}

impl<'i> Store<'i> for Copied {
    type Kept = CopiedRecord;

    fn keep(record: &Record<'i>, bytes: &mut Vec<u8>) -> CopiedRecord {
        let start = bytes.len();
        bytes.extend_from_slice(record.line());
        CopiedRecord {
            start,
            length: record.line().len(),
            layout: record.layout(),
        }
    }
}

impl Assembler<CopiedRecord> {
    /// The event in a slot.
    pub(crate) fn event(&self, slot: SlotIndex) -> Event<'_> {
        let slot = self.slot(slot);
        let records = slot.records.iter().map(|kept| kept.record(&slot.bytes));
        Event::new(slot.id, slot.completion(), records)
    }

    /// The event in a slot as a connection.
    pub(crate) fn connection(&self, slot: SlotIndex) -> Result<Connection<'_>, NotAConnection> {
        let slot = self.slot(slot);
        let mut records = slot
            .records
            .iter()
            .map(|kept| kept.record(&slot.bytes))
            .peekable();
        let node = records.peek().and_then(Record::node);
        Connection::from_records(slot.id, node, slot.head, records)
    }
}

impl<'i> Assembler<Record<'i>> {
    /// Takes the event out of a slot.
    pub(crate) fn take_event(&mut self, slot: SlotIndex) -> Event<'i> {
        let ready = self.slot(slot);
        let event = Event::new(ready.id, ready.completion(), ready.records.iter().copied());
        self.release(slot);
        event
    }

    /// Takes the event out of a slot as a connection.
    pub(crate) fn take_connection(
        &mut self,
        slot: SlotIndex,
    ) -> Result<Connection<'i>, NotAConnection> {
        let ready = self.slot(slot);
        let node = ready.records.first().and_then(Record::node);
        let connection =
            Connection::from_records(ready.id, node, ready.head, ready.records.iter().copied());
        self.release(slot);
        connection
    }
}

/// Puts events together from records that are pushed into it, for programs that get their records
/// by other ways than a [`Reader`](crate::Reader).
///
/// ```
/// use auditparse::{Limits, Reassembler, Record};
///
/// let mut reassembler = Reassembler::new(Limits::default());
/// for line in [
///     "type=SYSCALL msg=audit(1.001:7): arch=c000003e syscall=59",
///     "type=USER_LOGIN msg=audit(1.002:8): pid=1",
///     "type=PROCTITLE msg=audit(1.001:7): proctitle=\"sh\"",
/// ] {
///     reassembler.push(&Record::parse(line.as_bytes())?);
///     while let Some(event) = reassembler.next_event() {
///         println!("{} has {} records", event.id(), event.records().len());
///     }
/// }
/// reassembler.finish();
/// assert!(reassembler.next_event().is_none());
/// assert_eq!(reassembler.stats().events, 2);
/// # Ok::<(), auditparse::RecordError>(())
/// ```
pub struct Reassembler {
    assembler: Assembler<CopiedRecord>,
    lent: Option<SlotIndex>,
}

impl Reassembler {
    /// A reassembler without any event.
    pub fn new(limits: Limits) -> Reassembler {
        Reassembler {
            assembler: Assembler::new(limits, Interest::Everything),
            lent: None,
        }
    }

    /// Adds a copy of a record to its event.
    pub fn push(&mut self, record: &Record<'_>) {
        self.assembler.push::<Copied>(record);
    }

    /// The next event that is over, in the order in which they ended.
    pub fn next_event(&mut self) -> Option<Event<'_>> {
        if let Some(lent) = self.lent.take() {
            self.assembler.release(lent);
        }
        let slot = self.assembler.next_ready()?;
        self.lent = Some(slot);
        Some(self.assembler.event(slot))
    }

    /// Ends the events that are over at this time, in milliseconds since 1970, on every node. For
    /// live input: call it with the wall clock when no record has come for a while.
    pub fn advance_to(&mut self, millis: u64) {
        self.assembler.advance_to(millis);
    }

    /// Ends all events.
    pub fn finish(&mut self) {
        self.assembler.finish();
    }

    /// What has been counted so far.
    pub fn stats(&self) -> EventStats {
        self.assembler.stats()
    }

    /// The missing serials, with the node that they belong to (empty without `node=`).
    pub fn lost_ranges(&self) -> impl Iterator<Item = (&[u8], LostRange)> {
        self.assembler.lost_ranges()
    }
}
