//! `--state`, `rareport state` and `rareport train`.

use std::fs::{self, File, TryLockError};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use xxhash_rust::xxh3::Xxh3;

use crate::common::{Run, corpus, rareport, rareport_with};

/// A directory for a state, and what is told of it.
struct Place {
    directory: tempfile::TempDir,
}

impl Place {
    fn new() -> Place {
        Place { directory: tempfile::tempdir().unwrap() }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    fn state(&self) -> String {
        self.path("fleet.state").to_str().unwrap().to_owned()
    }

    /// `detect` over a log that is piped in.
    fn detect(&self, log: &str) -> Run {
        rareport_with(&["detect", "--state", &self.state()], log.as_bytes())
    }

    fn show(&self) -> Run {
        rareport(&["state", "show", &self.state()])
    }

    fn snapshots(&self) -> Vec<String> {
        let list = rareport(&["state", "list", &self.state()]).expect(0);
        list.documents().iter().map(|it| it["name"].as_str().unwrap().to_owned()).collect()
    }

    /// What the state learned up to.
    fn until(&self) -> String {
        self.show().expect(0).documents()[0]["learned_until"].as_str().unwrap().to_owned()
    }
}

/// The log of the fleet as text.
fn fleet() -> String {
    let file = File::open(corpus("fleet-day/audit.log.xz")).unwrap();
    std::io::read_to_string(liblzma::read::XzDecoder::new(file)).unwrap()
}

/// Numbers below `bound` that look random and are the same in every run.
fn pseudo_random(bound: usize) -> impl Iterator<Item = usize> {
    let mut state = 0x9e37_79b9_u32;
    std::iter::repeat_with(move || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 8) as usize % bound
    })
}

/// Twelve hours of connects to port 443, one a minute.
pub(crate) fn connects(hours: std::ops::Range<u64>) -> String {
    (hours.start * 60..hours.end * 60)
        .map(|minute| {
            let id = format!("{}.000:{minute}", 1_780_272_000 + minute * 60);
            format!(
                "type=SYSCALL msg=audit({id}): arch=c000003e syscall=42 success=yes exit=0 a0=3 \
                 a1=7ffc a2=10 a3=0 items=0 ppid=1 pid=2 auid=0 uid=0 gid=0 euid=0 suid=0 fsuid=0 \
                 egid=0 sgid=0 fsgid=0 tty=(none) ses=1 comm=\"curl\" exe=\"/usr/bin/curl\" \
                 key=\"net\"\ntype=SOCKADDR msg=audit({id}): \
                 saddr=020001BBCB0071090000000000000000\n"
            )
        })
        .collect()
}

#[test]
fn a_log_that_grows_gives_the_alerts_of_one_pass() {
    let text = fleet();
    let place = Place::new();
    let log = place.path("audit.log");
    fs::write(&log, &text).unwrap();
    let whole = rareport(&["detect", log.to_str().unwrap()]).expect(0);
    assert_eq!(whole.documents().len(), 7);
    let ends: Vec<usize> = text.match_indices('\n').map(|(at, _)| at + 1).collect();
    // Cuts in the second half, where the alerts are, and one in the middle of a line.
    let mut cuts: Vec<usize> =
        pseudo_random(ends.len() / 2).take(7).map(|line| ends[ends.len() - 1 - line]).collect();
    cuts.push(ends[ends.len() - 2000] + 17);
    cuts.sort_unstable();
    cuts.push(text.len());
    let mut alerts = String::new();
    for cut in cuts {
        fs::write(&log, &text[..cut]).unwrap();
        let run = rareport(&["detect", "--state", &place.state(), log.to_str().unwrap()]);
        alerts.push_str(&run.expect(0).stdout);
    }
    assert_eq!(alerts, whole.stdout);
}

#[test]
fn a_log_in_pieces_gives_the_alerts_of_one_pass() {
    let text = fleet();
    let whole = rareport_with(&["detect"], text.as_bytes()).expect(0);
    // Between the lines of PROCTITLE, which end an event, and the next.
    let ends: Vec<usize> = text
        .match_indices('\n')
        .map(|(at, _)| at + 1)
        .filter(|end| text[..end - 1].rsplit('\n').next().unwrap().contains("type=PROCTITLE"))
        .collect();
    let place = Place::new();
    let mut alerts = String::new();
    let mut begin = 0;
    let mut cuts: Vec<usize> = pseudo_random(ends.len()).take(9).map(|at| ends[at]).collect();
    cuts.sort_unstable();
    cuts.dedup();
    for cut in cuts.into_iter().chain([text.len()]) {
        alerts.push_str(&place.detect(&text[begin..cut]).expect(0).stdout);
        begin = cut;
    }
    assert_eq!(alerts, whole.stdout);
    // What was read in pieces is known as a whole.
    let again = rareport(&["detect", "--state", &place.state(), &corpus("fleet-day")]).expect(0);
    assert_eq!(again.stdout, "");
    let told = "7,441 connects passed over, which were read before";
    assert!(again.stderr.contains(told), "{}", again.stderr);
}

#[test]
fn hosts_whose_logs_end_at_other_times_lose_nothing() {
    let place = Place::new();
    // A position is that of a path, so nothing but its events tells what was read of another.
    let [directory, later] = ["logs", "later"].map(|name| place.path(name));
    let host = |directory: &Path, name: &str, hours: std::ops::Range<u64>| {
        let path = directory.join(name);
        fs::create_dir_all(&path).unwrap();
        fs::write(path.join("audit.log"), connects(hours)).unwrap();
    };
    let detect = |directory: &Path| {
        let run = rareport(&["detect", "--state", &place.state(), directory.to_str().unwrap()]);
        run.expect(0).stderr
    };
    host(&directory, "db01", 0..6);
    fs::create_dir_all(directory.join("web01")).unwrap();
    fs::write(directory.join("web01/audit.log"), connects(0..6) + &connects(6..7)[..9000]).unwrap();
    detect(&directory);
    host(&later, "db01", 0..7);
    host(&later, "web01", 0..7);
    let told = detect(&later);
    let state = rareport(&["state", "show", &place.state()]).expect(0);
    assert_eq!(state.documents()[0]["latest_event"], "2026-06-01T06:59:00.000Z");
    // 6 hours of db01, and of web01 what was in the first 9,000 bytes of the hour besides.
    let more = connects(6..7)[..9000].matches("SOCKADDR").count();
    let passed = format!("{} connects passed over", 2 * 360 + more);
    assert!((10..60).contains(&more) && told.contains(&passed), "{told}");
    assert!(!told.contains("could not be counted"), "{told}");
}

#[test]
fn results_of_a_job_are_the_same_in_pieces() {
    let rows: String = (0..60)
        .map(|n| format!("{},{}\n", 1_780_272_000 + n * 600, [22, 53, 80, 4000 + n][n % 4]))
        .collect();
    let header = "time,destination.port\n";
    let arguments = ["anomalies", "--bucket-span", "15m", "--by", "destination.port"];
    let whole = rareport_with(&arguments, format!("{header}{rows}").as_bytes()).expect(0);
    let place = Place::new();
    let state = place.state();
    let with_state = [&arguments[..], &["--state", &state]].concat();
    let lines: Vec<&str> = rows.split_inclusive('\n').collect();
    let mut results = String::new();
    for piece in [&lines[..1], &lines[1..23], &lines[20..24], &lines[24..]] {
        let text = format!("{header}{}", piece.concat());
        results.push_str(&rareport_with(&with_state, text.as_bytes()).expect(0).stdout);
    }
    assert!(whole.stdout.lines().count() > 35);
    assert_eq!(results, whole.stdout);
    let other = rareport_with(&["anomalies", "--by", "user.name", "--state", &place.state()], b"");
    assert!(other.expect(2).stderr.contains("the state cannot be carried on: expected"));
}

#[test]
fn what_was_trained_is_known_to_detect() {
    let place = Place::new();
    let fleet = corpus("fleet-day");
    let end = "2026-06-04T09:37:00Z";
    let train = rareport(&["train", &fleet, "--to", end, "--state", &place.state()]).expect(0);
    assert!(train.stdout.contains("324 buckets of 15m"), "{}", train.stdout);
    assert!(train.stdout.contains("mature       yes"), "{}", train.stdout);
    let knows = "knows        9 values of destination.port, 3 hosts\n";
    assert!(train.stdout.contains(knows), "{}", train.stdout);
    let whole = rareport(&["detect", &fleet]).expect(0);
    let detect = rareport(&["detect", "--state", &place.state(), &fleet]).expect(0);
    // The first alert is of the bucket in which the training ended: its events are known to both.
    assert_eq!(detect.stdout, whole.stdout);
    let other = rareport(&["detect", "--profile", "elastic", "--state", &place.state(), &fleet]);
    let told = "was learned with --profile rareport, this run has --profile elastic";
    assert!(other.expect(2).stderr.contains(told));
}

#[test]
fn one_process_at_a_time_has_the_state() {
    let place = Place::new();
    let mut child = Command::new(env!("CARGO_BIN_EXE_rareport"))
        .args(["detect", "--quiet", "--state", &place.state()])
        .stdin(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let begun = Instant::now();
    let is_locked = || {
        let Ok(lock) = File::open(place.path("fleet.state.lock")) else { return false };
        matches!(lock.try_lock_shared(), Err(TryLockError::WouldBlock))
    };
    while !is_locked() {
        assert!(begun.elapsed() < Duration::from_secs(60), "the state is not locked");
        std::thread::sleep(Duration::from_millis(5));
    }
    let second = place.detect(&connects(0..1)).expect(2);
    let told = format!("error: {}: another rareport is using this state; wait", place.state());
    assert!(second.stderr.contains(&told), "{}", second.stderr);
    drop(child.stdin.take());
    child.wait().unwrap();
    place.detect(&connects(0..1)).expect(0);
}

#[test]
fn a_file_cut_anywhere_is_told_and_the_newest_snapshot_used() {
    let place = Place::new();
    for hours in [0..4, 4..8, 8..12] {
        place.detect(&connects(hours)).expect(0);
    }
    assert_eq!(place.until(), "2026-06-01T11:30:00.000Z");
    assert_eq!(place.snapshots(), ["2026-06-01T073000Z", "2026-06-01T033000Z"]);
    let good = fs::read(place.state()).unwrap();
    for end in (0..good.len()).step_by(64) {
        fs::write(place.state(), &good[..end]).unwrap();
        let show = place.show().expect(2);
        assert!(show.stderr.contains("fleet.state is torn: it has"), "{end}: {}", show.stderr);
    }
    let run = place.detect(&connects(8..12)).expect(2);
    let told = "bytes; the snapshot 2026-06-01T073000Z is used instead, which has learned up to \
                2026-06-01T07:30:00.000Z";
    assert!(run.stderr.contains(told), "{}", run.stderr);
    // What was lost with the file was read again.
    assert_eq!(place.until(), "2026-06-01T11:30:00.000Z");
    place.detect(&connects(8..12)).expect(0);
}

#[test]
fn a_flipped_bit_is_told_and_the_newest_good_snapshot_used() {
    let place = Place::new();
    for hours in [0..4, 4..8, 8..12] {
        place.detect(&connects(hours)).expect(0);
    }
    let flip = |path: &Path, at: usize| {
        let mut bytes = fs::read(path).unwrap();
        let at = at % bytes.len();
        bytes[at] ^= 1;
        fs::write(path, bytes).unwrap();
    };
    let good = fs::read(place.state()).unwrap();
    for at in pseudo_random(good.len()).take(40) {
        flip(&place.path("fleet.state"), at);
        assert!(place.show().expect(2).stderr.contains("fleet.state is "));
        fs::write(place.state(), &good).unwrap();
    }
    flip(&place.path("fleet.state"), 100);
    flip(&place.path("fleet.state.snapshots/2026-06-01T073000Z"), 200);
    let run = place.detect(&connects(4..12)).expect(2);
    let told = "is damaged: its checksum is wrong; the snapshot 2026-06-01T033000Z is used";
    assert!(run.stderr.contains(told), "{}", run.stderr);
    assert_eq!(place.until(), "2026-06-01T11:30:00.000Z");
}

#[test]
fn what_cannot_be_used_is_refused_and_left_alone() {
    let place = Place::new();
    place.detect(&connects(0..4)).expect(0);
    let mut newer = fs::read(place.state()).unwrap();
    newer[8..12].copy_from_slice(&2_u32.to_le_bytes());
    let mut sum = Xxh3::new();
    [&newer[8..20], &newer[28..]].into_iter().for_each(|part| sum.update(part));
    newer[20..28].copy_from_slice(&sum.digest().to_le_bytes());
    for (bytes, told) in [
        (&newer[..], "has format 2, but this rareport knows none after 1; use the version"),
        (&newer[..100], "is torn: it has 100 of"),
        (
            b"type=SYSCALL msg=audit(",
            "is no state of rareport: it seems to be an audit log; is the name right?",
        ),
    ] {
        fs::write(place.state(), bytes).unwrap();
        let run = place.detect(&connects(4..8)).expect(2);
        assert!(run.stderr.contains(told), "{}", run.stderr);
        assert_eq!(fs::read(place.state()).unwrap(), bytes);
    }
}

#[test]
fn a_state_that_cannot_be_is_told_before_anything_is_read() {
    let place = Place::new();
    let directory = place.directory.path().to_str().unwrap();
    let run = rareport(&["detect", "--state", directory]).expect(2);
    assert!(run.stderr.contains("is a directory; name a file in it"), "{}", run.stderr);
    let run = rareport(&["detect", "--state", &format!("{directory}/none/state")]).expect(2);
    assert!(run.stderr.contains("there is no such directory to put it in"), "{}", run.stderr);
    assert_eq!(place.directory.path().read_dir().unwrap().count(), 0);
}

#[test]
fn what_cannot_be_saved_is_not_told_as_learned() {
    // Nobody can make a file there.
    let run = rareport(&["detect", "--state", "/proc/fleet.state", &corpus("fleet-day")]).expect(2);
    assert!(run.stderr.contains("what this run learns is not saved"), "{}", run.stderr);
    assert!(!run.stderr.contains("goes on with the next run"), "{}", run.stderr);
}

#[test]
fn a_file_that_was_named_by_mistake_is_told_and_nothing_put_beside_it() {
    let place = Place::new();
    let count = || place.directory.path().read_dir().unwrap().count();
    for command in ["show", "list", "export"] {
        let run = rareport(&["state", command, &place.state()]).expect(2);
        assert!(run.stderr.contains(": there is no such file or directory\n"), "{}", run.stderr);
    }
    let run = rareport(&["state", "revert", &place.state(), "x"]).expect(2);
    assert!(run.stderr.contains(": there is no such file or directory\n"), "{}", run.stderr);
    assert_eq!(count(), 0);
    fs::write(place.state(), "{\"version\":\"0.1.0\"}\n").unwrap();
    let seems =
        "fleet.state is no state of rareport: it seems to be JSON, as alerts and a status are";
    let refused = place.detect("").expect(2);
    assert!(refused.stderr.contains(&format!("{seems}; is the name right? It is left as it is")));
    assert!(!refused.stderr.contains("take it away"), "{}", refused.stderr);
    for arguments in [&["show"][..], &["list"], &["export"]] {
        let state = place.state();
        let arguments = ["state", arguments[0], &state];
        let run = rareport(&arguments).expect(2);
        assert!(run.stderr.contains(seems), "{arguments:?}: {}", run.stderr);
    }
    let run = rareport(&["state", "revert", &place.state(), "x"]).expect(2);
    assert!(run.stderr.contains(seems), "{}", run.stderr);
    assert_eq!(count(), 1);
}

#[test]
fn closing_lines_tell_what_exceptions_did_in_this_run() {
    let place = Place::new();
    let rules = place.path("rules.toml");
    let exception = "[[exception]]\ncomment = \"web\"\n\
                     conditions = [{ field = \"destination.port\", is = \"443\" }]\n\
                     [[calendar]]\ncomment = \"first hour\"\n\
                     from = 2026-06-01T00:00:00Z\nto = 2026-06-01T01:00:00Z\n";
    fs::write(&rules, exception).unwrap();
    let (rules, state) = (rules.to_str().unwrap(), place.state());
    let detect = |log: &str| {
        let arguments = ["detect", "-v", "--rules", rules, "--state", &state];
        rareport_with(&arguments, log.as_bytes()).expect(0).stderr
    };
    // A connect a minute; those of the first hour lie in the window.
    let first = detect(&connects(0..4));
    assert!(first.contains("60 events lie in the calendar window “first hour”"), "{first}");
    assert!(first.contains("the exception “web” covered 180 events"), "{first}");
    let second = detect(&connects(4..6));
    assert!(second.contains("the exception “web” covered 120 events"), "{second}");
    assert!(second.contains("no event lies in the calendar window “first hour”"), "{second}");
    // It was of use in an earlier run.
    let third = detect(&connects(4..6));
    assert!(!third.contains("matched nothing"), "{third}");
}

#[test]
fn a_file_is_named_for_one_purpose_only() {
    let place = Place::new();
    let (log, state) = (place.path("audit.log"), place.state());
    fs::write(&log, connects(0..1)).unwrap();
    let log = log.to_str().unwrap();
    for (arguments, told) in [
        (["--append", &state], "is named by --state and by --append"),
        (["--append", log], "is named as what is to be read and by --append"),
    ] {
        let run = rareport(&[&["detect", "--state", &state, log], &arguments[..]].concat());
        assert!(run.expect(2).stderr.contains(told), "{told}");
        assert_eq!(fs::read_to_string(log).unwrap(), connects(0..1));
    }
    let arguments = ["detect", "--follow", "--state", &state, "--status", &state, log];
    let run = rareport(&arguments).expect(2);
    assert!(run.stderr.contains("is named by --state and by --status"), "{}", run.stderr);
    assert_eq!(place.directory.path().read_dir().unwrap().count(), 1);
}

#[test]
fn a_large_file_that_is_no_state_is_not_read() {
    let place = Place::new();
    // More than fits into memory, without a byte on disk.
    File::create(place.state()).unwrap().set_len(1 << 40).unwrap();
    let run = place.detect(&connects(0..1)).expect(2);
    assert!(run.stderr.contains("is no state of rareport"), "{}", run.stderr);
}

#[test]
fn going_back_and_forth() {
    let place = Place::new();
    for hours in [0..4, 4..8, 8..12] {
        place.detect(&connects(hours)).expect(0);
    }
    let newest = fs::read(place.state()).unwrap();
    let revert = |name: &str| rareport(&["state", "revert", &place.state(), name]);
    let unknown = revert("2026-06-01T080000Z").expect(2);
    assert!(unknown.stderr.contains("`rareport state list` shows"), "{}", unknown.stderr);
    revert("2026-06-01T033000Z").expect(0);
    assert_eq!(place.until(), "2026-06-01T03:30:00.000Z");
    assert_eq!(place.snapshots(), ["2026-06-01T033000Z", "before-revert"]);
    let text = rareport(&["state", "show", "--format", "text", &place.state()]).expect(0).stdout;
    assert!(text.contains("learned      14 buckets of 15m, 2026-06-01T00:00:00.000Z"), "{text}");
    assert!(text.contains("mature       no"), "{text}");
    revert("before-revert").expect(0);
    assert_eq!(fs::read(place.state()).unwrap(), newest);
    // And what is learned goes on from there.
    revert("before-revert").expect(0);
    place.detect(&connects(0..12)).expect(0);
    assert_eq!(place.until(), "2026-06-01T11:30:00.000Z");
}

#[test]
fn a_state_is_exported_as_one_document() {
    let place = Place::new();
    place.detect(&connects(0..4)).expect(0);
    let export = rareport(&["state", "export", &place.state()]).expect(0);
    let document = &export.documents()[0];
    assert_eq!(document["about"]["buckets"], 14);
    assert_eq!(document["detector"]["partitions"].as_array().unwrap().len(), 1);
    assert!(document["detection"]["rules"].is_array());
}

/// Runs a script of the shell in which `$0` is the program and `$1` a state.
#[cfg(unix)]
fn shell(script: &str, state: &str, log: &str) -> Run {
    use std::io::Write;
    let mut child = Command::new("sh")
        .args(["-c", script, env!("CARGO_BIN_EXE_rareport"), state])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // A script that cannot begin reads nothing.
    let _ = child.stdin.take().unwrap().write_all(log.as_bytes());
    let output = child.wait_with_output().unwrap();
    Run {
        status: output.status.code().unwrap(),
        stdout: String::from_utf8(output.stdout).unwrap(),
        stderr: String::from_utf8(output.stderr).unwrap(),
    }
}

#[cfg(unix)]
#[test]
fn without_room_the_old_state_stays_good() {
    let place = Place::new();
    place.detect(&connects(0..4)).expect(0);
    let before = fs::read(place.state()).unwrap();
    // Files may have 512 bytes, as on a disk that is as good as full.
    let script = "trap '' XFSZ; ulimit -f 1; exec \"$0\" detect --state \"$1\"";
    let full = shell(script, &place.state(), &connects(4..8)).expect(2);
    assert!(full.stderr.contains("the state cannot be saved; the one before is still there"));
    assert!(full.stderr.contains("0 alerts"), "{}", full.stderr);
    assert_eq!(fs::read(place.state()).unwrap(), before);
    assert!(!place.path("fleet.state.part").exists());
    // There is room again.
    place.detect(&connects(4..8)).expect(0);
    assert_eq!(place.until(), "2026-06-01T07:30:00.000Z");
}

#[cfg(target_os = "linux")]
#[test]
fn a_full_file_system_costs_no_state() {
    let place = Place::new();
    let script = "mount -t tmpfs -o size=64k tmpfs \"$1\" || exit 77
        cat > \"$1/log\"; s=\"$1/state\"
        \"$0\" detect --quiet --state \"$s\" \"$1/log\" || exit 1
        cp \"$s\" \"$1/copy\"
        cat /dev/zero > \"$1/filler\" 2> /dev/null
        for hour in 1 2; do cat \"$1/log\" | \"$0\" detect --quiet --state \"$s\" && exit 2; done
        cmp \"$s\" \"$1/copy\" || exit 3
        rm \"$1/filler\"
        \"$0\" detect --quiet --state \"$s\" \"$1/log\" || exit 4";
    let script = format!("unshare -rm sh -c '{script}' \"$0\" \"$1\" || exit $?");
    let run = shell(&script, place.directory.path().to_str().unwrap(), &connects(0..1));
    if run.stderr.contains("unshare") || run.status == 77 {
        println!("skipped: no file system can be mounted here: {}", run.stderr);
        return;
    }
    let errors = run.stderr.matches("the state cannot be saved; the one before").count();
    assert_eq!((run.status, errors), (0, 2), "{}", run.stderr);
}

#[cfg(target_os = "linux")]
#[test]
fn a_directory_that_cannot_be_written_is_told_and_the_run_goes_on() {
    use std::os::unix::fs::{MetadataExt, PermissionsExt};
    use std::os::unix::process::CommandExt;
    const NOBODY: u32 = 65_534;
    let place = Place::new();
    place.detect(&connects(0..4)).expect(0);
    let before = fs::read(place.state()).unwrap();
    let directory = place.directory.path();
    fs::set_permissions(directory, fs::Permissions::from_mode(0o555)).unwrap();
    for name in ["fleet.state", "fleet.state.lock"] {
        fs::set_permissions(place.path(name), fs::Permissions::from_mode(0o444)).unwrap();
    }
    let log = tempfile::NamedTempFile::new().unwrap();
    fs::write(log.path(), connects(4..8)).unwrap();
    fs::set_permissions(log.path(), fs::Permissions::from_mode(0o644)).unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_rareport"));
    command.args(["detect", "--state", &place.state()]).arg(log.path());
    // Nothing is forbidden to root.
    if fs::metadata(log.path()).unwrap().uid() == 0 {
        command.uid(NOBODY);
    }
    let output = match command.output() {
        Ok(output) => output,
        Err(error) => {
            println!("skipped: another user cannot run the program: {error}");
            return;
        }
    };
    fs::set_permissions(directory, fs::Permissions::from_mode(0o755)).unwrap();
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(2), "{stderr}");
    assert!(stderr.contains("so what this run learns is not saved"), "{stderr}");
    assert!(stderr.contains("carried on from 2026-06-01T03:30:00.000Z"), "{stderr}");
    assert!(stderr.contains("0 alerts"), "{stderr}");
    assert_eq!(fs::read(place.state()).unwrap(), before);
}

#[test]
fn logs_that_are_older_than_the_state_are_told_with_what_to_do() {
    let directory = tempfile::tempdir().unwrap();
    let path = |name: &str| directory.path().join(name).to_str().unwrap().to_owned();
    let of = |host: &str, hours| -> String {
        connects(hours).lines().map(|line| format!("node={host} {line}\n")).collect()
    };
    fs::write(path("new.log"), of("new", 20..30)).unwrap();
    fs::write(path("old.log"), of("old", 0..10)).unwrap();
    let state = path("state");
    rareport(&["train", "--state", &state, &path("new.log")]).expect(0);
    let before = fs::read(&state).unwrap();
    // Twice, as what is told must not depend on who asks first.
    for command in ["detect", "detect", "train"] {
        let run = rareport(&[command, "--state", &state, &path("old.log")]).expect(2);
        let told = "state: nothing was learned or looked at: all that is new in the input, ";
        assert!(run.stderr.contains(told), "{}", run.stderr);
        assert!(run.stderr.contains("`rareport train LOG... --state NEW`"), "{}", run.stderr);
        assert!(!run.stderr.contains("0 alerts"), "{}", run.stderr);
        assert!(fs::read(&state).unwrap() == before, "the state stays as it is");
    }
    fs::write(path("both.log"), of("old", 0..10) + &of("new", 30..31)).unwrap();
    let run = rareport(&["detect", "--state", &state, &path("both.log")]).expect(0);
    assert!(run.stderr.contains("connects neither learned nor looked at"), "{}", run.stderr);
    assert!(!run.stderr.contains("not in order of time"), "{}", run.stderr);
}

#[test]
fn events_that_come_late_are_told_beside_those_that_an_exception_ignores() {
    let directory = tempfile::tempdir().unwrap();
    let path = |name: &str| directory.path().join(name).to_str().unwrap().to_owned();
    let of = |host: &str, hours| -> String {
        connects(hours).lines().map(|line| format!("node={host} {line}\n")).collect()
    };
    let state = path("state");
    fs::write(path("before.log"), of("known", 20..30)).unwrap();
    rareport(&["train", "--state", &state, &path("before.log")]).expect(0);
    let exception = "[[exception]]\ncomment = \"a\"\naction = \"ignore\"\n\
        conditions = [{ field = \"host.name\", is = \"ignored\" }]\n";
    fs::write(path("rules.toml"), exception).unwrap();
    // Of the last host, an hour's connects come five hours late.
    let log = of("ignored", 0..10) + &of("known", 30..36) + &of("late", 30..31);
    let arguments = ["detect", "--state", &state, "--rules", &path("rules.toml"), "-"];
    let run = rareport_with(&arguments, log.as_bytes()).expect(0);
    let told = "60 connects came after a bucket was closed and could not be counted";
    assert!(run.stderr.contains(told), "{}", run.stderr);
}
