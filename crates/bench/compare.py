#!/usr/bin/env python3
"""Compares rareport with other readers of audit logs, on one generated log:

    crates/bench/compare.py [--mb 64] [--rounds 5] [--log FILE]

The peers are ausearch and aureport of Debian's package auditd and the crate linux-audit-parser
from crates.io (the passes `peer-…` of rareport-bench). If ausearch is not installed, Debian's
packages are downloaded with `apt-get download` and unpacked below the target directory: nothing is
installed, no daemon is started and auditing is not enabled. Without apt-get these rows are left
out, which is told. Needs Rust and Python 3.

Every command is run in turn, so many rounds, each alone and with its output thrown away; the round
that took the least processor time (user and system) counts, as other programs only ever make one
slower. Peak memory is the largest resident set that the kernel saw. The table is Markdown.
"""

import argparse
import os
import pathlib
import shutil
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent
TARGET = pathlib.Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target"))
PACKAGES = ["auditd", "libaudit1", "libauparse0"]
# Names of the packages since Debian 13, where they differ.
PACKAGES_SINCE_13 = ["auditd", "libaudit1", "libauparse0t64"]


def build():
    """Builds both programs as releases are built; gives the directory that they are in."""
    command = ["cargo", "build", "--quiet", "--profile", "bench"]
    subprocess.run(command + ["-p", "rareport-cli", "-p", "rareport-bench"], cwd=ROOT, check=True)
    return TARGET / "release"


def generated(megabytes):
    """The path of a generated log, which is made if it is not there yet."""
    path = TARGET / "generated" / f"compare-{megabytes}m.log"
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        partial = path.with_suffix(".partial")
        generator = [sys.executable, HERE / "gen_audit.py", "--profile", "mixed", "--no-eoe"]
        subprocess.run(generator + ["--mb", str(megabytes), "--out", partial], check=True)
        partial.rename(path)
    return path


def audit_tools():
    """The directory of ausearch and aureport, with the environment that they need, or None."""
    path = os.environ["PATH"] + ":/usr/sbin:/sbin"
    found = shutil.which("ausearch", path=path)
    if found:
        return pathlib.Path(found).parent, dict(os.environ)
    unpacked = TARGET / "auditd"
    if not list(unpacked.glob("**/ausearch")):
        unpacked.mkdir(parents=True, exist_ok=True)
        if not download(unpacked):
            return None
        for package in unpacked.glob("*.deb"):
            subprocess.run(["dpkg", "-x", package, unpacked], check=True)
    libraries = {str(library.parent) for library in unpacked.glob("**/libaud*.so.*")}
    libraries |= {str(library.parent) for library in unpacked.glob("**/libauparse.so.*")}
    environment = dict(os.environ, LD_LIBRARY_PATH=":".join(sorted(libraries)))
    return next(unpacked.glob("**/ausearch")).parent, environment


def download(directory):
    """Downloads Debian's packages; whether that could be done."""
    if not (shutil.which("apt-get") and shutil.which("dpkg")):
        return False
    for packages in PACKAGES, PACKAGES_SINCE_13:
        command = ["apt-get", "download", "--quiet", *packages]
        if subprocess.run(command, cwd=directory, capture_output=True).returncode == 0:
            return True
    return False


def measure(command, environment):
    """Processor time in seconds and peak memory in KiB of a command, and its lines of output."""
    process = subprocess.Popen(
        command, env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    )
    lines = 0
    while chunk := process.stdout.read(1 << 20):
        lines += chunk.count(b"\n")
    process.stdout.close()
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != 0:
        raise SystemExit(f"{' '.join(map(str, command))}: exit status {process.returncode}")
    return usage.ru_utime + usage.ru_stime, usage.ru_maxrss, lines


def rows(binaries, log):
    """What is compared: what it does, the command, and its environment."""
    environment = dict(os.environ)
    rareport, bench = binaries / "rareport", binaries / "rareport-bench"
    yield "every connection, as CSV", [rareport, "events", "--quiet", "--format", "csv", log], environment
    yield "every connection, as ECS documents", [rareport, "events", "--quiet", "--format", "ndjson", log], environment
    yield "every record, as JSON", [rareport, "records", "--quiet", log], environment
    yield "rare ports", [rareport, "detect", "--quiet", log], environment
    yield "ports of all connections", [bench, "connections", log], environment
    yield "ports of all connections", [bench, "peer-connections", log], environment
    yield "every record, parsed", [bench, "fields", log], environment
    yield "every record, parsed", [bench, "peer-parse", log], environment
    tools = audit_tools()
    if tools is None:
        print("ausearch and aureport are left out: they are not installed and could not be downloaded")
        return
    directory, environment = tools
    ausearch, aureport = directory / "ausearch", directory / "aureport"
    yield "every connect, as CSV", [ausearch, "-if", log, "-sc", "connect", "--format", "csv"], environment
    yield "every connect, interpreted", [ausearch, "-if", log, "-sc", "connect", "-i"], environment
    yield "every event, as it is", [ausearch, "-if", log, "--raw"], environment
    yield "numbers of events", [aureport, "-if", log, "--summary"], environment


def shown(command):
    """A command without the directories of its words."""
    return " ".join(pathlib.Path(word).name if "/" in str(word) else str(word) for word in command)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n", maxsplit=1)[0])
    parser.add_argument("--mb", type=int, default=64, help="size of the generated log")
    parser.add_argument("--rounds", type=int, default=5, help="runs of each command")
    parser.add_argument("--log", type=pathlib.Path, help="a log to read in place of a generated one")
    arguments = parser.parse_args()
    binaries = build()
    log = arguments.log or generated(arguments.mb)
    size = log.stat().st_size
    compared = list(rows(binaries, log))
    best = [None] * len(compared)
    for _ in range(arguments.rounds):
        for place, (_, command, environment) in enumerate(compared):
            taken = measure(command, environment)
            best[place] = min(best[place] or taken, taken)
    print(f"{log.name}: {size} bytes, the best of {arguments.rounds} rounds\n")
    print("| what | command | lines out | processor time | MB/s | peak memory |")
    print("|---|---|---|---|---|---|")
    for (what, command, _), (seconds, peak, lines) in zip(compared, best):
        rate = size / 1e6 / max(seconds, 1e-3)
        print(
            f"| {what} | `{shown(command)}` | {lines} | {seconds:.2f} s | {rate:.0f} "
            f"| {peak / 1024:.0f} MiB |"
        )


if __name__ == "__main__":
    main()
