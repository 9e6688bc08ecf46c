//! `detect --follow --state` that is killed at any moment, while the log is
//! written and rotated, and that has no room for what it writes.

use std::collections::{BTreeMap, HashSet};
use std::fs::{self, File, OpenOptions, Permissions};
use std::io::Write;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;
use tempfile::TempDir;

use crate::common::rareport;

/// How often it is killed, if not this many times.
const KILLS: &str = "RAREPORT_TEST_KILLS";

/// Numbers that look random (a linear congruential generator of Knuth's).
struct Dice(u64);

impl Dice {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 =
            self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % bound
    }

    fn of<T: Copy>(&mut self, values: &[T]) -> T {
        values[self.below(values.len() as u64) as usize]
    }
}

/// Who writes a log: some programs that connect to a few ports, and now and
/// then to one that nobody knows.
struct Writer {
    directory: PathBuf,
    dice: Dice,
    serial: u64,
    /// Time of the last event, in milliseconds since 1970.
    millis: u64,
    rare: u64,
}

impl Writer {
    fn new(directory: PathBuf) -> Writer {
        fs::create_dir(&directory).unwrap();
        File::create(directory.join("audit.log")).unwrap();
        Writer { directory, dice: Dice(7), serial: 0, millis: 1_780_272_000_000, rare: 20_000 }
    }

    /// The records of the next event, some seconds after the last or at once.
    fn event(&mut self) -> [String; 3] {
        self.serial += 1;
        self.millis += if self.dice.below(2) == 0 { 50 } else { 5000 + self.dice.below(35_000) };
        let port = if self.dice.below(250) == 0 {
            self.rare += 1;
            self.rare
        } else {
            self.dice.of(&[443, 443, 443, 443, 443, 80, 80, 22, 53, 25, 5432, 6379])
        };
        let (seconds, millis) = (self.millis / 1000, self.millis % 1000);
        let stamp = format!("msg=audit({seconds}.{millis:03}:{}):", self.serial);
        let (name, address) = (self.dice.below(5), self.dice.below(1 << 24));
        [
            format!(
                "type=SYSCALL {stamp} arch=c000003e syscall=42 success=yes exit=0 a0=3 a1=7f a2=10 \
                 a3=0 items=0 ppid=1 pid=2 auid=1000 uid=0 gid=0 euid=0 suid=0 fsuid=0 egid=0 \
                 sgid=0 fsgid=0 tty=(none) ses=1 comm=\"c{name}\" exe=\"/usr/bin/c{name}\" \
                 key=\"net\"\n"
            ),
            format!("type=SOCKADDR {stamp} saddr=0200{port:04X}0A{address:06X}0000000000000000\n"),
            format!("type=PROCTITLE {stamp} proctitle=\"x\"\n"),
        ]
    }

    /// Writes some events, of which those of one moment are interleaved, in two
    /// pieces that are cut anywhere.
    fn write(&mut self) {
        let mut lines = Vec::new();
        for _ in 0..5 {
            let one = self.event();
            let before = self.millis;
            let two = self.event();
            match self.millis - before < 1000 {
                true => lines.extend([&one[..1], &two, &one[1..]].concat()),
                false => lines.extend([one, two].concat()),
            }
        }
        let text = lines.concat();
        let cut = self.dice.below(text.len() as u64) as usize;
        for part in [&text[..cut], &text[cut..]] {
            let log = self.directory.join("audit.log");
            let mut log = OpenOptions::new().append(true).open(log).unwrap();
            log.write_all(part.as_bytes()).unwrap();
        }
    }

    /// Rotates the log in one of the ways in which that is done.
    fn rotate(&mut self) {
        let [live, first] = ["audit.log", "audit.log.1"].map(|name| self.directory.join(name));
        self.shift();
        if self.dice.below(2) == 0 {
            fs::copy(&live, &first).unwrap();
            OpenOptions::new().write(true).open(&live).unwrap().set_len(0).unwrap();
        } else {
            fs::rename(&live, &first).unwrap();
            File::create(&live).unwrap();
        }
        if self.dice.below(3) == 0 {
            let packed = File::create(self.directory.join("audit.log.1.gz")).unwrap();
            let mut packed = flate2::write::GzEncoder::new(packed, flate2::Compression::fast());
            packed.write_all(&fs::read(&first).unwrap()).unwrap();
            packed.finish().unwrap();
            fs::remove_file(first).unwrap();
        }
    }

    /// Gives all rotated files their next names.
    fn shift(&self) {
        let names = |number: u64| {
            ["", ".gz"].map(|end| self.directory.join(format!("audit.log.{number}{end}")))
        };
        let last = (1..).find(|&number| !names(number).iter().any(|name| name.exists())).unwrap();
        for number in (1..last).rev() {
            for (from, to) in names(number).into_iter().zip(names(number + 1)) {
                if from.exists() {
                    fs::rename(from, to).unwrap();
                }
            }
        }
    }
}

/// The arguments of a run over logs, with the state and alerts of this name.
fn arguments(place: &Path, name: &str) -> Vec<String> {
    let path = |end: &str| place.join(format!("{name}{end}")).to_str().unwrap().to_owned();
    let words = ["--state", &path(".state"), "--append", &path(".alerts"), "--threshold", "15"];
    let logs = place.join("logs").to_str().unwrap().to_owned();
    words.iter().map(|&word| word.to_owned()).chain([logs]).collect()
}

/// Starts a run that follows, with the state and alerts of this name, by way of
/// a script of the shell that gets its command line.
fn start(place: &Path, name: &str, script: &str, user: Option<u32>) -> Child {
    let said = OpenOptions::new().create(true).append(true).open(place.join("said")).unwrap();
    let mut command = Command::new("sh");
    command
        .args(["-c", script, "sh", env!("CARGO_BIN_EXE_rareport"), "detect", "--follow"])
        .args(["--save-every", "0", "--status"])
        .arg(place.join("status"))
        .args(arguments(place, name))
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(said);
    if let Some(user) = user {
        command.uid(user);
    }
    command.spawn().unwrap()
}

/// Waits until something is so.
fn wait_until(what: &str, is_so: impl Fn() -> bool) {
    let begun = Instant::now();
    while !is_so() {
        assert!(begun.elapsed() < Duration::from_secs(300), "{what}");
        sleep(Duration::from_millis(20));
    }
}

fn read(path: &Path) -> String {
    fs::read_to_string(path).unwrap_or_default()
}

/// A time of a status.
fn status(place: &Path, key: &str) -> Option<Value> {
    let status: Value = serde_json::from_str(&read(&place.join("status"))).ok()?;
    status.get(key).cloned()
}

/// Whether a run has read up to this time, in milliseconds since 1970.
fn has_read(place: &Path, millis: u64) -> bool {
    let time = jiff::Timestamp::from_millisecond(millis as i64).unwrap();
    status(place, "last_event").is_some_and(|last| last.as_str() >= Some(&format!("{time:.3}")))
}

fn end(mut child: Child) {
    kill_process(Pid::from_child(&child), Signal::TERM).unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(0));
}

/// Alerts, a line each, in their order: their ids and what they are without the
/// commands that name the files of the log.
fn alerts(place: &Path, name: &str) -> Vec<(String, Value)> {
    let text = fs::read_to_string(place.join(format!("{name}.alerts"))).unwrap();
    text.lines()
        .map(|line| {
            let mut alert: Value = serde_json::from_str(line).expect(line);
            for sample in alert["rareport"]["evidence"].as_array_mut().unwrap() {
                let sample = sample.as_object_mut().unwrap();
                sample.remove("records_command");
                sample.remove("command");
            }
            (alert["kibana.alert.uuid"].as_str().unwrap().to_owned(), alert)
        })
        .collect()
}

/// The alerts of one pass over the logs as they are in the end.
fn of_one_pass(place: &Path) -> BTreeMap<String, Value> {
    let arguments = arguments(place, "clean");
    let arguments = arguments.iter().map(String::as_str);
    rareport(&["detect", "--quiet"].into_iter().chain(arguments).collect::<Vec<_>>()).expect(0);
    alerts(place, "clean").into_iter().collect()
}

/// Up to when the state has learned.
fn learned_until(place: &Path) -> Option<String> {
    let state = place.join("live.state");
    let shown = rareport(&["state", "show", state.to_str().unwrap()]);
    let shown = if state.exists() { shown.expect(0) } else { return None };
    shown.documents()[0]["learned_until"].as_str().map(str::to_owned)
}

#[test]
fn killed_at_any_moment_it_gives_the_alerts_of_one_pass() {
    let kills: usize = std::env::var(KILLS).map_or(10, |kills| kills.parse().unwrap());
    let place = TempDir::new().unwrap();
    let place = place.path();
    let mut writer = Writer::new(place.join("logs"));
    // Before each run: alerts that there were, and up to when the state had learned.
    let mut starts = Vec::new();
    for _ in 0..kills {
        let given = if place.join("live.alerts").exists() { alerts_so_far(place) } else { 0 };
        starts.push((given, learned_until(place)));
        let mut child = start(place, "live", "exec \"$@\"", None);
        // Every other time only after it has read something, however slow the machine is.
        if writer.dice.below(2) == 0 {
            let pid = Some(child.id().into());
            wait_until("it reads", || status(place, "pid") == pid);
        }
        let moment = Instant::now() + Duration::from_millis(30 + writer.dice.below(370));
        while Instant::now() < moment {
            writer.write();
            if writer.dice.below(100) == 0 {
                writer.rotate();
            }
            sleep(Duration::from_millis(1));
        }
        child.kill().unwrap();
        child.wait().unwrap();
    }
    starts.push((alerts_so_far(place), learned_until(place)));
    while writer.serial < 500 * kills as u64 {
        writer.write();
    }
    let child = start(place, "live", "exec \"$@\"", None);
    wait_until("the last run reads all", || has_read(place, writer.millis));
    end(child);
    let given = alerts(place, "live");
    let expected = of_one_pass(place);
    assert!(expected.len() > kills / 2, "{}", expected.len());
    assert_eq!(read(&place.join("said")).matches("ERROR").count(), 0);
    let saved: HashSet<_> = starts.iter().filter_map(|(_, until)| until.as_ref()).collect();
    assert!(saved.len() > kills / 10, "{saved:?}");
    check_repetitions(&given, &starts);
    println!("{} events, {} alerts, {} given", writer.serial, expected.len(), given.len());
    assert_eq!(given.into_iter().collect::<BTreeMap<_, _>>(), expected);
}

/// Whole lines of alerts that there are; a line that is cut off is none, and
/// the next run takes it away.
fn alerts_so_far(place: &Path) -> usize {
    read(&place.join("live.alerts")).matches('\n').count()
}

/// Checks that an alert is given again as it was, and only if the rule was
/// executed for it later than the state that the run began with had learned.
fn check_repetitions(given: &[(String, Value)], starts: &[(usize, Option<String>)]) {
    let mut known: BTreeMap<&str, &Value> = BTreeMap::new();
    for (at, (id, alert)) in given.iter().enumerate() {
        if let Some(before) = known.insert(id, alert) {
            assert_eq!(before, alert);
            let (_, learned) = starts.iter().rfind(|(first, _)| *first <= at).unwrap();
            let executed = alert["@timestamp"].as_str().unwrap();
            assert!(learned.as_deref().is_none_or(|learned| executed > learned), "{alert}");
        }
    }
}

/// Checks a run that cannot write for a while where its state and alerts are:
/// it goes on, and nothing is missing or torn afterwards. What it said.
fn with_trouble(
    child: Child,
    writer: &mut Writer,
    begin: impl Fn(&Child),
    end_trouble: impl Fn(&Child),
) -> String {
    let place = writer.directory.parent().unwrap().to_owned();
    let mut write = |times: usize| {
        for _ in 0..times {
            (0..150).for_each(|_| writer.write());
            let millis = writer.millis;
            // The last event is over only when another comes.
            writer.write();
            wait_until("it reads on", || has_read(&place, millis));
        }
    };
    write(3);
    begin(&child);
    write(4);
    end_trouble(&child);
    write(4);
    let millis = writer.millis;
    wait_until("all is read", || has_read(&place, millis));
    end(child);
    let given = alerts(&place, "kept/live");
    let expected = of_one_pass(&place);
    assert!(expected.len() > 10, "{}", expected.len());
    assert_eq!(given.len(), expected.len());
    assert_eq!(given.into_iter().collect::<BTreeMap<_, _>>(), expected);
    assert!(!place.join("kept/live.state.part").exists());
    rareport(&["state", "show", place.join("kept/live.state").to_str().unwrap()]).expect(0);
    read(&place.join("said"))
}

#[test]
fn a_disk_that_is_full_for_a_while_costs_nothing() {
    let place = TempDir::new().unwrap();
    let kept = place.path().join("kept");
    fs::create_dir(&kept).unwrap();
    let mut writer = Writer::new(place.path().join("logs"));
    // What is in the file system goes with the namespace, so it is copied.
    let script = "kept=$(dirname \"$9\")
        mount -t tmpfs -o size=2m tmpfs \"$kept\" || exit 77
        \"$@\" & run=$!
        trap 'kill -TERM $run' TERM
        wait $run; wait $run; status=$?
        mkdir \"$kept.copy\"; cp -r \"$kept\"/* \"$kept.copy\"; umount \"$kept\"
        cp -r \"$kept.copy\"/* \"$kept\"; exit $status";
    let script = format!("exec unshare -rm sh -c '{}' sh \"$@\"", script.replace('\'', "'\\''"));
    let mut child = start(place.path(), "kept/live", &script, None);
    wait_until("it starts", || {
        place.path().join("status").exists() || read(&place.path().join("said")).contains("mount")
    });
    if child.try_wait().unwrap().is_some() {
        println!("skipped: no file system can be mounted: {}", read(&place.path().join("said")));
        return;
    }
    let filler = |child: &Child| {
        PathBuf::from(format!("/proc/{}/root{}/filler", child.id(), kept.display()))
    };
    let fill = |child: &Child| {
        let mut file = File::create(filler(child)).unwrap();
        while file.write(&[0; 4096]).is_ok() {}
    };
    let clear = |child: &Child| fs::remove_file(filler(child)).unwrap();
    let said = with_trouble(child, &mut writer, fill, clear);
    let errors: Vec<&str> = said.lines().filter(|line| line.contains("ERROR")).collect();
    assert!(matches!(errors.len(), 1 | 2), "{said}");
    assert!(errors.iter().all(|error| error.contains("No space left on device")), "{said}");
    assert!(errors.iter().any(|error| error.contains("--append: ")), "{said}");
    assert!(said.contains("appended that had to wait"), "{said}");
}

#[test]
fn a_directory_that_is_read_only_for_a_while_costs_nothing() {
    let place = TempDir::new().unwrap();
    let kept = place.path().join("kept");
    fs::create_dir(&kept).unwrap();
    let mode = |path: &Path, mode| fs::set_permissions(path, Permissions::from_mode(mode)).unwrap();
    mode(place.path(), 0o777);
    mode(&kept, 0o777);
    let mut writer = Writer::new(place.path().join("logs"));
    // Nothing is forbidden to root.
    let is_root = fs::metadata(&kept).unwrap().uid() == 0;
    let user = is_root.then_some(65_534);
    let child = start(place.path(), "kept/live", "exec \"$@\"", user);
    let said = with_trouble(child, &mut writer, |_| mode(&kept, 0o555), |_| mode(&kept, 0o777));
    assert_eq!(said.matches("ERROR").count(), 1, "{said}");
    assert!(said.contains("the state cannot be saved; the one before is still there"), "{said}");
    assert!(said.contains("the state is saved again"), "{said}");
}
