//! The rules of reassembly, over the slots, nodes and identities beside this file.

use std::collections::VecDeque;

use crate::attempt::NotAConnection;
use crate::batch::Batch;
use crate::connection::Connection;
use crate::event::{Completion, Event};
use crate::event_id::EventId;
use crate::record::Record;
use crate::record_type::RecordType;
use crate::syscall::Call;

use super::identities::{Identities, Identity, Place};
use super::nodes::{LostRanges, Nodes};
use super::slot::{CopiedRecord, NodeIndex, SlotIndex, SlotRef, Slots, Store};
use super::{EventStats, Limits};

/// Which records are kept, and which events delivered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Interest {
    /// All of them.
    Everything,
    /// Those that can make a connection.
    Connections,
}

impl Interest {
    #[inline]
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

/// The reassembly of records that are kept as `K`.
pub(crate) struct Assembler<K> {
    limits: Limits,
    interest: Interest,
    slots: Slots<K>,
    nodes: Nodes,
    identities: Identities,
    /// The event of the record before, which most records belong to as well. Only when another takes
    /// its place, and most are over by then, it is listed: in the table of open events, among the
    /// arrivals and with its deadline. Who goes through one of these [`list_last`]s first.
    ///
    /// [`list_last`]: Assembler::list_last
    last: Option<(Identity, SlotRef)>,
    /// Open events in the order in which they came, with stale references.
    arrivals: VecDeque<SlotRef>,
    ready: VecDeque<SlotIndex>,
    open_events: usize,
    open_bytes: usize,
    /// Where in the stream the record is that comes next.
    position: u64,
    stats: EventStats,
}

impl<K: Copy> Assembler<K> {
    pub(crate) fn new(limits: Limits, interest: Interest) -> Assembler<K> {
        // The event of the newest record is open, whatever the bound.
        let limits = limits.with_open_events(limits.open_events.max(1));
        Assembler {
            limits,
            interest,
            slots: Slots::new(),
            nodes: Nodes::new(),
            identities: Identities::new(limits.remembered_events),
            last: None,
            arrivals: VecDeque::new(),
            ready: VecDeque::new(),
            open_events: 0,
            open_bytes: 0,
            position: 0,
            stats: EventStats::default(),
        }
    }

    /// Says where in the stream the record is that comes next; not before the one before it.
    pub(crate) fn stand_at(&mut self, position: u64) {
        self.position = position;
    }

    /// Where the first record of the event in a slot is.
    pub(crate) fn start(&self, slot: SlotIndex) -> u64 {
        self.slots.get(slot).start
    }

    /// Where the first record is of all events that are open, or over and not taken.
    pub(crate) fn oldest_start(&self) -> Option<u64> {
        // They are opened in the order of the stream, but end in any.
        let last = self.last.as_ref().map(|(_, event)| event);
        let open = self.arrivals.iter().chain(last).find_map(|&event| {
            self.slots.referred(event).filter(|slot| slot.is_open()).map(|slot| slot.start)
        });
        self.ready.iter().map(|&slot| self.start(slot)).chain(open).min()
    }

    /// Ends the event that has been open longest.
    pub(crate) fn end_oldest(&mut self) {
        self.list_last();
        while let Some(event) = self.arrivals.pop_front() {
            if self.slots.is_open(event) {
                return self.end(event.index, Completion::Evicted);
            }
        }
    }

    /// Adds a record to its event. Events that end by it are then [`next_ready`].
    ///
    /// [`next_ready`]: Assembler::next_ready
    #[inline(always)]
    pub(crate) fn push<'i, S: Store<'i, Kept = K>>(&mut self, record: &Record<'i>) {
        match self.slot_of_last(record) {
            Some(slot) => self.add::<S>(slot, record),
            None => self.push_any::<S>(record),
        }
    }

    /// [`push`](Assembler::push) of a record that may be of another event than the record before.
    #[inline(never)]
    pub(crate) fn push_any<'i, S: Store<'i, Kept = K>>(&mut self, record: &Record<'i>) {
        let node = self.node_of(record);
        let millis = record.id().millis;
        if self.nodes.get_mut(node).is_due(millis) {
            self.expire(node, millis);
        }
        if record.record_type().is_single() {
            self.push_single::<S>(node, record);
        } else {
            self.push_part::<S>(node, record);
        }
    }

    /// The slot of the event of the record before, if it is open and `record`'s as well.
    #[inline(always)]
    fn slot_of_last(&self, record: &Record<'_>) -> Option<SlotIndex> {
        let ((of_node, id), event) = self.last?;
        if id != record.id() || record.record_type().is_single() {
            return None;
        }
        let (index, node) = self.nodes.last(record.node().unwrap_or_default())?;
        let is_its_own = index == of_node && !node.is_due(id.millis) && self.slots.is_open(event);
        is_its_own.then_some(event.index)
    }

    fn node_of(&mut self, record: &Record<'_>) -> NodeIndex {
        let name = record.node().unwrap_or_default();
        if let Some(node) = self.nodes.find(name) {
            return node;
        }
        if self.nodes.len() >= self.limits.nodes.max(1) {
            self.end_all(Completion::Evicted);
            self.identities.clear();
            self.nodes.forget();
            self.last = None;
        }
        self.nodes.add(name)
    }

    fn push_single<'i, S: Store<'i, Kept = K>>(&mut self, node: NodeIndex, record: &Record<'i>) {
        if !record.record_type().is_daemon() {
            self.nodes.get_mut(node).serials.note(record.id().serial);
        }
        self.stats.events += 1;
        self.deliver_alone::<S>(node, record, Completion::Single);
    }

    /// Delivers a record by itself.
    fn deliver_alone<'i, S: Store<'i, Kept = K>>(
        &mut self,
        node: NodeIndex,
        record: &Record<'i>,
        completion: Completion,
    ) {
        if self.interest == Interest::Everything {
            let slot = self.slots.open(node, record.id(), self.position).index;
            let event = self.slots.get_mut(slot);
            event.keep::<S>(record);
            event.end(completion);
            self.ready.push_back(slot);
        }
    }

    fn push_part<'i, S: Store<'i, Kept = K>>(&mut self, node: NodeIndex, record: &Record<'i>) {
        let Some(slot) = self.slot_of(node, record.id()) else {
            return self.push_late::<S>(node, record);
        };
        self.add::<S>(slot, record);
    }

    /// Adds a record to the open event in a slot.
    #[inline(always)]
    fn add<'i, S: Store<'i, Kept = K>>(&mut self, slot: SlotIndex, record: &Record<'i>) {
        let record_type = record.record_type();
        let event = self.slots.get_mut(slot);
        event.progress.note(record);
        // A PROCTITLE ends the event then; before it a URINGOP may still make use of the others.
        let of_no_use = record_type == RecordType::PROCTITLE
            && self.interest == Interest::Connections
            && event.progress.is_no_connection();
        if self.interest.wants(record_type) && !of_no_use {
            self.open_bytes += event.keep::<S>(record);
        }
        match event.progress.completed_by(record_type) {
            Some(completion) => self.end(slot, completion),
            None => self.enforce_bounds(),
        }
    }

    /// A record of an event that is over. An `EOE` is expected then, as the last of the records.
    fn push_late<'i, S: Store<'i, Kept = K>>(&mut self, node: NodeIndex, record: &Record<'i>) {
        if record.record_type() != RecordType::EOE {
            self.stats.late_records += 1;
            self.deliver_alone::<S>(node, record, Completion::Late);
        }
    }

    /// The open event with this identity, opened if need be; `None` if it is over.
    fn slot_of(&mut self, node: NodeIndex, id: EventId) -> Option<SlotIndex> {
        if let Some((identity, event)) = self.last
            && identity == (node, id)
        {
            return self.slots.is_open(event).then_some(event.index);
        }
        let is_newest = self.nodes.get_mut(node).is_newest(id);
        let place = if is_newest { None } else { self.identities.find((node, id)) };
        match place {
            Some(Place::Open(slot)) => {
                self.turn_to((node, id), self.slots.reference(slot));
                Some(slot)
            }
            Some(Place::Over) => None,
            None => Some(self.open(node, id)),
        }
    }

    #[inline]
    fn open(&mut self, node: NodeIndex, id: EventId) -> SlotIndex {
        let event = self.slots.open(node, id, self.position);
        self.turn_to((node, id), event);
        self.open_events += 1;
        let node = self.nodes.get_mut(node);
        node.serials.note(id.serial);
        node.expect_end(self.limits.deadline(id));
        event.index
    }

    /// Makes `event` that of the record before.
    fn turn_to(&mut self, identity: Identity, event: SlotRef) {
        self.list_last();
        self.last = Some((identity, event));
    }

    /// Lists the event of the record before if it is open and not listed yet.
    fn list_last(&mut self) {
        if let Some((identity, last)) = self.last
            && let Some(slot) = self.slots.referred_mut(last)
            && slot.is_open()
            && !slot.is_listed
        {
            slot.is_listed = true;
            self.list(identity, last);
        }
    }

    #[inline(never)]
    fn list(&mut self, (node, id): Identity, event: SlotRef) {
        self.identities.open((node, id), event.index);
        self.arrivals.push_back(event);
        let node = self.nodes.get_mut(node);
        node.add_deadline(self.limits.deadline(id), id.serial, event);

        /// References to events that are over may outnumber the open ones by so many.
        const SLACK: usize = 1024;
        let bound = 2 * self.open_events + SLACK;
        node.drop_stale(bound, |event| self.slots.is_open(event));
        self.drop_stale_arrivals(bound);
    }

    fn drop_stale_arrivals(&mut self, bound: usize) {
        while let Some(&oldest) = self.arrivals.front() {
            if self.slots.is_open(oldest) {
                break;
            }
            self.arrivals.pop_front();
        }
        if self.arrivals.len() > bound {
            self.arrivals.retain(|&event| self.slots.is_open(event));
        }
    }

    /// Ends the oldest events while there are too many or too large ones.
    #[inline(always)]
    fn enforce_bounds(&mut self) {
        while self.open_events > self.limits.open_events || self.open_bytes > self.limits.open_bytes
        {
            self.end_oldest();
        }
    }

    fn end(&mut self, slot: SlotIndex, completion: Completion) {
        let event = self.slots.get_mut(slot);
        event.end(completion);
        self.open_events -= 1;
        self.open_bytes -= event.size;
        self.stats.events += 1;
        self.stats.unknown_calls += u64::from(event.progress.is_unknown_call());
        match completion {
            Completion::Timeout => self.stats.timed_out += 1,
            Completion::Evicted => self.stats.evicted += 1,
            Completion::EndOfInput => self.stats.cut_by_end += 1,
            _ => {}
        }
        if event.is_listed {
            self.identities.close((event.node, event.id));
        }
        self.identities.end((event.node, event.id));
        if self.interest == Interest::Connections && event.progress.is_no_connection() {
            self.slots.release(slot);
        } else {
            self.ready.push_back(slot);
        }
    }

    /// Ends the events of a node that are over at `millis`.
    fn expire(&mut self, node: NodeIndex, millis: u64) {
        self.list_last();
        while let Some(event) = self.nodes.get_mut(node).pop_due(millis) {
            if self.slots.is_open(event) {
                self.end(event.index, Completion::Timeout);
            }
        }
    }

    /// Ends all events that are over at `millis`, as if each node had written a record then.
    pub(crate) fn advance_to(&mut self, millis: u64) {
        for node in 0..self.nodes.len() as NodeIndex {
            self.expire(node, millis);
        }
    }

    /// Ends all events, oldest first.
    pub(crate) fn finish(&mut self) {
        self.end_all(Completion::EndOfInput);
    }

    fn end_all(&mut self, completion: Completion) {
        self.list_last();
        while let Some(event) = self.arrivals.pop_front() {
            if self.slots.is_open(event) {
                self.end(event.index, completion);
            }
        }
    }

    /// The next event that is over. It is to be [`release`](Assembler::release)d when it was read.
    pub(crate) fn next_ready(&mut self) -> Option<SlotIndex> {
        self.ready.pop_front()
    }

    /// Takes back the memory of an event that was read.
    pub(crate) fn release(&mut self, slot: SlotIndex) {
        self.slots.release(slot);
    }

    pub(crate) fn stats(&self) -> EventStats {
        EventStats { lost_events: self.nodes.lost(), ..self.stats }
    }

    /// Missing serials by node, nodes in the order in which they first appeared.
    pub(crate) fn lost_ranges(&self) -> LostRanges<'_> {
        self.nodes.lost_ranges()
    }
}

impl Assembler<CopiedRecord> {
    /// The event in a slot.
    pub(crate) fn event(&self, slot: SlotIndex) -> Event<'_> {
        let slot = self.slots.get(slot);
        let records = slot.records.iter().map(|kept| kept.record(&slot.bytes));
        Event::new(slot.id, slot.completion(), records)
    }

    /// Whether the event in a slot is a connection, found out with less work than making it.
    pub(crate) fn is_connection(&self, slot: SlotIndex) -> bool {
        let event = self.slots.get(slot);
        match event.progress.head.map(|head| head.call) {
            Some(Call::Network(kind)) if kind.always_has_address() => true,
            Some(Call::Other) if !event.progress.has_uring => false,
            _ => self.connection(slot).is_ok(),
        }
    }

    /// The event in a slot as a connection.
    pub(crate) fn connection(&self, slot: SlotIndex) -> Result<Connection<'_>, NotAConnection> {
        let slot = self.slots.get(slot);
        let records = slot.records.iter().map(|kept| kept.record(&slot.bytes));
        Connection::from_records(slot.id, slot.progress.head, records)
    }

    /// Copies the event in a slot.
    pub(crate) fn copy_to(&self, slot: SlotIndex, batch: &mut Batch) {
        let slot = self.slots.get(slot);
        batch.push_event(
            slot.id,
            slot.completion(),
            slot.progress.head,
            &slot.records,
            &slot.bytes,
        );
    }
}

impl<'i> Assembler<Record<'i>> {
    /// Takes the event out of a slot.
    pub(crate) fn take_event(&mut self, index: SlotIndex) -> Event<'i> {
        let slot = self.slots.get(index);
        let event = Event::new(slot.id, slot.completion(), slot.records.iter().copied());
        self.slots.release(index);
        event
    }

    /// Takes the event out of a slot as a connection, if it is one.
    #[inline]
    pub(crate) fn take_connection(&mut self, index: SlotIndex) -> Option<Connection<'i>> {
        let slot = self.slots.get(index);
        let records = slot.records.iter().copied();
        let connection = Connection::from_records(slot.id, slot.progress.head, records).ok();
        self.slots.release(index);
        connection
    }
}
