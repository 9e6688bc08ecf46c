//! Events of a part of an audit log, as one thread hands them to another: one
//! behind the other in one piece of memory, so that they are fetched in order.
//! What all events of the log have in common is not in it.

use super::fields::Event;
use super::selection::Verdict;
use crate::input::Bundle;

/// An event, and what was said of it.
#[derive(Clone, Debug)]
pub(super) struct Judged {
    pub(super) event: Event,
    pub(super) verdict: Verdict,
}

impl Judged {
    /// An event that is no job's.
    pub(super) fn new(event: Event) -> Judged {
        Judged { event, verdict: Verdict::OtherEvent }
    }
}

/// Events of a part of an audit log.
#[derive(Default)]
pub(super) struct EventBundle {
    heads: Vec<Head>,
    /// For each place of each event whose values are here, how many there are,
    /// and the length of each.
    lengths: Vec<u32>,
    /// Those values.
    bytes: Vec<u8>,
    next: Next,
}

/// What is known of an event without its values.
struct Head {
    millis: i64,
    has_node: bool,
    verdict: Verdict,
    /// The values of how many places are here.
    places: usize,
}

/// What is to be taken out next.
#[derive(Default)]
struct Next {
    head: usize,
    length: usize,
    byte: usize,
}

impl EventBundle {
    /// Puts in an event of which this was said, with the values of so many of its
    /// places, which it has.
    pub(super) fn put(&mut self, event: &Event, verdict: Verdict, places: usize) {
        let Event { millis, has_node, .. } = *event;
        self.heads.push(Head { millis, has_node, verdict, places });
        for values in &event.all_values()[..places] {
            let at = self.lengths.len();
            self.lengths.push(0);
            for value in values.iter() {
                self.lengths.push(value.len() as u32);
                self.bytes.extend_from_slice(value);
            }
            self.lengths[at] = (self.lengths.len() - at - 1) as u32;
        }
    }
}

impl Next {
    /// The next of these lengths.
    fn length(&mut self, lengths: &[u32]) -> usize {
        let length = lengths[self.length] as usize;
        self.length += 1;
        length
    }
}

impl Bundle for EventBundle {
    type Item = Judged;

    fn clear(&mut self) {
        self.heads.clear();
        self.lengths.clear();
        self.bytes.clear();
        self.next = Next::default();
    }

    fn take_out(&mut self, Judged { event, verdict }: &mut Judged) {
        let EventBundle { heads, lengths, bytes, next } = self;
        let Some(head) = heads.get(next.head) else { return };
        next.head += 1;
        (event.millis, event.has_node, *verdict) = (head.millis, head.has_node, head.verdict);
        event.clear();
        for values in &mut event.all_values_mut()[..head.places] {
            for _ in 0..next.length(lengths) {
                let end = next.byte + next.length(lengths);
                values.push(&bytes[next.byte..end]);
                next.byte = end;
            }
        }
    }

    fn size(&self) -> usize {
        self.bytes.len() + size_of_val(&*self.lengths) + size_of_val(&*self.heads)
    }
}

#[cfg(test)]
mod tests {
    use rareport::JobConfig;
    use rareport::datafeed::Reason;

    use super::super::fields::Fields;
    use super::*;

    /// The values of an event, what was said of it, of how many places its values
    /// are kept, and those joined.
    type Case = ([&'static [&'static str]; 3], Verdict, usize, [&'static str; 3]);

    const EXCLUDED: Verdict = Verdict::Excluded(Reason::Loopback);

    const CASES: [Case; 6] = [
        ([&["443"], &["web"], &["::1"]], Verdict::Passed, 3, ["443", "web", "::1"]),
        ([&[], &[], &[]], Verdict::OtherEvent, 3, ["", "", ""]),
        ([&["22"], &["db"], &["10.0.0.1"]], EXCLUDED, 0, ["", "", ""]),
        ([&["22"], &["db"], &["10.0.0.1"]], EXCLUDED, 2, ["22", "db", ""]),
        ([&["1", "23", "4"], &[], &["a,b", "c"]], Verdict::Start, 3, ["1,23,4", "", "a,b,c"]),
        ([&[], &["x"], &[]], Verdict::Chosen, 3, ["", "x", ""]),
    ];

    fn fields() -> Fields {
        let mut job = JobConfig::rare("destination.port");
        job.influencers = vec!["host.name".to_owned(), "destination.ip".to_owned()];
        Fields::of(&job, None)
    }

    #[test]
    fn events_come_out_as_they_were_put_in_as_far_as_their_values_are_kept() {
        let mut bundle = EventBundle::default();
        let mut out = Judged::new(Event::new(&fields()));
        out.event.is_audit = true;
        for _ in 0..2 {
            bundle.clear();
            for (millis, (values, verdict, places, _)) in (-1..).zip(&CASES) {
                let mut event = Event::new(&fields());
                (event.millis, event.has_node) = (millis, *places == 2);
                for (place, values) in values.iter().enumerate() {
                    values.iter().for_each(|it| event.value_mut(place).push(it.as_bytes()));
                }
                bundle.put(&event, *verdict, *places);
            }
            for (millis, (values, verdict, places, joined)) in (-1..).zip(&CASES) {
                bundle.take_out(&mut out);
                assert_eq!((out.event.millis, out.verdict), (millis, *verdict));
                assert_eq!((out.event.has_node, out.event.is_audit), (*places == 2, true));
                for place in 0..3 {
                    let single: Vec<_> = out.event.values(place).iter().collect();
                    let kept = if place < *places { values[place] } else { &[] };
                    assert_eq!(single, kept.iter().map(|it| it.as_bytes()).collect::<Vec<_>>());
                    assert_eq!(out.event.value(place), joined[place].as_bytes());
                }
            }
        }
    }
}
