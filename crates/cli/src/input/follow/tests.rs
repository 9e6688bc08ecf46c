//! Following as a whole: in order of time, and in silence.

mod killed;

use std::cell::Cell;
use std::fs::{self, OpenOptions};
use std::io::Write;
use std::path::Path;
use std::time::Duration;

use anyhow::{Result, bail};
use auditparse::Connection;
use clap::Parser;
use tempfile::TempDir;

use super::super::position::Positions;
use super::clock::Clock;
use super::follower::Follower;
use super::live::{Live, Until};
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
struct Notes<'a> {
    taken: Vec<(u32, String)>,
    passed: Option<i64>,
    /// Where to read on behind so many events.
    positions: Vec<(usize, Positions)>,
    /// What happens when a log was found and is not yet read.
    when_found: Option<&'a dyn Fn()>,
    /// What happens while an event is taken.
    while_taking: Option<&'a dyn Fn()>,
}

impl Follower for Notes<'_> {
    type Item = (u32, String);

    fn place(&self, _: &Log) -> Self::Item {
        self.when_found.inspect(|happens| happens());
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
        self.while_taking.inspect(|happens| happens());
        self.taken.push(item.clone());
        Ok(())
    }

    fn pass_time(&mut self, millis: i64) -> Result<()> {
        self.passed = Some(millis);
        bail!("enough")
    }

    fn settle(&mut self, positions: &dyn Fn() -> Positions) -> Result<()> {
        self.positions.push((self.taken.len(), positions()));
        Ok(())
    }
}

/// What is given of logs behind positions.
fn follow(paths: &[&Path], positions: Positions) -> (Notes<'static>, Positions) {
    let (args, console, clock) = (arguments(paths), Console::silent(), still());
    let input = Input::open_to_follow(&args.input, &console).unwrap();
    let mut notes = Notes::default();
    let mut live = Live::new(&input, positions, &clock).unwrap();
    live.run(&mut notes, Until::CaughtUp).unwrap();
    (notes, live.positions())
}

fn serials(notes: &Notes<'_>) -> Vec<u32> {
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
    let counts: Vec<usize> = whole.positions.iter().map(|(count, _)| *count).collect();
    assert!((1..=15).all(|count| counts.contains(&count)), "{counts:?}");
    for (count, positions) in &whole.positions {
        let (rest, _) = follow(&paths, positions.clone());
        assert_eq!(serials(&rest), serials(&whole)[*count..], "behind {count}");
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

#[test]
fn an_event_that_is_begun_while_others_take_long_is_not_cut_off() {
    let directory = TempDir::new().unwrap();
    let log = directory.path().join("audit.log");
    append(&log, &event(1000, 1).concat());
    let (args, console, clock) = (arguments(&[&log]), Console::silent(), still());
    let input = Input::open_to_follow(&args.input, &console).unwrap();
    let mut live = Live::new(&input, Positions::default(), &clock).unwrap();
    let another_begins = || {
        clock.1.set(clock.1.get() + Duration::from_secs(3));
        append(&log, &event(2000, 2)[0]);
    };
    let mut notes = Notes { while_taking: Some(&another_begins), ..Notes::default() };
    live.run(&mut notes, Until::CaughtUp).unwrap();
    assert_eq!(serials(&notes), [1]);
}

#[test]
fn a_log_that_is_rotated_before_its_first_text_is_read_is_read_from_its_oldest_file() {
    let directory = TempDir::new().unwrap();
    append(&directory.path().join("audit.log"), &event(1000, 1).concat());
    let (args, console, clock) = (arguments(&[directory.path()]), Console::silent(), still());
    let input = Input::open_to_follow(&args.input, &console).unwrap();
    let mut live = Live::new(&input, Positions::default(), &clock).unwrap();
    let is_rotated = || {
        let [live, first] = ["audit.log", "audit.log.1"].map(|name| directory.path().join(name));
        fs::rename(&live, first).unwrap();
        append(&live, &event(2000, 2).concat());
    };
    let mut notes = Notes { when_found: Some(&is_rotated), ..Notes::default() };
    live.run(&mut notes, Until::CaughtUp).unwrap();
    assert_eq!(serials(&notes), [1, 2]);
}

#[test]
fn a_pipe_cannot_be_followed() {
    let (args, console, clock) = (arguments(&[]), Console::silent(), still());
    let input = Input::open_to_follow(&args.input, &console).unwrap();
    assert!(Live::<()>::new(&input, Positions::default(), &clock).is_err());
}
