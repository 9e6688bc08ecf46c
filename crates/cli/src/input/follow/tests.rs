//! Following as a whole: in order of time, in silence, and killed at any moment.

use std::cell::Cell;
use std::fs::{self, File, OpenOptions};
use std::io::Write;
use std::path::Path;
use std::process::{Command as Process, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Result, bail};
use auditparse::Connection;
use clap::Parser;
use serde::{Deserialize, Serialize};
use tempfile::TempDir;

use super::clock::Clock;
use super::live::{Follower, Live, Until};
use super::position::Positions;
use crate::args::{Args, Command, EventsArgs};
use crate::console::Console;
use crate::input::Input;
use crate::input::Log;

fn arguments(paths: &[&Path]) -> EventsArgs {
    let words = ["rareport", "events", "--follow"].map(str::to_owned);
    let paths = paths.iter().map(|path| path.to_str().unwrap().to_owned());
    match Args::parse_from(words.into_iter().chain(paths)).command {
        Command::Events(args) => args,
        _ => unreachable!(),
    }
}

/// A clock that goes on by so much whenever it is looked at.
struct Steps(Duration, Cell<Duration>);

impl Clock for Steps {
    fn now(&self) -> i64 {
        1_000_000_000
    }

    fn elapsed(&self) -> Duration {
        self.1.set(self.1.get() + self.0);
        self.1.get()
    }
}

fn still() -> Steps {
    Steps(Duration::ZERO, Cell::default())
}

/// An event of three records, by its serial.
fn event(millis: u64, serial: u64) -> [String; 3] {
    let stamp = format!("msg=audit({}.{:03}:{serial}):", millis / 1000, millis % 1000);
    [
        format!("type=SYSCALL {stamp} arch=c000003e syscall=42 success=yes exit=0 a0=3 pid=1\n"),
        format!("type=SOCKADDR {stamp} saddr=020001BB0A0000010000000000000000\n"),
        format!("type=PROCTITLE {stamp} proctitle=\"nc\"\n"),
    ]
}

fn append(path: &Path, text: &str) {
    let mut file = OpenOptions::new().create(true).append(true).open(path).unwrap();
    file.write_all(text.as_bytes()).unwrap();
}

/// Notes what it is given; stops when time passes in silence.
#[derive(Default)]
struct Notes {
    taken: Vec<(u32, String)>,
    passed: Option<i64>,
    positions: Vec<Positions>,
}

impl Follower for Notes {
    type Item = (u32, String);

    fn place(&self, _: &Log) -> Self::Item {
        Default::default()
    }

    fn make(
        &mut self,
        connection: &Connection<'_>,
        host: &str,
        item: &mut Self::Item,
    ) -> Result<Option<i64>> {
        *item = (connection.id().serial, host.to_owned());
        Ok(Some(connection.id().millis as i64))
    }

    fn take(&mut self, item: &Self::Item) -> Result<()> {
        self.taken.push(item.clone());
        Ok(())
    }

    fn pass_time(&mut self, millis: i64) -> Result<()> {
        self.passed = Some(millis);
        bail!("enough")
    }

    fn settle(&mut self, positions: &dyn Fn() -> Positions) -> Result<()> {
        self.positions.push(positions());
        Ok(())
    }
}

/// What is given of logs behind positions.
fn follow(paths: &[&Path], positions: Positions) -> (Notes, Positions) {
    let (args, console, clock) = (arguments(paths), Console::silent(), still());
    let input = Input::open_to_follow(&args.input, &console).unwrap();
    let mut notes = Notes::default();
    let mut live = Live::new(&input, positions, &clock).unwrap();
    live.run(&mut notes, Until::CaughtUp).unwrap();
    (notes, live.positions())
}

fn serials(notes: &Notes) -> Vec<u32> {
    notes.taken.iter().map(|(serial, _)| *serial).collect()
}

#[test]
fn several_logs_are_one_in_order_of_time_and_a_silent_one_holds_nobody_back() {
    let directory = TempDir::new().unwrap();
    for (host, times) in [("a", &[1, 4, 5, 9][..]), ("b", &[2, 3, 8]), ("c", &[])] {
        fs::create_dir(directory.path().join(host)).unwrap();
        let text = times.iter().map(|&time| event(time * 1000, time).concat());
        append(&directory.path().join(host).join("audit.log"), &text.collect::<String>());
    }
    let (notes, _) = follow(&[directory.path()], Positions::default());
    assert_eq!(serials(&notes), [1, 2, 3, 4, 5, 8, 9]);
    assert_eq!(notes.taken[1].1, "b");
}

#[test]
fn every_position_goes_on_exactly_behind_what_was_taken() {
    let directory = TempDir::new().unwrap();
    let [first, second] = ["a", "b"].map(|name| directory.path().join(name));
    // Interleaved: 1 begins before 2, 3 and 4, and is over after them.
    let one = event(1000, 1);
    let mut text = one[0].clone();
    for serial in 2..5 {
        text += &event(1000 + serial, serial).concat();
    }
    text += &one[1..].concat();
    text += &event(1100, 5).concat();
    append(&first, &text);
    append(&second, &(10..20).map(|at| event(995 + at, at).concat()).collect::<String>());
    let paths = [&*first, &*second];
    let (whole, _) = follow(&paths, Positions::default());
    assert_eq!(whole.taken.len(), 15);
    for (count, positions) in whole.positions.iter().enumerate() {
        let (rest, _) = follow(&paths, positions.clone());
        assert_eq!(serials(&rest), serials(&whole)[count + 1..], "behind {}", count + 1);
    }
}

#[test]
fn what_came_since_is_all_that_is_read_the_next_time() {
    let directory = TempDir::new().unwrap();
    let log = directory.path().join("audit.log");
    append(&log, &(event(1000, 1).concat() + &event(1001, 2)[0]));
    let (notes, positions) = follow(&[directory.path()], Positions::default());
    assert_eq!(serials(&notes), [1]);
    append(&log, &event(1001, 2)[1..].concat());
    let (notes, positions) = follow(&[directory.path()], positions);
    assert_eq!(serials(&notes), [2]);
    let (notes, _) = follow(&[directory.path()], positions);
    assert!(notes.taken.is_empty());
}

#[test]
fn silence_ends_open_events_and_lets_time_pass_behind_the_clock() {
    let directory = TempDir::new().unwrap();
    let log = directory.path().join("audit.log");
    append(&log, &event(1000, 1)[..2].concat());
    let (args, console) = (arguments(&[directory.path()]), Console::silent());
    let input = Input::open_to_follow(&args.input, &console).unwrap();
    let clock = Steps(Duration::from_secs(45), Cell::default());
    let mut notes = Notes::default();
    let mut live = Live::new(&input, Positions::default(), &clock).unwrap();
    assert!(live.run(&mut notes, Until::Stopped).is_err());
    assert_eq!(serials(&notes), [1]);
    assert_eq!(notes.passed, Some(1_000_000_000 - 120_000));
}

/// Rotates a log between its being found and its being read.
struct RotatesFirst<'a>(Notes, &'a Path);

impl Follower for RotatesFirst<'_> {
    type Item = (u32, String);

    fn place(&self, log: &Log) -> Self::Item {
        let [live, first] = ["audit.log", "audit.log.1"].map(|name| self.1.join(name));
        fs::rename(&live, first).unwrap();
        append(&live, &event(2000, 2).concat());
        self.0.place(log)
    }

    fn make(
        &mut self,
        connection: &Connection<'_>,
        host: &str,
        item: &mut Self::Item,
    ) -> Result<Option<i64>> {
        self.0.make(connection, host, item)
    }

    fn take(&mut self, item: &Self::Item) -> Result<()> {
        self.0.take(item)
    }

    fn pass_time(&mut self, millis: i64) -> Result<()> {
        self.0.pass_time(millis)
    }

    fn settle(&mut self, positions: &dyn Fn() -> Positions) -> Result<()> {
        self.0.settle(positions)
    }
}

#[test]
fn a_log_that_is_rotated_before_its_first_text_is_read_is_read_from_its_oldest_file() {
    let directory = TempDir::new().unwrap();
    append(&directory.path().join("audit.log"), &event(1000, 1).concat());
    let (args, console, clock) = (arguments(&[directory.path()]), Console::silent(), still());
    let input = Input::open_to_follow(&args.input, &console).unwrap();
    let mut live = Live::new(&input, Positions::default(), &clock).unwrap();
    let mut rotates = RotatesFirst(Notes::default(), directory.path());
    live.run(&mut rotates, Until::CaughtUp).unwrap();
    assert_eq!(serials(&rotates.0), [1, 2]);
}

#[test]
fn a_pipe_cannot_be_followed() {
    let (args, console, clock) = (arguments(&[]), Console::silent(), still());
    let input = Input::open_to_follow(&args.input, &console).unwrap();
    assert!(Live::<()>::new(&input, Positions::default(), &clock).is_err());
}

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
    let clock = super::SystemClock::new();
    let mut live = Live::new(&input, positions, &clock).unwrap();
    let mut counter = Counter { counted, directory };
    let is_last = std::env::var_os(TO_THE_END).is_some();
    let until = if is_last { Until::CaughtUp } else { Until::Stopped };
    live.run(&mut counter, until).unwrap();
    counter.save(&live.positions()).unwrap();
}

fn start(directory: &Path, to_the_end: bool) -> std::process::Child {
    let mut process = Process::new(std::env::current_exe().unwrap());
    process.args(["--exact", "input::follow::tests::counting_program", "--nocapture"]);
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
