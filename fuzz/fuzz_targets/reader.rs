//! Any bytes as a log, read whole and read from a stream that gives them in pieces of any size, is
//! interrupted and fails now and then. Both read the same records, events, connections, statistics
//! and lost serials, every byte and line is counted once, and no event unfolds to more arguments
//! than its length accounts for.
#![no_main]

use std::io::{self, ErrorKind};

use arbitrary::Arbitrary;
use auditparse::{Connections, Event, Events, Limits, LostRange, Reader, RecordErrorKind, Records};
use libfuzzer_sys::fuzz_target;
use rareport_fuzz::TinyLimits;
use rareport_fuzz::pieces::Pieces;

#[derive(Arbitrary, Debug)]
struct Input<'a> {
    limits: TinyLimits,
    sizes: [u8; 4],
    log: &'a [u8],
}

fuzz_target!(|input: Input<'_>| {
    let limits = Limits::from(input.limits);
    let stream = || Reader::with_limits(Pieces::failing(input.log, input.sizes), limits);

    let mut whole = Records::with_limits(input.log, limits);
    let records: Vec<_> = whole.by_ref().map(|record| format!("{record:?}")).collect();
    let mut reader = stream();
    let read = collect(|| Ok(reader.next_record()?.map(|record| format!("{record:?}"))));
    assert_eq!(read, records);
    assert_eq!(reader.stats(), whole.stats());

    let stats = whole.stats();
    let lines: Vec<_> = input.log.split_inclusive(|&byte| byte == b'\n').collect();
    let too_long = lines.iter().filter(|line| line.len() > limits.line_bytes);
    assert_eq!(stats.bytes, input.log.len() as u64);
    assert_eq!(stats.lines, lines.len() as u64);
    assert_eq!(stats.lines, stats.records + stats.rejected.total());
    assert_eq!(stats.rejected.count(RecordErrorKind::TooLong), too_long.count() as u64);

    let mut whole = Events::with_limits(input.log, limits);
    let events = whole.by_ref().inspect(arguments_are_bounded);
    let events: Vec<_> = events.map(|event| json(&event)).collect();
    let mut reader = stream().events();
    let read = collect(|| Ok(reader.next_event()?.map(|event| json(&event))));
    assert_eq!(read, events);
    assert_eq!(reader.stats(), whole.stats());
    assert_eq!(owned(reader.lost_ranges()), owned(whole.lost_ranges()));

    let mut whole = Connections::with_limits(input.log, limits);
    let connections: Vec<_> = whole.by_ref().map(|connection| json(&connection)).collect();
    let mut reader = stream().connections();
    let read = collect(|| Ok(reader.next_connection()?.map(|connection| json(&connection))));
    assert_eq!(read, connections);
    assert_eq!(reader.stats(), whole.stats());
    assert_eq!(owned(reader.lost_ranges()), owned(whole.lost_ranges()));
});

/// All items of a reader; as its documentation says, an error of the source ends nothing.
fn collect(mut next: impl FnMut() -> io::Result<Option<String>>) -> Vec<String> {
    let mut items = Vec::new();
    loop {
        match next() {
            Ok(Some(item)) => items.push(item),
            Ok(None) => return items,
            Err(error) => assert_eq!(error.kind(), ErrorKind::WouldBlock),
        }
    }
}

/// Numbers of arguments are made up easily; a list must not be much longer than what is there.
fn arguments_are_bounded(event: &Event<'_>) {
    let fields = event.records().iter().map(|record| record.fields().count());
    let argv = event.argv().unwrap_or_default();
    assert!(argv.len() <= fields.sum::<usize>() + (1 << 16));
}

fn json(item: &impl serde::Serialize) -> String {
    serde_json::to_string(item).expect("JSON")
}

fn owned<'a>(ranges: impl Iterator<Item = (&'a [u8], LostRange)>) -> Vec<(Vec<u8>, LostRange)> {
    ranges.map(|(node, range)| (node.to_vec(), range)).collect()
}
