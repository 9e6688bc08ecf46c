use std::fs::OpenOptions;
use std::io::Write;

use flate2::write::GzEncoder;
use tempfile::TempDir;

use super::super::super::caught_up::is_caught_up;
use super::super::passages::Passages;
use super::*;

/// A directory in which a log is written and rotated.
struct Log {
    directory: TempDir,
    /// Lines that were written, none of which is like another.
    lines: Vec<String>,
}

impl Log {
    fn new() -> Log {
        Log { directory: TempDir::new().unwrap(), lines: Vec::new() }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    /// Writes so many lines of some 100 bytes to a file.
    fn write_to(&mut self, name: &str, count: usize) {
        let mut file = OpenOptions::new().create(true).append(true).open(self.path(name)).unwrap();
        for _ in 0..count {
            let line = format!("{:0100}\n", self.lines.len());
            file.write_all(line.as_bytes()).unwrap();
            self.lines.push(line);
        }
    }

    fn write(&mut self, count: usize) {
        self.write_to("audit.log", count);
    }

    /// Gives the rotated files their next names.
    fn shift(&self) {
        for number in (1..20).rev() {
            for ending in ["", ".gz"] {
                let from = self.path(&format!("audit.log.{number}{ending}"));
                if from.exists() {
                    let to = self.path(&format!("audit.log.{}{ending}", number + 1));
                    fs::rename(from, to).unwrap();
                }
            }
        }
    }

    fn rename(&self) {
        self.shift();
        fs::rename(self.path("audit.log"), self.path("audit.log.1")).unwrap();
    }

    fn copy_and_truncate(&self) {
        self.shift();
        fs::copy(self.path("audit.log"), self.path("audit.log.1")).unwrap();
        OpenOptions::new().write(true).open(self.path("audit.log")).unwrap().set_len(0).unwrap();
    }

    fn compress(&self) {
        let plain = self.path("audit.log.1");
        if plain.exists() {
            let packed = File::create(self.path("audit.log.1.gz")).unwrap();
            let mut packed = GzEncoder::new(packed, Default::default());
            packed.write_all(&fs::read(&plain).unwrap()).unwrap();
            packed.finish().unwrap();
            fs::remove_file(plain).unwrap();
        }
    }

    fn tail<'a>(&self, console: &'a Console) -> Tail<'a> {
        Tail::new(self.directory.path(), "audit.log", None, console)
    }
}

/// All that there is to read now.
fn drain(tail: &mut Tail<'_>) -> String {
    let (mut text, mut buffer) = (Vec::new(), [0; 777]);
    loop {
        match tail.read(&mut buffer) {
            Ok(0) => panic!("a followed log has no end"),
            Ok(length) => text.extend_from_slice(&buffer[..length]),
            Err(error) if is_caught_up(&error) => return String::from_utf8(text).unwrap(),
            Err(error) => panic!("{error}"),
        }
    }
}

/// One way in which a log goes on.
type Step = fn(&mut Log);

const STEPS: [(&str, Step); 9] = [
    ("write little", |log| log.write(1)),
    ("write much", |log| log.write(40)),
    ("rename", |log| {
        log.rename();
        log.write(7);
    }),
    ("rename, and write to the old file once more", |log| {
        log.rename();
        log.write_to("audit.log.1", 3);
        log.write(15);
    }),
    ("rename three times", |log| {
        for _ in 0..3 {
            log.rename();
            log.write(12);
        }
    }),
    ("rename and compress", |log| {
        log.rename();
        log.compress();
        log.write(11);
    }),
    ("copy and truncate", |log| {
        log.copy_and_truncate();
        log.write(2 + log.lines.len() % 3);
    }),
    ("copy and truncate, and write more than there was", |log| {
        log.write(3);
        log.copy_and_truncate();
        log.write(300);
    }),
    ("copy and truncate twice, and compress", |log| {
        log.copy_and_truncate();
        log.compress();
        log.write(30);
        log.copy_and_truncate();
        log.write(30);
    }),
];

#[test]
fn nothing_is_lost_or_read_twice_over_any_two_rotations() {
    let console = Console::silent();
    for (first, one) in STEPS {
        for (second, two) in STEPS {
            let mut log = Log::new();
            log.write(5);
            let mut tail = log.tail(&console);
            let mut text = drain(&mut tail);
            one(&mut log);
            text += &drain(&mut tail);
            two(&mut log);
            text += &drain(&mut tail);
            assert_eq!(text, log.lines.concat(), "{first}, then {second}");
        }
    }
}

#[test]
fn a_reader_that_was_away_goes_on_where_it_was() {
    let console = Console::silent();
    for (first, one) in STEPS {
        for (second, two) in STEPS {
            let mut log = Log::new();
            log.write(25);
            one(&mut log);
            let mut tail = log.tail(&console);
            let read = drain(&mut tail);
            assert_eq!(read, log.lines.concat());
            let passages = tail.passages();
            drop(tail);
            two(&mut log);
            let whole = log.lines.concat();
            // Far enough back to be in a file before the last, too.
            for back in [0, 1, 13, 30] {
                let at = read.len() - (back * 101).min(read.len());
                let place = passages.borrow().place(at as u64).unwrap();
                let mut tail = log.tail(&console).read_on_at(place);
                assert_eq!(drain(&mut tail), whole[at..], "{first}, then {second}, {back} back");
            }
        }
    }
}

#[test]
fn a_log_that_is_deleted_and_written_anew_goes_on() {
    let console = Console::silent();
    let mut log = Log::new();
    log.write(5);
    let mut tail = log.tail(&console);
    let mut text = drain(&mut tail);
    fs::remove_file(log.path("audit.log")).unwrap();
    text += &drain(&mut tail);
    log.write(4);
    text += &drain(&mut tail);
    // While nobody reads, what was deleted is lost, and nothing else.
    let place = tail.passages().borrow().place(text.len() as u64).unwrap();
    drop(tail);
    log.rename();
    fs::remove_file(log.path("audit.log.1")).unwrap();
    log.write(3);
    text += &drain(&mut log.tail(&console).read_on_at(place));
    assert_eq!(text, log.lines.concat());
}

#[test]
fn a_directory_may_appear_later() {
    let console = Console::silent();
    let mut log = Log::new();
    let late = log.path("late");
    let mut tail = Tail::new(&late, "audit.log", None, &console);
    assert_eq!(drain(&mut tail), "");
    fs::create_dir(&late).unwrap();
    assert_eq!(drain(&mut tail), "");
    log.write_to("late/audit.log", 3);
    assert_eq!(drain(&mut tail), log.lines.concat());
}

#[test]
fn a_file_that_ends_within_a_line_does_not_run_into_the_next() {
    let console = Console::silent();
    let log = Log::new();
    fs::write(log.path("audit.log"), "one\ntw").unwrap();
    let mut tail = log.tail(&console);
    assert_eq!(drain(&mut tail), "one\ntw");
    log.rename();
    fs::write(log.path("audit.log"), "three\n").unwrap();
    assert_eq!(drain(&mut tail), "\nthree\n");
    let place = tail.passages().borrow().place(7).unwrap();
    assert_eq!(drain(&mut log.tail(&console).read_on_at(place)), "three\n");
}

#[test]
fn files_that_were_read_are_not_read_again_when_the_last_is_cut_without_a_copy() {
    let console = Console::silent();
    let mut log = Log::new();
    log.write(20);
    log.rename();
    log.write(20);
    let mut tail = log.tail(&console);
    let mut text = drain(&mut tail);
    let place = tail.passages().borrow().place(text.len() as u64).unwrap();
    OpenOptions::new().write(true).open(log.path("audit.log")).unwrap().set_len(0).unwrap();
    log.write(2);
    let rest = drain(&mut log.tail(&console).read_on_at(place));
    text += &drain(&mut tail);
    assert_eq!(text, log.lines.concat());
    assert!(text.ends_with(&rest) && rest.len() == 202);
}

#[test]
fn passages_that_are_forgotten_leave_the_later_places_alone() {
    let mut passages = Passages::default();
    let file = FileMark { inode: Inode::default(), start: Fingerprint::of(b"x") };
    for offset in [0, 50] {
        passages.open();
        passages.pass(Some(Place { file, offset, older: Vec::new() }), 10);
    }
    let offset = |passages: &Passages, at| passages.place(at).map(|place| place.offset);
    assert_eq!([5, 10, 20].map(|at| offset(&passages, at)), [Some(5), Some(50), Some(60)]);
    passages.forget_before(10);
    assert_eq!([5, 10, 20].map(|at| offset(&passages, at)), [None, Some(50), Some(60)]);
}
