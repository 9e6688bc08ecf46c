//! Records of a few nodes, times and serials in any order, pushed into a reassembler whose limits
//! are tiny and whose events are taken out now and then. Every record comes out exactly once, in an
//! event of its own identity; events are whole, end for the reason that they give and are within
//! the bounds while open; counts and lost serials are right. `model` says each of these exactly.
#![no_main]

use arbitrary::{Arbitrary, Unstructured};
use auditparse::{Limits, Reassembler, Record};
use libfuzzer_sys::fuzz_target;
use rareport_fuzz::model::Model;
use rareport_fuzz::{TICK_MILLIS, TinyLimits};

#[derive(Debug)]
struct Input {
    limits: TinyLimits,
    steps: Vec<Step>,
}

impl<'a> Arbitrary<'a> for Input {
    /// Seven bytes of limits, then four for each step to the end of the input.
    fn arbitrary(bytes: &mut Unstructured<'a>) -> arbitrary::Result<Input> {
        let limits = bytes.arbitrary()?;
        let mut steps = Vec::new();
        while !bytes.is_empty() && steps.len() < MAX_STEPS {
            steps.push(bytes.arbitrary()?);
        }
        Ok(Input { limits, steps })
    }
}

#[derive(Arbitrary, Debug)]
struct Step {
    /// An index into [`RECORDS`], or behind it one of the other things to do.
    action: u8,
    node: u8,
    /// Time of the record, in ticks.
    ticks: u8,
    /// Serial of the record, counted from shortly before 2³².
    serial: u8,
}

/// Types and fields of records: those that begin, fill and end events, and those that stand alone.
const RECORDS: [(&str, &str); 14] = [
    ("SYSCALL", "arch=c000003e syscall=42 success=yes exit=0 a0=3"),
    ("SYSCALL", "arch=c000003e syscall=59 success=yes exit=0 a0=3"),
    ("SYSCALL", "arch=c000003e syscall=426 success=yes exit=1 a0=3"),
    ("SYSCALL", "arch=40000003 syscall=102 success=yes exit=0 a0=3"),
    ("URINGOP", "uring_op=16 success=yes exit=0"),
    ("SOCKADDR", "saddr=020001BB0A000001"),
    ("AVC", "avc:  denied  { name_connect } for"),
    ("LOGIN", "pid=7 uid=0"),
    ("BPF", "prog-id=7 op=LOAD"),
    ("FOO_BAR", "x=y"),
    ("PROCTITLE", "proctitle=6375726C"),
    ("EOE", ""),
    ("USER_LOGIN", "pid=7"),
    ("DAEMON_START", "op=start ver=3.0.9"),
];
const TAKE_ONE: usize = RECORDS.len();
const TAKE_ALL: usize = RECORDS.len() + 1;
const ADVANCE: usize = RECORDS.len() + 2;

const NODES: [&str; 4] = ["", "node=a ", "node=b ", "node=c "];
const START_MILLIS: u64 = 1_716_998_400_000;
const FIRST_SERIAL: u32 = u32::MAX - 99;
/// More steps find nothing new, only later.
const MAX_STEPS: usize = 300;

fuzz_target!(|input: Input| {
    let limits = Limits::from(input.limits);
    let mut reassembler = Reassembler::new(limits);
    let mut model = Model::new(limits);
    for step in &input.steps {
        match usize::from(step.action) % (ADVANCE + 1) {
            TAKE_ONE => drop(take_one(&mut reassembler, &mut model)),
            TAKE_ALL => take_all(&mut reassembler, &mut model),
            ADVANCE => {
                reassembler.advance_to(step.millis());
                model.advanced_to(step.millis(), reassembler.stats());
            }
            record => {
                let line = step.line(record, model.moment());
                let record = Record::parse(line.as_bytes()).expect("a record");
                reassembler.push(&record);
                model.pushed(&record, reassembler.stats());
            }
        }
    }
    take_all(&mut reassembler, &mut model);
    reassembler.finish();
    model.finished(reassembler.stats());
    take_all(&mut reassembler, &mut model);
    model.check_stats(reassembler.stats(), reassembler.lost_ranges());
});

impl Step {
    fn millis(&self) -> u64 {
        START_MILLIS + TICK_MILLIS * u64::from(self.ticks)
    }

    fn line(&self, record: usize, number: usize) -> String {
        let (record_type, fields) = RECORDS[record];
        let node = NODES[usize::from(self.node) % NODES.len()];
        let (seconds, millis) = (self.millis() / 1000, self.millis() % 1000);
        let serial = FIRST_SERIAL.wrapping_add(self.serial.into());
        format!(
            "{node}type={record_type} msg=audit({seconds}.{millis:03}:{serial}): {fields} n={number}"
        )
    }
}

fn take_one(reassembler: &mut Reassembler, model: &mut Model) -> bool {
    let event = reassembler.next_event();
    event.is_some_and(|event| {
        model.came_out(&event);
        true
    })
}

fn take_all(reassembler: &mut Reassembler, model: &mut Model) {
    while take_one(reassembler, model) {}
    model.drained();
}
