//! `detect --state` and `train`, which read logs on where an earlier run ended.

use std::fs::{self, File, OpenOptions};
use std::io::Write;
use std::path::PathBuf;

use tempfile::TempDir;

use crate::common::{Run, corpus, rareport};

/// A directory of logs, and a state.
struct Place {
    directory: TempDir,
}

impl Place {
    fn new() -> Place {
        let directory = TempDir::new().unwrap();
        fs::create_dir(directory.path().join("logs")).unwrap();
        Place { directory }
    }

    fn log(&self, name: &str) -> PathBuf {
        self.directory.path().join("logs").join(name)
    }

    fn logs(&self) -> String {
        self.log("").to_str().unwrap().to_owned()
    }

    fn append(&self, text: &str) {
        let log = self.log("audit.log");
        let mut log = OpenOptions::new().create(true).append(true).open(log).unwrap();
        log.write_all(text.as_bytes()).unwrap();
    }

    /// Runs a command that carries on, on so many threads.
    fn run(&self, command: &str, threads: usize) -> Run {
        self.run_on(&self.logs(), command, threads)
    }

    /// The same on one path.
    fn run_on(&self, path: &str, command: &str, threads: usize) -> Run {
        let state = self.directory.path().join("fleet.state");
        let threads = threads.to_string();
        let words = [command, "-v", "--threads", &threads, "--state", state.to_str().unwrap()];
        rareport(&[&words[..], &[path]].concat()).expect(0)
    }

    /// Rotates the log in one of three ways.
    fn rotate(&self, time: usize) {
        let [live, first] = ["audit.log", "audit.log.1"].map(|name| self.log(name));
        for number in (1..time).rev() {
            for end in ["", ".gz"] {
                let name = |number| self.log(&format!("audit.log.{number}{end}"));
                if name(number).exists() {
                    fs::rename(name(number), name(number + 1)).unwrap();
                }
            }
        }
        if time.is_multiple_of(2) {
            fs::rename(&live, &first).unwrap();
            return;
        }
        fs::copy(&live, &first).unwrap();
        File::options().write(true).open(&live).unwrap().set_len(0).unwrap();
        if time.is_multiple_of(3) {
            let packed = File::create(self.log("audit.log.1.gz")).unwrap();
            let mut packed = flate2::write::GzEncoder::new(packed, flate2::Compression::fast());
            packed.write_all(&fs::read(&first).unwrap()).unwrap();
            packed.finish().unwrap();
            fs::remove_file(first).unwrap();
        }
    }
}

/// The log of the fleet as text.
fn fleet() -> String {
    let file = File::open(corpus("fleet-day/audit.log.xz")).unwrap();
    std::io::read_to_string(liblzma::read::XzDecoder::new(file)).unwrap()
}

/// Places in a text that look random and are the same in every run, in order.
fn places(text: &str, count: usize) -> Vec<usize> {
    let mut state = 0x9e37_79b9_usize;
    let mut next = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223) % (1 << 32);
        state % text.len()
    };
    let mut places: Vec<usize> = (0..count).map(|_| next()).collect();
    places.sort_unstable();
    places
}

/// Lines that a run has read, as it says.
fn lines(run: &Run) -> usize {
    let told =
        run.stderr.lines().find_map(|line| line.split_once(" lines, ")?.0.rsplit(' ').next());
    told.map_or(0, |lines| lines.replace(',', "").parse().unwrap())
}

/// Checks that runs gave the alerts of one pass over a log of so many lines,
/// and read hardly more than once.
fn check(runs: &[Run], place: &Place, all: usize) {
    let whole = rareport(&["detect", &place.logs()]).expect(0).alerts_without_files();
    assert_eq!(whole.len(), 7);
    let given: Vec<_> = runs.iter().flat_map(Run::alerts_without_files).collect();
    assert_eq!(given, whole);
    let read: usize = runs.iter().map(lines).sum();
    // Only what is of events that were not over when a run ended is read again.
    assert!((all..all + 20 * runs.len()).contains(&read), "{read} of {all}");
}

#[test]
fn a_log_that_grows_is_read_on_wherever_it_ended() {
    let (place, text) = (Place::new(), fleet());
    let mut runs = Vec::new();
    let mut begin = 0;
    for cut in places(&text, 50).into_iter().chain([text.len()]) {
        place.append(&text[begin..cut]);
        begin = cut;
        runs.push(place.run("detect", 1 + 3 * (runs.len() % 2)));
    }
    check(&runs, &place, text.lines().count());
}

#[test]
fn rotated_copied_and_compressed_files_are_read_once() {
    let (place, text) = (Place::new(), fleet());
    let ends: Vec<usize> = text.match_indices('\n').map(|(at, _)| at + 1).collect();
    let cuts = places(&text, 11).into_iter().map(|at| ends[ends.partition_point(|end| *end < at)]);
    let mut runs = Vec::new();
    let mut begin = 0;
    for (time, cut) in cuts.chain([text.len()]).enumerate() {
        if time > 0 {
            place.rotate(time);
        }
        place.append(&text[begin..cut]);
        begin = cut;
        // Every other time the log is rotated twice before it is read.
        if time % 3 != 1 || cut == text.len() {
            runs.push(place.run("detect", 1 + 3 * (time % 2)));
        }
    }
    check(&runs, &place, text.lines().count());
}

#[test]
fn what_was_trained_with_is_not_read_again() {
    let (place, text) = (Place::new(), fleet());
    let half = text.len() / 2;
    place.append(&text[..half]);
    let trained = place.run("train", 2);
    place.append(&text[half..]);
    let detected = place.run("detect", 2);
    let read = lines(&trained) + lines(&detected);
    assert!(!detected.stderr.contains("connects passed over"), "{}", detected.stderr);
    check(&[detected], &place, text.lines().count() - lines(&trained));
    assert!(read < text.lines().count() + 20, "{read}");
}

#[test]
fn what_was_read_is_passed_over_and_not_looked_at() {
    let (place, text) = (Place::new(), fleet());
    place.append(&text[..2_000_000]);
    place.run("detect", 1);
    place.rotate(2);
    place.append(&text[2_000_000..2_100_000]);
    place.run("detect", 1);
    // Behind what tells it, the file holds something else now.
    let mut older = File::options().write(true).open(place.log("audit.log.1")).unwrap();
    std::io::Seek::seek(&mut older, std::io::SeekFrom::Start(5000)).unwrap();
    older.write_all(&[b'x'; 5000]).unwrap();
    let again = place.run("detect", 1);
    assert!(lines(&again) < 10 && again.stdout.is_empty(), "{}", again.stderr);
    assert!(!again.stderr.contains("warning"), "{}", again.stderr);
    let told = "read by an earlier run and passed over: 1 file and the beginning of 1 file";
    assert!(again.stderr.contains(told), "{}", again.stderr);
    // Nothing at all came, of which nobody need be warned.
    place.append(text[2_100_000..].split_inclusive('\n').next().unwrap());
    place.run("detect", 1);
    let nothing = place.run("detect", 1);
    assert!(!nothing.stderr.contains("warning"), "{}", nothing.stderr);
}

#[test]
fn what_is_behind_a_range_is_left_for_the_next_run() {
    let (place, text) = (Place::new(), fleet());
    place.append(&text);
    let state = place.directory.path().join("fleet.state");
    let words = ["train", "--to", "2026-06-04T09:37:00Z", "--state", state.to_str().unwrap()];
    rareport(&[&words[..], &[&place.logs()]].concat()).expect(0);
    check(&[place.run("detect", 2)], &place, text.lines().count());
}

#[test]
fn another_file_of_the_same_name_is_read_whole() {
    let (place, text) = (Place::new(), fleet());
    let half = text.len() / 2 + text[text.len() / 2..].find('\n').unwrap() + 1;
    place.append(&text[..half]);
    place.run("detect", 1);
    fs::write(place.log("audit.log"), &text[half..]).unwrap();
    let other = place.run("detect", 1);
    assert_eq!(lines(&other), text[half..].lines().count());
}

#[test]
fn lines_are_numbered_as_in_the_file() {
    for (threads, is_packed) in [(1, false), (4, false), (1, true), (4, true)] {
        let (place, text) = (Place::new(), fleet());
        let head: Vec<&str> = text.split_inclusive('\n').take(5000).collect();
        let write = |text: &str| match is_packed {
            false => fs::write(place.log("audit.log"), text).unwrap(),
            true => {
                let packed = zstd::encode_all(text.as_bytes(), 1).unwrap();
                fs::write(place.log("audit.log.zst"), packed).unwrap();
            }
        };
        write(&head[..3000].concat());
        place.run("detect", threads);
        write(&(head[..4000].concat() + "no record\n" + &head[4000..].concat()));
        let told = place.run("detect", threads).stderr;
        assert!(told.contains(":4001"), "{told}");
    }
}

#[cfg(target_os = "linux")]
#[test]
fn a_log_may_be_followed_one_day_and_read_the_next() {
    use rustix::process::{Pid, Signal, kill_process};
    let (place, text) = (Place::new(), fleet());
    let [state, status, alerts] =
        ["fleet.state", "status", "alerts"].map(|name| place.directory.path().join(name));
    let third = text.len() / 3;
    place.append(&text[..third]);
    let mut runs = vec![place.run("detect", 2)];
    place.append(&text[third..2 * third]);
    let mut child = std::process::Command::new(env!("CARGO_BIN_EXE_rareport"))
        .args(["detect", "-v", "--follow", "--state", state.to_str().unwrap(), "--append"])
        .args([&alerts, &PathBuf::from("--status"), &status, &place.log("")])
        .stdout(std::process::Stdio::null())
        .stderr(File::create(place.log("said")).unwrap())
        .spawn()
        .unwrap();
    let is_silent = || fs::read_to_string(&status).is_ok_and(|it| it.contains("last_event"));
    let begun = std::time::Instant::now();
    while !is_silent() && begun.elapsed().as_secs() < 60 {
        std::thread::sleep(std::time::Duration::from_millis(50));
    }
    // What is there is read to its end before the signal is looked at.
    kill_process(Pid::from_child(&child), Signal::TERM).unwrap();
    assert!(child.wait().unwrap().success());
    let stdout = fs::read_to_string(&alerts).unwrap_or_default();
    let stderr = fs::read_to_string(place.log("said")).unwrap();
    assert!(!stderr.contains("connects passed over"), "{stderr}");
    runs.push(Run { status: 0, stdout, stderr });
    place.append(&text[2 * third..]);
    runs.push(place.run("detect", 2));
    assert!(!runs[2].stderr.contains("connects passed over"), "{}", runs[2].stderr);
    check(&runs, &place, text.lines().count());
}

#[test]
fn files_that_were_read_in_another_order_than_their_age_lose_nothing() {
    let (place, text) = (Place::new(), fleet());
    let [older, newer] = [1_000_000, 2_000_000].map(|at| at + text[at..].find('\n').unwrap() + 1);
    place.append(&text[..older]);
    place.rotate(2);
    place.append(&text[older..newer]);
    let path = |name: &str| place.log(name).to_str().unwrap().to_owned();
    place.run_on(&path("audit.log"), "train", 1);
    place.run_on(&path("audit.log.1"), "train", 1);
    place.append(&text[newer..]);
    let rest = place.run_on(&path("audit.log"), "train", 1);
    assert!(lines(&rest) >= text[newer..].lines().count(), "{}", rest.stderr);
}

#[test]
fn a_file_that_became_shorter_is_read_whole() {
    let (place, text) = (Place::new(), fleet());
    let [short, long] = [1_000_000, 2_000_000].map(|at| at + text[at..].find('\n').unwrap() + 1);
    place.append(&text[..long]);
    place.run("detect", 1);
    File::options()
        .write(true)
        .open(place.log("audit.log"))
        .unwrap()
        .set_len(short as u64)
        .unwrap();
    let cut = place.run("detect", 1);
    assert_eq!(lines(&cut), text[..short].lines().count());
    // What was written in place of the rest is read on.
    place.append(&text[short..]);
    let rest = place.run("detect", 1);
    assert!(lines(&rest) >= text[short..].lines().count(), "{}", rest.stderr);
}
