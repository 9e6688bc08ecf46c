//! Input that is made to take time or memory: what it costs is bounded, and what
//! is said of it tells what happened. The rest is used.

use std::fs;
use std::io::{self, BufWriter, Read, Write};
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use tempfile::TempDir;

use crate::common::{Run, corpus, rareport};

/// Longer than any of these takes on a busy machine, and shorter than what goes
/// with the square of the input.
const LONGEST: Duration = Duration::from_secs(240);

const MIB: usize = 1 << 10;

/// A run, and the most memory that it held, in KiB.
struct Fed {
    run: Run,
    peak: usize,
}

impl Fed {
    /// Asserts the exit status, the bound of memory in KiB, and what was said.
    #[track_caller]
    fn expect(self, status: i32, bound: usize, said: &str) -> Run {
        let run = self.run.expect(status);
        println!("{} KiB at most", self.peak);
        assert!(self.peak < bound, "{} KiB, more than {bound}", self.peak);
        assert!(run.stderr.contains(said), "{}", run.stderr);
        run
    }
}

/// Runs `rareport` with what `write` writes on stdin.
fn feed(
    arguments: &[&str],
    write: impl FnOnce(&mut dyn Write) -> io::Result<()> + Send + 'static,
) -> Fed {
    let start = Instant::now();
    let mut child = Command::new(env!("CARGO_BIN_EXE_rareport"))
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut pipe = BufWriter::with_capacity(1 << 16, child.stdin.take().unwrap());
    // The program may end before it has read everything.
    let feeder = thread::spawn(move || drop(write(&mut pipe).and_then(|()| pipe.flush())));
    let pid = child.id();
    let watcher = thread::spawn(move || peak_of(pid));
    let output = child.wait_with_output().unwrap();
    feeder.join().unwrap();
    let peak = watcher.join().unwrap();
    let took = start.elapsed();
    assert!(took < LONGEST, "{took:?}");
    let [stdout, stderr] =
        [output.stdout, output.stderr].map(|bytes| String::from_utf8(bytes).unwrap());
    Fed { run: Run { status: output.status.code().unwrap(), stdout, stderr }, peak }
}

/// The most memory that a process held until it ended.
fn peak_of(pid: u32) -> usize {
    let mut peak = 0;
    // One that has ended has no memory.
    while let Ok(status) = fs::read_to_string(format!("/proc/{pid}/status"))
        && let Some(most) = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))
    {
        peak = most.trim().trim_end_matches(" kB").parse().unwrap();
        thread::sleep(Duration::from_millis(2));
    }
    peak
}

/// Writes one byte over and over.
fn repeat(out: &mut dyn Write, byte: u8, length: u64) -> io::Result<()> {
    io::copy(&mut io::repeat(byte).take(length), out).map(drop)
}

/// A connect, whole but for a last record.
fn open_event(out: &mut dyn Write, node: &str, second: u64, serial: u64) -> io::Result<()> {
    write!(
        out,
        "{node}type=SYSCALL msg=audit({second}.000:{serial}): arch=c000003e syscall=42 \
         success=yes exit=0 a0=3 pid=1\n\
         {node}type=SOCKADDR msg=audit({second}.000:{serial}): saddr=0200115CCB007109\n"
    )
}

#[test]
fn a_line_of_a_gigabyte_is_skipped() {
    let fed = feed(&["events", "--format", "csv"], |out| {
        repeat(out, b'x', 1 << 30)?;
        out.write_all(b"\n")?;
        open_event(out, "", 1, 1)
    });
    let run = fed.expect(0, 32 * MIB, "1 line skipped: longer than 1,048,576 bytes");
    assert_eq!(run.stdout.lines().count(), 2);
}

#[test]
fn a_document_or_row_that_does_not_end_is_skipped_or_told() {
    let good = "{\"@timestamp\":1,\"destination\":{\"port\":22}}\n";
    let lines = feed(&["anomalies"], move |out| {
        out.write_all(good.as_bytes())?;
        repeat(out, b'{', 64 << 20)?;
        write!(out, "\n{good}")
    });
    lines.expect(0, 48 * MIB, "1 row skipped: longer than 1 MiB");
    let array = feed(&["anomalies"], move |out| {
        write!(out, "[{good},{{\"a\":\"")?;
        repeat(out, b'x', 64 << 20)?;
        write!(out, "\"}},{good}]")
    });
    array.expect(0, 48 * MIB, "1 row skipped: longer than 1 MiB");
    let csv = feed(&["anomalies"], |out| {
        out.write_all(b"@timestamp,destination.port\n1,22\n2,\"")?;
        repeat(out, b'x', 64 << 20)
    });
    csv.expect(2, 48 * MIB, "the row in line 3 does not end within 1 MiB");
}

/// All but as many as may be open, as ARCHITECTURE.md says, are ended.
const CUT_SHORT: &str = "983,616 events cut short: more than 16,384 events or 64 MiB of records \
    were open at once";

#[test]
fn a_million_events_in_flight_are_ended_to_bound_memory() {
    let fed = feed(&["events", "--format", "csv"], |out| {
        (0..1_000_000).try_for_each(|serial| open_event(out, "", 1, serial))
    });
    let run = fed.expect(0, 48 * MIB, CUT_SHORT);
    assert_eq!(run.stdout.lines().count(), 1_000_001);
}

#[test]
fn a_million_nodes_are_bounded_and_told() {
    let fed = feed(&["events", "--format", "csv"], |out| {
        (0..1_000_000).try_for_each(|node| open_event(out, &format!("node=h{node} "), 1, node))
    });
    let run = fed.expect(0, 80 * MIB, CUT_SHORT);
    assert_eq!(run.stdout.lines().count(), 1_000_001);
}

#[test]
fn a_million_values_are_learned_in_bounded_memory() {
    let fed = feed(&["anomalies", "--by", "user.name"], |out| {
        out.write_all(b"@timestamp,user.name\n")?;
        (0..1_000_000).try_for_each(|user| writeln!(out, "{},u{user}", user / 100))
    });
    fed.expect(0, 448 * MIB, "0 records and 0 influencers in 10 buckets of 15 minutes");
}

#[test]
fn every_port_there_is_is_learned_in_bounded_memory() {
    let fed = feed(&["detect"], |out| {
        out.write_all(b"@timestamp,destination.port,host.name,process.name\n")?;
        (0..200_000_u64)
            .try_for_each(|at| writeln!(out, "{},{},h{},p", at / 100, at % 65_536, at % 1000))
    });
    fed.expect(0, 448 * MIB, "0 alerts with a score of 50 or more in 3 buckets of 15 minutes");
}

#[test]
fn a_soup_of_keys_and_values_is_read_in_the_time_of_its_length() {
    for command in [&["records"][..], &["records", "--group"], &["events"], &["detect"]] {
        let fed = feed(command, |out| {
            for serial in 1..=6 {
                write!(out, "type=SYSCALL msg=audit(1.000:{serial}): ")?;
                (0..60_000).try_for_each(|at| write!(out, "a{}=\"b c={at} ", at % 7))?;
                write!(out, "\ntype=EXECVE msg=audit(1.000:{serial}): argc=4000000000 ")?;
                (0..50_000).try_for_each(|at| write!(out, "a{at}=62 "))?;
                write!(out, "\ntype=SOCKADDR msg=audit(1.000:{serial}): saddr=")?;
                repeat(out, b'0', 900_000)?;
                out.write_all(b"\n= == =a a= \"' type=type=type= msg=audit(\n")?;
            }
            Ok(())
        });
        fed.expect(
            0,
            96 * MIB,
            "6 other lines skipped: not from audit; the first is standard input:4",
        );
    }
}

#[cfg(unix)]
#[test]
fn links_in_circles_are_searched_once() {
    use std::os::unix::fs::symlink;
    let root = TempDir::new().unwrap();
    let log = corpus("quirks/00-plain.log");
    for host in ["web01", "db01"] {
        let directory = root.path().join(host).join("var/log");
        fs::create_dir_all(&directory).unwrap();
        fs::copy(&log, directory.join("audit.log")).unwrap();
        for link in 0..50 {
            symlink(root.path(), directory.join(format!("up{link}"))).unwrap();
            symlink("..", root.path().join(host).join(format!("l{link}"))).unwrap();
        }
    }
    for link in 0..50 {
        symlink(".", root.path().join(format!("here{link}"))).unwrap();
        symlink(format!("there{link}"), root.path().join(format!("there{link}"))).unwrap();
    }
    let start = Instant::now();
    let run = rareport(&["events", root.path().to_str().unwrap()]).expect(0);
    assert!(start.elapsed() < LONGEST);
    let once = rareport(&["events", &log]).expect(0).stdout.lines().count();
    assert_eq!(run.stdout.lines().count(), 2 * once);
}
