//! Following that is killed at any moment, while the log is written and rotated
//! as fast as can be.

use std::fs::{self, File, OpenOptions};
use std::io::Write;
use std::path::Path;
use std::process::{Command as Process, Stdio};
use std::time::{Duration, Instant};

use anyhow::Result;
use auditparse::Connection;
use serde::{Deserialize, Serialize};
use tempfile::TempDir;

use super::{append, arguments, event};
use crate::console::Console;
use crate::input::follow::SystemClock;
use crate::input::follow::follower::Follower;
use crate::input::follow::live::{Live, Until};
use crate::input::position::Positions;
use crate::input::{Input, Log};

/// What a program keeps that counts what it is given.
#[derive(Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Counted {
    events: u64,
    serials: u64,
    squares: u64,
}

impl Counted {
    fn add(&mut self, serial: u64) {
        self.events += 1;
        self.serials = self.serials.wrapping_add(serial);
        self.squares = self.squares.wrapping_add(serial.wrapping_mul(serial));
    }
}

/// Counts, and saves what it has counted with the positions every now and then.
struct Counter<'a> {
    counted: Counted,
    directory: &'a Path,
}

impl Counter<'_> {
    fn save(&self, positions: &Positions) -> Result<()> {
        let partial = self.directory.join("state.part");
        fs::write(&partial, serde_json::to_vec(&(&self.counted, positions))?)?;
        Ok(fs::rename(partial, self.directory.join("state"))?)
    }
}

impl Follower for Counter<'_> {
    type Item = u32;

    fn place(&self, _: &Log) -> u32 {
        0
    }

    fn make(
        &mut self,
        connection: &Connection<'_>,
        _: &str,
        item: &mut u32,
    ) -> Result<Option<i64>> {
        *item = connection.id().serial;
        Ok(Some(connection.id().millis as i64))
    }

    fn take(&mut self, item: &u32) -> Result<()> {
        self.counted.add(u64::from(*item));
        Ok(())
    }

    fn pass_time(&mut self, _: i64) -> Result<()> {
        Ok(())
    }

    fn settle(&mut self, positions: &dyn Fn() -> Positions) -> Result<()> {
        if self.counted.events.is_multiple_of(101) {
            self.save(&positions())?;
        }
        Ok(())
    }
}

/// Where the program that is killed finds its log, and whether it is to end.
const DIRECTORY: &str = "RAREPORT_TEST_FOLLOW";
const TO_THE_END: &str = "RAREPORT_TEST_FOLLOW_TO_THE_END";

/// How often it is killed, if not this many times.
const KILLS: &str = "RAREPORT_TEST_KILLS";

/// The program that is killed, which is this test by itself.
#[test]
fn counting_program() {
    let Some(directory) = std::env::var_os(DIRECTORY) else { return };
    let directory = Path::new(&directory);
    let (counted, positions) = match fs::read(directory.join("state")) {
        Ok(state) => serde_json::from_slice(&state).unwrap(),
        Err(_) => Default::default(),
    };
    let logs = directory.join("logs");
    let (args, console) = (arguments(&[&logs]), Console::silent());
    let input = Input::open_to_follow(&args.input, &console).unwrap();
    let clock = SystemClock::new();
    let mut live = Live::new(&input, positions, &clock).unwrap();
    let mut counter = Counter { counted, directory };
    let is_last = std::env::var_os(TO_THE_END).is_some();
    let until = if is_last { Until::CaughtUp } else { Until::Stopped };
    live.run(&mut counter, until).unwrap();
    counter.save(&live.positions()).unwrap();
}

fn start(directory: &Path, to_the_end: bool) -> std::process::Child {
    let mut process = Process::new(std::env::current_exe().unwrap());
    process.args(["--exact", "input::follow::tests::killed::counting_program", "--nocapture"]);
    process.env(DIRECTORY, directory).stdout(Stdio::null()).stderr(Stdio::null());
    if to_the_end {
        process.env(TO_THE_END, "1");
    }
    process.spawn().unwrap()
}

/// Numbers that look random (a linear congruential generator of Knuth's).
struct Dice(u64);

impl Dice {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 =
            self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % bound
    }
}

/// Gives all rotated files their next names.
fn shift(logs: &Path) {
    let mut number = 1;
    let names = |number: u64| ["", ".gz"].map(|end| logs.join(format!("audit.log.{number}{end}")));
    while names(number).iter().any(|name| name.exists()) {
        number += 1;
    }
    for number in (1..number).rev() {
        for (from, to) in names(number).into_iter().zip(names(number + 1)) {
            if from.exists() {
                fs::rename(from, to).unwrap();
            }
        }
    }
}

/// Rotates a log in one of the ways in which that is done.
fn rotate(logs: &Path, dice: &mut Dice) {
    let [live, first] = ["audit.log", "audit.log.1"].map(|name| logs.join(name));
    shift(logs);
    if dice.below(2) == 0 {
        fs::copy(&live, &first).unwrap();
        OpenOptions::new().write(true).open(&live).unwrap().set_len(0).unwrap();
    } else {
        fs::rename(&live, &first).unwrap();
        File::create(&live).unwrap();
    }
    if dice.below(3) == 0 {
        let packed = File::create(logs.join("audit.log.1.gz")).unwrap();
        let mut packed = flate2::write::GzEncoder::new(packed, flate2::Compression::fast());
        packed.write_all(&fs::read(&first).unwrap()).unwrap();
        packed.finish().unwrap();
        fs::remove_file(first).unwrap();
    }
}

#[test]
fn killed_at_any_moment_it_has_counted_all_events_once() {
    let kills: u32 = std::env::var(KILLS).map_or(12, |kills| kills.parse().unwrap());
    let directory = TempDir::new().unwrap();
    let logs = directory.path().join("logs");
    fs::create_dir(&logs).unwrap();
    let log = logs.join("audit.log");
    let (mut dice, mut written, mut serial) = (Dice(7), Counted::default(), 0);
    for _ in 0..kills {
        let mut child = start(directory.path(), false);
        let end = Instant::now() + Duration::from_millis(30 + dice.below(170));
        while Instant::now() < end {
            // Events that are interleaved, cut anywhere between two writes.
            let mut lines = Vec::new();
            for _ in 0..10 {
                let events = [serial + 1, serial + 2].map(|serial| event(serial * 7, serial));
                lines.extend([&events[0][..1], &events[1], &events[0][1..]].concat());
                written.add(serial + 1);
                written.add(serial + 2);
                serial += 2;
            }
            let text = lines.concat();
            let cut = dice.below(text.len() as u64) as usize;
            append(&log, &text[..cut]);
            append(&log, &text[cut..]);
            if dice.below(60) == 0 {
                rotate(&logs, &mut dice);
            }
        }
        child.kill().unwrap();
        child.wait().unwrap();
    }
    assert!(start(directory.path(), true).wait().unwrap().success());
    let state = fs::read(directory.path().join("state")).unwrap();
    let (counted, _): (Counted, Positions) = serde_json::from_slice(&state).unwrap();
    assert_eq!(counted, written);
}
