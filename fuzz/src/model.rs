//! What reassembly promises, kept as plainly as can be: a list of what happened, and the set of
//! records that have not come out yet. Nothing here knows queues, slots or deadlines.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use auditparse::{
    Arch, Completion, Event, EventId, EventStats, Limits, LostRange, Record, RecordType,
};

/// Node (empty without one), time and serial.
type Identity = (Vec<u8>, EventId);

/// Something that happened to the reassembler. Moments are numbered from 0.
enum Moment {
    Push(Pushed),
    Advance(u64),
    Finish,
}

struct Pushed {
    line: Vec<u8>,
    identity: Identity,
    record_type: RecordType,
}

/// Follows a reassembler and panics at the first thing it does that it should not.
///
/// Each pushed record must have a field `n` with the number of its moment, by which it is known
/// again.
pub struct Model {
    limits: Limits,
    moments: Vec<Moment>,
    /// Records that have not come out.
    waiting: BTreeSet<usize>,
    /// The moments at which the events ended that have not come out: they come in this order.
    ended: VecDeque<usize>,
    /// Identities of which an event has come out.
    over: BTreeSet<Identity>,
    out: EventStats,
}

impl Model {
    /// A model of a reassembler with these limits.
    pub fn new(limits: Limits) -> Model {
        Model {
            limits,
            moments: Vec::new(),
            waiting: BTreeSet::new(),
            ended: VecDeque::new(),
            over: BTreeSet::new(),
            out: EventStats::default(),
        }
    }

    /// Number of the moment that comes next.
    pub fn moment(&self) -> usize {
        self.moments.len()
    }

    /// A record was pushed; `stats` are those after it.
    pub fn pushed(&mut self, record: &Record<'_>, stats: EventStats) {
        self.waiting.insert(self.moment());
        let pushed = Pushed {
            line: record.line().to_vec(),
            identity: (record.node().unwrap_or_default().to_vec(), record.id()),
            record_type: record.record_type(),
        };
        self.happened(Moment::Push(pushed), stats);
    }

    /// Time went on without a record.
    pub fn advanced_to(&mut self, millis: u64, stats: EventStats) {
        self.happened(Moment::Advance(millis), stats);
    }

    /// The input ended.
    pub fn finished(&mut self, stats: EventStats) {
        self.happened(Moment::Finish, stats);
    }

    fn happened(&mut self, moment: Moment, stats: EventStats) {
        let queued = self.out.events + self.out.late_records + self.ended.len() as u64;
        let ended = stats.events + stats.late_records - queued;
        self.ended.extend((0..ended).map(|_| self.moments.len()));
        self.moments.push(moment);
    }

    fn record(&self, number: usize) -> &Pushed {
        match &self.moments[number] {
            Moment::Push(pushed) => pushed,
            _ => panic!("record {number} was never pushed"),
        }
    }

    /// An event came out: its records are the identity's own, whole, in order and for the first
    /// time, and it ended for the reason it says.
    pub fn came_out(&mut self, event: &Event<'_>) {
        let ended = self.ended.pop_front().expect("the event is counted");
        let identity = (event.node().unwrap_or_default().to_vec(), event.id());
        // A record that times an event out comes after it.
        let until = match event.completion() {
            Completion::Timeout => ended,
            _ => ended + 1,
        };
        let until: Vec<_> = self.waiting_of(&identity).filter(|&number| number < until).collect();
        let numbers: Vec<_> = event.records().iter().map(number).collect();
        for (record, &number) in event.records().iter().zip(&numbers) {
            assert_eq!(record.line(), self.record(number).line, "the record is as it was pushed");
            assert_eq!(self.record(number).identity, identity, "the record is of this event");
            assert!(self.waiting.remove(&number), "the record comes out for the first time");
        }
        assert!(numbers.is_sorted(), "records are in order");
        self.check_end(event, &identity, &numbers, ended);

        let was_over = self.over.contains(&identity);
        match event.completion() {
            Completion::Single => assert_eq!(numbers, [ended]),
            Completion::Late => {
                assert_eq!(numbers, [ended]);
                assert!(was_over, "late for an event that is over");
                self.out.late_records += 1;
                return;
            }
            _ => {
                let left_out = until.iter().filter(|number| !numbers.contains(number));
                let are_ends = left_out.copied().all(|number| self.is_end(number));
                assert!(are_ends, "the event is whole");
                assert!(!was_over || !self.remembers_all(), "the event is not split");
                self.over.insert(identity);
            }
        }
        self.out.events += 1;
        self.out.unknown_calls += u64::from(is_unknown_call(event));
    }

    fn check_end(
        &mut self,
        event: &Event<'_>,
        (node, id): &Identity,
        numbers: &[usize],
        ended: usize,
    ) {
        let last = self.record(*numbers.last().expect("at least one record")).record_type;
        match event.completion() {
            Completion::Single => assert!(last.is_single()),
            Completion::Late => {}
            Completion::Eoe => assert!(last == RecordType::EOE && numbers.ends_with(&[ended])),
            Completion::Proctitle => {
                assert!(last == RecordType::PROCTITLE && numbers.ends_with(&[ended]));
            }
            Completion::Timeout => {
                let now = match &self.moments[ended] {
                    Moment::Advance(millis) => *millis,
                    Moment::Push(pushed) if pushed.identity.0 == *node => pushed.identity.1.millis,
                    _ => panic!("timed out without a newer record of the node"),
                };
                assert!(now >= self.deadline(id));
                self.out.timed_out += 1;
            }
            Completion::Evicted => {
                assert!(matches!(self.moments[ended], Moment::Push(_)));
                self.out.evicted += 1;
            }
            Completion::EndOfInput => {
                assert!(matches!(self.moments[ended], Moment::Finish));
                self.out.cut_by_end += 1;
            }
        }
    }

    fn deadline(&self, id: &EventId) -> u64 {
        id.millis + self.limits.timeout_millis
    }

    /// Records of an identity that have not come out, single ones left aside.
    fn waiting_of(&self, identity: &Identity) -> impl Iterator<Item = usize> {
        self.waiting.iter().copied().filter(move |&number| {
            let record = self.record(number);
            record.identity == *identity && !record.record_type.is_single()
        })
    }

    /// Whether a record is an `EOE` of an event that is over, which is expected and says nothing.
    fn is_end(&self, number: usize) -> bool {
        let record = self.record(number);
        record.record_type == RecordType::EOE && self.over.contains(&record.identity)
    }

    /// Whether the limits let no identity be forgotten.
    fn remembers_all(&self) -> bool {
        self.limits.remembered_events >= self.moments.len() && self.follows_all_nodes()
    }

    fn follows_all_nodes(&self) -> bool {
        let nodes: BTreeSet<_> = self.pushes().map(|(_, record)| &record.identity.0).collect();
        self.limits.nodes >= nodes.len()
    }

    fn pushes(&self) -> impl Iterator<Item = (usize, &Pushed)> {
        self.moments.iter().enumerate().filter_map(|(number, moment)| match moment {
            Moment::Push(pushed) => Some((number, pushed)),
            _ => None,
        })
    }

    /// All events that had ended have come out: what waits is of open events, which are within
    /// bounds and not older than the time-out allows.
    pub fn drained(&self) {
        assert!(self.ended.is_empty(), "every event that ended comes out");
        let open = self.waiting.iter().copied().filter(|&number| !self.is_end(number));
        let open: Vec<_> = open.map(|number| self.record(number)).collect();
        let identities: BTreeSet<_> = open.iter().map(|record| &record.identity).collect();
        assert!(identities.len() <= self.limits.open_events.max(1), "too many open events");
        let bytes: usize = open.iter().map(|record| record.line.len()).sum();
        assert!(bytes <= self.limits.open_bytes, "too many bytes of open events");

        let is_over = |(node, id): &Identity| match self.moments.last() {
            Some(Moment::Push(newest)) => {
                let (newest_node, newest_id) = &newest.identity;
                node == newest_node && id != newest_id && newest_id.millis >= self.deadline(id)
            }
            Some(Moment::Advance(millis)) => *millis >= self.deadline(id),
            Some(Moment::Finish) => true,
            None => false,
        };
        assert!(!identities.into_iter().any(is_over), "an event outlives its time-out");
    }

    /// The input ended and all events have come out: the counts are those of the events.
    pub fn check_stats<'a>(
        &self,
        stats: EventStats,
        lost: impl Iterator<Item = (&'a [u8], LostRange)>,
    ) {
        let lost_events = stats.lost_events;
        let mut out = self.out;
        out.lost_events = lost_events;
        assert_eq!(stats, out);
        if self.follows_all_nodes() {
            let lost = lost.flat_map(|(node, range)| {
                let serials = (0..range.count()).map(move |n| range.first.wrapping_add(n as u32));
                serials.map(|serial| (node.to_vec(), serial))
            });
            let lost: BTreeSet<_> = lost.collect();
            assert_eq!(lost.len() as u64, lost_events);
            assert_eq!(lost, self.gaps());
        }
    }

    /// Serials that did not come, between a node's first and its newest.
    fn gaps(&self) -> BTreeSet<(Vec<u8>, u32)> {
        let mut nodes: BTreeMap<&[u8], Vec<u32>> = BTreeMap::new();
        for (_, record) in self.pushes().filter(|(_, record)| !record.record_type.is_daemon()) {
            let (node, id) = &record.identity;
            nodes.entry(node).or_default().push(id.serial);
        }
        let gaps = nodes.into_iter().flat_map(|(node, serials)| {
            // Generated serials are near each other, on both sides of 2³².
            let ahead = |serial: &u32| serial.wrapping_sub(serials[0]) as i32;
            let newest = serials.iter().map(ahead).max().unwrap_or_default();
            let between = (0..newest).map(|n| serials[0].wrapping_add(n as u32));
            let missing = between.filter(|serial| !serials.contains(serial));
            missing.map(|serial| (node.to_vec(), serial)).collect::<Vec<_>>()
        });
        gaps.collect()
    }
}

/// Whether an event has an address, and no record that says what was called.
fn is_unknown_call(event: &Event<'_>) -> bool {
    let first = |wanted| event.records().iter().find(|record| record.record_type() == wanted);
    let is_told = |syscall: &Record<'_>| {
        let arch = syscall.get("arch").and_then(|arch| u32::try_from(arch.as_hex()?).ok());
        arch.is_some_and(|arch| Arch::from_number(arch).name().is_some())
            && syscall.get("syscall").is_some_and(|number| number.as_u64().is_some())
    };
    first(RecordType::SOCKADDR).is_some()
        && first(RecordType::URINGOP).is_none()
        && !first(RecordType::SYSCALL).is_some_and(is_told)
}

/// The moment at which a record was pushed.
fn number(record: &Record<'_>) -> usize {
    let field = record.get("n").expect("each record has its number");
    field.as_u64().expect("a number") as usize
}
