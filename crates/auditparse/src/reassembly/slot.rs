//! Events that are being put together, and the memory that they are put together in. Slots are
//! used again, the one that was freed last first, so that a log whose events come one after the
//! other works in a few of them.

use crate::event::Completion;
use crate::event_id::EventId;
use crate::header::Layout;
use crate::record::Record;
use crate::record_type::RecordType;
use crate::syscall::{Call, CallHead, first};

/// How records are kept while their event is open: borrowed from a slice, or copied.
pub(crate) trait Store<'i> {
    /// What is kept of a record.
    type Kept: Copy;
    /// Keeps `record`; `bytes` belongs to its event.
    fn keep(record: &Record<'i>, bytes: &mut Vec<u8>) -> Self::Kept;
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
    /// Copies a record to the end of `bytes`.
    pub(crate) fn copy(record: &Record<'_>, bytes: &mut Vec<u8>) -> CopiedRecord {
        let start = bytes.len();
        bytes.extend_from_slice(record.line());
        CopiedRecord { start, length: record.line().len(), layout: record.layout() }
    }

    /// The record, whose line is in `bytes`.
    pub(crate) fn record<'a>(&self, bytes: &'a [u8]) -> Record<'a> {
        Record::with_layout(&bytes[self.start..self.start + self.length], self.layout)
    }

    /// The same record where its bytes stand behind so many others.
    pub(crate) fn behind(self, others: usize) -> CopiedRecord {
        CopiedRecord { start: self.start + others, ..self }
    }
}

impl<'i> Store<'i> for Copied {
    type Kept = CopiedRecord;

    fn keep(record: &Record<'i>, bytes: &mut Vec<u8>) -> CopiedRecord {
        CopiedRecord::copy(record, bytes)
    }
}

/// Place of a node, in the order of first appearance.
pub(super) type NodeIndex = u32;

/// Place of a slot.
pub(crate) type SlotIndex = u32;

/// A slot at one point of its use, so that old references to it can be told.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct SlotRef {
    pub(super) index: SlotIndex,
    generation: u32,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    Free,
    Open,
    /// Over, and not yet taken.
    Ready(Completion),
}

/// How far an event has come, by those of its records that are there.
#[derive(Clone, Copy, Default)]
pub(super) struct Progress {
    /// The front of the `SYSCALL` record.
    pub(super) head: Option<CallHead>,
    pub(super) has_uring: bool,
    has_address: bool,
}

impl Progress {
    /// Notes a record.
    #[inline]
    pub(super) fn note(&mut self, record: &Record<'_>) {
        match record.record_type() {
            RecordType::SYSCALL => first(&mut self.head, || Some(CallHead::read(record))),
            RecordType::SOCKADDR => self.has_address = true,
            RecordType::URINGOP => self.has_uring = true,
            _ => {}
        }
    }

    /// What ends the event if it is a record of this type that comes now; `None` if it does not.
    #[inline]
    pub(super) fn completed_by(&self, record_type: RecordType) -> Option<Completion> {
        let completion = match record_type {
            RecordType::EOE => Completion::Eoe,
            RecordType::PROCTITLE => Completion::Proctitle,
            _ => return None,
        };
        self.is_whole().then_some(completion)
    }

    /// Whether all is there that must stand before a last record.
    fn is_whole(&self) -> bool {
        match self.head.map(|head| head.call) {
            Some(Call::Network(kind)) => self.has_address || !kind.always_has_address(),
            Some(_) => true,
            None => self.has_uring,
        }
    }

    /// Whether there is an address, and nothing tells what was called with it.
    pub(super) fn is_unknown_call(&self) -> bool {
        let is_told = |head: &CallHead| {
            head.call != Call::Other
                || head.number.is_some() && head.arch.is_some_and(|arch| arch.name().is_some())
        };
        self.has_address && !self.has_uring && !self.head.as_ref().is_some_and(is_told)
    }

    /// Whether the event cannot be a connection any more.
    pub(super) fn is_no_connection(&self) -> bool {
        self.head.is_some_and(|head| head.call == Call::Other) && !self.has_uring
    }
}

/// An event, open or over.
pub(super) struct Slot<K> {
    pub(super) id: EventId,
    pub(super) node: NodeIndex,
    generation: u32,
    state: State,
    /// Where in the stream its first record is; 0 where nobody said.
    pub(super) start: u64,
    pub(super) progress: Progress,
    /// Whether the event is in the table of open events.
    pub(super) is_listed: bool,
    pub(super) records: Vec<K>,
    pub(super) bytes: Vec<u8>,
    /// What the records that were kept are charged with.
    pub(super) size: usize,
}

/// What a record is charged with beside its line: the same however it is kept, so that a slice and
/// a stream are cut alike.
const KEPT_BYTES: usize = 128;

const _: () = assert!(size_of::<Record<'_>>() <= KEPT_BYTES);
const _: () = assert!(size_of::<CopiedRecord>() <= KEPT_BYTES);

impl<K: Copy> Slot<K> {
    /// What ended the event, once it is over.
    pub(super) fn completion(&self) -> Completion {
        match self.state {
            State::Ready(completion) => completion,
            State::Open | State::Free => Completion::EndOfInput,
        }
    }

    pub(super) fn is_open(&self) -> bool {
        self.state == State::Open
    }

    pub(super) fn end(&mut self, completion: Completion) {
        self.state = State::Ready(completion);
    }

    /// Keeps a record; gives what it is charged with.
    pub(super) fn keep<'i, S: Store<'i, Kept = K>>(&mut self, record: &Record<'i>) -> usize {
        self.records.push(S::keep(record, &mut self.bytes));
        let size = record.line().len() + KEPT_BYTES;
        self.size += size;
        size
    }

    /// Empties the slot; large buffers are given back.
    fn clear(&mut self) {
        /// Buffers up to this size are kept for the next event.
        const SPARE_BYTES: usize = 64 << 10;

        self.progress = Progress::default();
        self.is_listed = false;
        self.size = 0;
        self.records.clear();
        self.bytes.clear();
        if self.bytes.capacity() > SPARE_BYTES {
            self.bytes = Vec::new();
        }
        if self.records.capacity() > SPARE_BYTES / size_of::<K>() {
            self.records = Vec::new();
        }
    }
}

/// All slots.
pub(super) struct Slots<K> {
    slots: Vec<Slot<K>>,
    free: Vec<SlotIndex>,
}

impl<K: Copy> Slots<K> {
    pub(super) fn new() -> Slots<K> {
        Slots { slots: Vec::new(), free: Vec::new() }
    }

    pub(super) fn get(&self, slot: SlotIndex) -> &Slot<K> {
        &self.slots[slot as usize]
    }

    pub(super) fn get_mut(&mut self, slot: SlotIndex) -> &mut Slot<K> {
        &mut self.slots[slot as usize]
    }

    /// The event that a reference was made for, unless its slot is another's by now.
    pub(super) fn referred(&self, event: SlotRef) -> Option<&Slot<K>> {
        let slot = self.get(event.index);
        (slot.generation == event.generation).then_some(slot)
    }

    /// [`referred`](Slots::referred), to change it.
    pub(super) fn referred_mut(&mut self, event: SlotRef) -> Option<&mut Slot<K>> {
        let slot = self.get_mut(event.index);
        (slot.generation == event.generation).then_some(slot)
    }

    /// A reference to the event that is in a slot now.
    pub(super) fn reference(&self, index: SlotIndex) -> SlotRef {
        SlotRef { index, generation: self.get(index).generation }
    }

    pub(super) fn is_open(&self, event: SlotRef) -> bool {
        self.referred(event).is_some_and(Slot::is_open)
    }

    /// An empty open slot of an event that starts there.
    #[inline]
    pub(super) fn open(&mut self, node: NodeIndex, id: EventId, start: u64) -> SlotRef {
        let Some(index) = self.free.pop() else {
            return self.add(node, id, start);
        };
        let slot = self.get_mut(index);
        slot.id = id;
        slot.node = node;
        slot.generation = slot.generation.wrapping_add(1);
        slot.state = State::Open;
        slot.start = start;
        SlotRef { index, generation: slot.generation }
    }

    #[cold]
    fn add(&mut self, node: NodeIndex, id: EventId, start: u64) -> SlotRef {
        let index = self.slots.len() as SlotIndex;
        self.slots.push(Slot {
            id,
            node,
            generation: 0,
            state: State::Open,
            start,
            progress: Progress::default(),
            is_listed: false,
            records: Vec::new(),
            bytes: Vec::new(),
            size: 0,
        });
        SlotRef { index, generation: 0 }
    }

    /// Takes back the slot of an event that was taken.
    pub(super) fn release(&mut self, index: SlotIndex) {
        let slot = self.get_mut(index);
        slot.state = State::Free;
        slot.clear();
        self.free.push(index);
    }
}
