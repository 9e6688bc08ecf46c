#!/usr/bin/env python3
"""Run rareport for many days of log time on a log that is written and rotated, and print its memory by day.

    soak.py --rareport target/release/rareport                       # 30 days, thinned
    soak.py --rareport target/release/rareport --days 1 --rate 1000  # nothing thinned

A fleet of 200 hosts connects to 2,000 ports: a few of them all the time, most of them seldom (weight of rank i:
1/i), with 50 programs, 25 users and 5,000 addresses. Days are of log time; they are written as fast as they
are read. Buckets, ports, hosts and values of influencers are those of such a fleet; thinned is only how often
an event comes again within its bucket: --rate 1000 writes a thousand events a second and takes hours for 30 days.

rareport follows the log with a state. The log is rotated every six hours of log time or 256 MiB, and three older
files are kept. A line for each day says what rareport itself tells: resident memory, size of its state, events
that were read and lost, and the processor time that it took. In the end the exit status is 1 if memory has grown
after the first day (by more than a tenth and 4 MiB), if the state has 5 MB or more, or if an event is missing.
"""
import argparse
import json
import os
import random
import subprocess
import sys
import tempfile
import time
from itertools import accumulate

START = 1717372800  # Mon 2024-06-03T00:00:00Z
SPAN, DAY, ROTATION = 900, 86400, 6 * 3600
LARGEST = 256 << 20  # bytes of a file of the log
HOSTS, PORTS, PROGRAMS, USERS, ADDRESSES = 200, 2000, 50, 25, 5000
KINDS = 100_000  # of connections that differ in more than their time
SYSCALL = (' arch=c000003e syscall=42 success=yes exit=0 a0=3 a1=7ffc1 a2=10 a3=0 items=0 ppid=1 pid=%d auid=%d '
           'uid=%d gid=0 euid=0 suid=0 fsuid=0 egid=0 sgid=0 fsgid=0 tty=(none) ses=1 comm="p%d" exe="/usr/bin/p%d" '
           'key="net"')


def ranks(count):
    """Running weights of `count` ranks, of which rank i has 1/i."""
    return list(accumulate(1 / rank for rank in range(1, count + 1)))


class Fleet:
    """Events of many hosts."""

    def __init__(self, seed):
        self.dice = random.Random(seed)
        self.ports = self.dice.sample(range(1, 65536), PORTS)
        self.serials = [1] * HOSTS
        ports = self.dice.choices(self.ports, cum_weights=ranks(PORTS), k=KINDS)
        self.kinds = [self.kind(port) for port in ports]

    def kind(self, port):
        """What is the same each time that a program connects somewhere: the host, and two records."""
        program, user = self.dice.randrange(PROGRAMS), 1000 + self.dice.randrange(USERS)
        address = self.dice.randrange(ADDRESSES)
        host = self.dice.randrange(HOSTS)
        syscall = SYSCALL % (self.dice.randrange(2, 32768), user, user, program, program)
        sockaddr = ' saddr=0200%04X0A07%04X0000000000000000' % (port, address)
        return host, f'node=host{host:03} type=', syscall, sockaddr

    def second(self, at, count):
        """The records of `count` events in a second."""
        lines = []
        for number, (host, node, syscall, sockaddr) in enumerate(self.dice.choices(self.kinds, k=count)):
            serial = self.serials[host]
            self.serials[host] = serial + 1
            stamp = f'msg=audit({at}.{number * 999 // count:03}:{serial}):'
            lines.append(f'{node}SYSCALL {stamp}{syscall}\n{node}SOCKADDR {stamp}{sockaddr}\n')
        return ''.join(lines).encode()


class Log:
    """A log that is written and rotated."""

    def __init__(self, directory):
        self.path = os.path.join(directory, 'audit.log')
        self.file = open(self.path, 'ab')

    def rotate(self):
        self.file.close()
        for number in (2, 1, 0):
            name = f'{self.path}.{number}' if number else self.path
            if os.path.exists(name):
                os.replace(name, f'{self.path}.{number + 1}')
        self.file = open(self.path, 'ab')


def status_of(path):
    try:
        with open(path, encoding='utf-8') as file:
            return json.load(file)
    except (OSError, ValueError):
        return None


def wait_for(run, path, events):
    """Waits until so many events were read; the status then."""
    while True:
        status = status_of(path)
        if status and status['events'] >= events:
            return status
        if run.poll() is not None:
            sys.exit(f'rareport ended with status {run.returncode}')
        time.sleep(0.1)


def processor_seconds(pid):
    with open(f'/proc/{pid}/stat', encoding='ascii') as file:
        fields = file.read().rsplit(')', 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf('SC_CLK_TCK')


def soak(args, directory):
    logs, state, status = (os.path.join(directory, name) for name in ('logs', 'state', 'status'))
    os.mkdir(logs)
    log = Log(logs)
    fleet = Fleet(args.seed)
    command = [args.rareport, 'detect', '--follow', '--quiet', '--state', state, '--status', status, '--append',
               os.path.join(directory, 'alerts'), logs]
    run = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
    written, rows, end = 0, [], START + int(args.days * DAY)
    step = 1 if args.rate >= 1 else SPAN // int(SPAN * args.rate)
    print('day      events   lost  alerts  memory MiB  state bytes  processor s', flush=True)
    for at in range(START, end, step):
        count = max(1, round(args.rate * step))
        log.file.write(fleet.second(at, count))
        written += count
        over = at + step
        if over % ROTATION < step or log.file.tell() >= LARGEST or over >= end:
            log.file.flush()
            # The last event of each host may still be open.
            told = wait_for(run, status, written - HOSTS * 2)
            log.rotate()
        if over % DAY < step or over >= end:
            size = os.path.getsize(state) if os.path.exists(state) else 0
            lost = told['lost']['events_missing_by_serial']
            rows.append((told['memory_bytes'] / 2**20, size, lost))
            print(f"{(over - START) / DAY:4.2f} {told['events']:11,} {lost:6,} {told['alerts']:7,} {rows[-1][0]:11.1f} "
                  f'{size:12,} {processor_seconds(run.pid):12.1f}', flush=True)
    run.terminate()
    run.wait()
    size = os.path.getsize(state)
    print(f'the state in the end: {size:,} bytes')
    return rows, size


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--rareport', required=True, help='the program')
    parser.add_argument('--days', type=float, default=30, help='days of log time (30)')
    parser.add_argument('--rate', type=float, default=4, help='events in a second of log time (4: 3,600 in a bucket)')
    parser.add_argument('--seed', type=int, default=1)
    args = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix='soak-') as directory:
        rows, size = soak(args, directory)
    first, last = rows[0][0], max(memory for memory, _, _ in rows)
    failed = [reason for reason, is_so in (
        (f'memory grew from {first:.1f} to {last:.1f} MiB', last > first * 1.1 + 4),
        (f'the state has {size:,} bytes', size >= 5_000_000),
        (f'{rows[-1][2]:,} events are missing', rows[-1][2] > 0),
    ) if is_so]
    print('; '.join(failed) or 'memory is flat, the state is small, nothing is missing')
    sys.exit(bool(failed))


if __name__ == '__main__':
    main()
