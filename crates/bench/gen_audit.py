#!/usr/bin/env python3
"""Write a Linux audit log of any size, the same bytes for the same seed, and the truth about it.

    gen_audit.py --out big.log --mb 64 --profile mixed --no-eoe
    gen_audit.py --out connect.log --mb 20 --profile connect --rate 10000

writes OUT and OUT.truth.json: how many lines, events, records of each type, connects of each address
family, successes, failures and ports a right reader finds in OUT.
"""
import argparse
import json
import random
import socket
import struct

EPILOG = """\
profiles:
  mixed    60 % connect events; the first 60 % of the bytes are log_format=RAW, the next 25 % ENRICHED, the
           last 15 % ENRICHED with node= of three hosts, each with its own serials
  connect  connect events only, RAW, no node=

About 15 % of the events are interleaved with one to three others. Time advances by an exponential step, so
--rate decides how many events are open at once for a reader that waits for late records. auditd does not write
EOE records to disk, plugins do see them: --no-eoe gives what is in /var/log/audit.
"""

GROUP_SEPARATOR = '\x1d'
START = 1716998400.0
FLUSH_BYTES = 4_000_000
UNSET = 4294967295

PROCESSES = [  # comm, exe, uid, argv
    ('curl', '/usr/bin/curl', 1000, ['curl', '-fsS', 'https://api.example.com/v1/health']),
    ('curl', '/usr/bin/curl', 0, ['curl', '-s', '--max-time', '5',
                                  'http://169.254.169.254/latest/meta-data/iam/security-credentials/']),
    ('sshd', '/usr/sbin/sshd', 0, ['sshd: deploy [priv]']),
    ('nginx', '/usr/sbin/nginx', 33, ['nginx: worker process']),
    ('php-fpm7.4', '/usr/sbin/php-fpm7.4', 33, ['php-fpm: pool www']),
    ('postgres', '/usr/lib/postgresql/15/bin/postgres', 110, ['postgres: checkpointer']),
    ('python3', '/usr/bin/python3.11', 1001, ['/usr/bin/python3', '/opt/app/worker.py', '--queue', 'default',
                                              '--concurrency', '8']),
    ('java', '/usr/lib/jvm/java-17-openjdk-amd64/bin/java', 998,
     ['java', '-Xms2g', '-Xmx2g', '-XX:+UseG1GC', '-jar', '/srv/app/app.jar', '--spring.profiles.active=prod']),
    ('kubelet', '/usr/bin/kubelet', 0,
     ['/usr/bin/kubelet', '--config=/var/lib/kubelet/config.yaml',
      '--container-runtime-endpoint=unix:///run/containerd/containerd.sock']),
    ('containerd', '/usr/bin/containerd', 0, ['/usr/bin/containerd']),
    ('filebeat', '/usr/share/filebeat/bin/filebeat', 0,
     ['/usr/share/filebeat/bin/filebeat', '--environment', 'systemd', '-c', '/etc/filebeat/filebeat.yml']),
    ('systemd-resolve', '/usr/lib/systemd/systemd-resolved', 101, ['/lib/systemd/systemd-resolved']),
    ('chronyd', '/usr/sbin/chronyd', 106, ['/usr/sbin/chronyd', '-F', '1']),
    ('apt-get', '/usr/bin/apt-get', 0, ['apt-get', 'update']),
    ('http', '/usr/lib/apt/methods/http', 42, ['/usr/lib/apt/methods/http']),
    ('node', '/usr/bin/node', 1002, ['node', '/srv/web/server.js']),
    ('DNS Res~ver #12', '/usr/lib/firefox/firefox', 1000, ['/usr/lib/firefox/firefox', '-contentproc']),
    ('ThreadPoolForeg', '/opt/google/chrome/chrome', 1000, ['/opt/google/chrome/chrome', '--type=utility']),
    ('redis-server', '/usr/bin/redis-server', 112, ['/usr/bin/redis-server 127.0.0.1:6379']),
    ('wget', '/usr/bin/wget', 0, ['wget', '-q', '-O', '-', 'http://10.2.3.4:8081/x.sh']),
    ('nc', '/usr/bin/nc.openbsd', 1003, ['nc', '-z', '198.51.100.7', '4444']),
    ('ld-linux (x86)', '/home/user/My Games/bin/game server', 1000, ['./game server', '--port', '27015']),
]
COMMANDS = [  # comm, exe, argv
    ('ls', '/usr/bin/ls', ['ls', '--color=auto', '-la', '/var/log']),
    ('sh', '/usr/bin/dash', ['/bin/sh', '-c',
                             'test -x /usr/sbin/anacron || ( cd / && run-parts --report /etc/cron.daily )']),
    ('grep', '/usr/bin/grep', ['grep', '-E', '^(root|daemon):', '/etc/passwd']),
    ('id', '/usr/bin/id', ['id', '-u']),
    ('whoami', '/usr/bin/whoami', ['whoami']),
    ('date', '/usr/bin/date', ['date', '+%s']),
    ('bash', '/usr/bin/bash', ['bash', '-c', 'for i in $(seq 1 3); do echo "hi $i"; done']),
    ('ip', '/usr/sbin/ip', ['ip', '-j', 'addr', 'show', 'dev', 'eth0']),
    ('ps', '/usr/bin/ps', ['ps', 'axo', 'pid=,comm=']),
    ('systemctl', '/usr/bin/systemctl', ['systemctl', 'is-active', '--quiet', 'nginx.service']),
    ('awk', '/usr/bin/mawk', ['awk', '{print $1}', '']),
    ('git', '/usr/bin/git', ['git', '-C', '/srv/web', 'rev-parse', '--short', 'HEAD']),
]
USER_NAMES = {0: 'root', 1000: 'user', 1001: 'worker', 1002: 'web', 1003: 'eve', 33: 'www-data', 42: '_apt',
              101: 'systemd-resolve', 106: '_chrony', 110: 'postgres', 112: 'redis', 998: 'app', UNSET: 'unset'}
COMMON_PORTS = ([443] * 40 + [80] * 14 + [53] * 18 + [5432] * 6 + [6379] * 5 + [8080] * 4 + [9200] * 4
                + [3306] * 3 + [22] * 2 + [123] * 2 + [8443] * 2 + [5044] * 2)
KEYS = ['"net_connect"', '"network_connect_4"', '"T1071"', '(null)', '"external-access"']
UNIX_PATHS = ['/run/systemd/journal/stdout', '/var/run/nscd/socket', '/run/dbus/system_bus_socket',
              '/run/containerd/containerd.sock', '/dev/log', '/var/run/postgresql/.s.PGSQL.5432',
              '/run/user/1000/bus']
NODES = ('web01', 'web01', 'web01', 'db-02.example.com', 'k8s-node-3')
FIRST_SERIALS = {'': 41000, 'web01': 7_700_000, 'db-02.example.com': 120_033, 'k8s-node-3': 4_294_960_000}


def to_hex(data):
    return data.hex().upper()


def untrusted(text):
    """As the kernel writes a string that a user controls: quoted, or in hex if quoting would not be safe."""
    data = text.encode()
    if any(c < 0x21 or c > 0x7e or c == 0x22 for c in data):
        return to_hex(data)
    return f'"{text}"'


def proctitle(argv):
    if len(argv) == 1 and untrusted(argv[0]).startswith('"'):
        return untrusted(argv[0])
    return to_hex('\0'.join(argv).encode()[:128])


def execve_arguments(argv):
    return f'argc={len(argv)} ' + ' '.join(f'a{i}={untrusted(a)}' for i, a in enumerate(argv))


def ids(uid, auid):
    return (f'auid={auid} uid={uid} gid={uid} euid={uid} suid={uid} fsuid={uid} '
            f'egid={uid} sgid={uid} fsgid={uid}')


def id_names(uid, auid):
    user = USER_NAMES.get(uid, f'unknown({uid})')
    login = USER_NAMES.get(auid, f'unknown({auid})')
    return f'AUID="{login}" ' + ' '.join(
        f'{key}="{user}"' for key in ('UID', 'GID', 'EUID', 'SUID', 'FSUID', 'EGID', 'SGID', 'FSGID'))


class Generator:
    """Makes events; an event is a list of records (type, body, enrichment or None)."""

    def __init__(self, seed, rate, profile, eoe):
        self.random = random.Random(seed)
        self.chance = self.random.random
        self.below = self.random.randrange
        self.pick = self.random.choice
        self.rate = rate
        self.profile = profile
        self.eoe = eoe
        self.enriched = False
        self.with_node = False
        self.time = START
        self.serials = dict(FIRST_SERIALS)
        self.processes = [(untrusted(comm), untrusted(exe), uid, proctitle(argv))
                          for comm, exe, uid, argv in PROCESSES]
        self.commands = [(untrusted(comm), untrusted(exe), proctitle(argv), execve_arguments(argv))
                         for comm, exe, argv in COMMANDS]
        self.truth = dict(
            lines=0, events=0, types={}, connect_events=0, inet=0, inet6=0, unix=0, other=0, inet_ports_sum=0,
            inet_success=0, inet_failed=0, net_events_with_port=0, execve_events=0, nodes=0, enriched_lines=0,
            interleaved_groups=0, rare_ports=0)

    # Parts of records. The order of the draws decides the output: it must stay as it is.

    def pid(self):
        return self.below(300, 400000)

    def pointer(self):
        return '7f' + ''.join(self.random.choices('0123456789abcdef', k=10))

    def subject(self):
        draw = self.chance()
        if draw < 0.6:
            return 'unconfined'
        if draw < 0.85:
            return None
        return self.pick(('system_u:system_r:init_t:s0', 'unconfined_u:unconfined_r:unconfined_t:s0-s0:c0.c1023',
                          'docker-default (enforce)'))

    def ipv4(self):
        if self.chance() < 0.55:
            return f'{self.pick((10, 172, 192))}.{self.below(256)}.{self.below(256)}.{self.below(1, 255)}'
        return f'{self.below(1, 223)}.{self.below(256)}.{self.below(256)}.{self.below(1, 255)}'

    def port(self):
        if self.chance() < 0.004:
            self.truth['rare_ports'] += 1
            return self.pick((4444, 1337, 31337, 6667, 9001, 2222, 53413, 60123, self.below(1024, 65536)))
        return self.pick(COMMON_PORTS)

    # Socket addresses: (family, port, saddr, enrichment).

    def inet_address(self):
        address = self.ipv4()
        port = self.port()
        saddr = f'0200{port:04X}{to_hex(socket.inet_aton(address))}0000000000000000'
        return 'inet', port, saddr, f'{{ saddr_fam=inet laddr={address} lport={port} }}'

    def inet6_address(self):
        port = self.port()
        scope = flow = 0
        draw = self.chance()
        if draw < 0.5:
            host = self.below(256)
            raw = bytes([0x2a, 0x00, 0x14, 0x50, 0x40, 0x01, 0x08, host]) + bytes(4)
            raw += bytes([0, 0, 0x20, self.below(256)])
        elif draw < 0.7:
            raw = bytes(15) + b'\1'
        elif draw < 0.85:
            raw = bytes(10) + b'\xff\xff' + socket.inet_aton(self.ipv4())
        else:
            raw = bytes([0xfe, 0x80]) + bytes(6) + bytes(self.below(256) for _ in range(8))
            scope = self.below(1, 6)
        if self.chance() < 0.03:
            flow = self.below(1, 0xfffff)
        address = socket.inet_ntop(socket.AF_INET6, raw)
        if scope:
            address += f'%eth{scope}'
        saddr = f'0A00{port:04X}{flow:08X}{to_hex(raw)}{to_hex(struct.pack("<I", scope))}'
        return 'inet6', port, saddr, f'{{ saddr_fam=inet6 laddr={address} lport={port} }}'

    def unix_address(self):
        if self.chance() < 0.8:
            path = self.pick(UNIX_PATHS)
            raw = path.encode()
            raw += bytes(108 - len(raw)) if self.chance() < 0.5 else b'\0'
        else:
            raw = b'\0/tmp/dbus-' + bytes(ord(self.pick('abcdefghijkl')) for _ in range(8))
            path = raw[1:].decode()
        return 'unix', 0, '0100' + to_hex(raw), f'{{ saddr_fam=local path={path} }}'

    def other_address(self):
        draw = self.chance()
        if draw < 0.4:
            return 'other', 0, '100000000000000000000000', '{ saddr_fam=netlink nlnk-fam=16 nlnk-pid=0 }'
        if draw < 0.7:
            return 'other', 0, '00000000000000000000000000000000', 'unknown-family(0)'
        if draw < 0.85:
            port = to_hex(struct.pack('<I', 1024 + self.below(5000)))
            return 'other', 0, f'28000000{port}0200000000000000', '{ saddr_fam=vsock (unsupported) }'
        return ('other', 0, '11000003020000000100060002420AFF0001000000000000',
                '{ saddr_fam=packet (unsupported) }')

    # Records.

    @staticmethod
    def syscall(number, name, success, exit_code, args, uid, auid, ses, comm, exe, key, items, subject, ppid, pid,
                tty='(none)'):
        return ('SYSCALL',
                f'arch=c000003e syscall={number} success={success} exit={exit_code} '
                f'a0={args[0]} a1={args[1]} a2={args[2]} a3={args[3]} items={items} ppid={ppid} pid={pid} '
                f'{ids(uid, auid)} tty={tty} ses={ses} comm={comm} exe={exe}'
                + (f' subj={subject}' if subject else '') + f' key={key}',
                f'ARCH=x86_64 SYSCALL={name} {id_names(uid, auid)}')

    @staticmethod
    def path(item, name, inode, mode='0100755'):
        return ('PATH',
                f'item={item} name={name} inode={inode} dev=fd:01 mode={mode} ouid=0 ogid=0 rdev=00:00 '
                'nametype=NORMAL cap_fp=0 cap_fi=0 cap_fe=0 cap_fver=0 cap_frootid=0',
                'OUID="root" OGID="root"')

    @staticmethod
    def user(record_type, prefix, message):
        body = f"{prefix} msg='{message}'"
        login = 'unset' if f'auid={UNSET}' in body else 'user'
        return record_type, body, f'UID="root" AUID="{login}"'

    @staticmethod
    def closed(records, title):
        return records + [('PROCTITLE', f'proctitle={title}', None), ('EOE', '', None)]

    # Events.

    def connect(self):
        comm, exe, uid, title = self.pick(self.processes)
        auid = UNSET if self.chance() < 0.6 else (uid if uid >= 1000 else 1000)
        ses = UNSET if auid == UNSET else self.below(1, 400)
        draw = self.chance()
        if draw < 0.70:
            (family, port, saddr, names), length = self.inet_address(), '10'
        elif draw < 0.82:
            (family, port, saddr, names), length = self.inet6_address(), '1c'
        elif draw < 0.985:
            (family, port, saddr, names), length = self.unix_address(), '6e'
        else:
            (family, port, saddr, names), length = self.other_address(), 'c'
        draw = self.chance()
        if family == 'unix':
            outcomes = ((0.9, 'yes', 0), (0.97, 'no', -2), (1, 'no', -111))
        else:
            outcomes = ((0.55, 'yes', 0), (0.92, 'no', -115), (0.95, 'no', -111), (0.98, 'no', -101),
                        (1, 'no', -110))
        success, exit_code = next((s, e) for limit, s, e in outcomes if draw < limit)
        self.count_connect(family, port, success)
        pid = self.pid()
        args = ('%x' % self.below(3, 200), self.pointer(), length, self.pick(('0', self.pointer())))
        key = self.pick(KEYS)
        subject = self.subject()
        ppid = 1 if self.chance() < 0.5 else self.below(2, pid)
        return self.closed(
            [self.syscall(42, 'connect', success, exit_code, args, uid, auid, ses, comm, exe, key, 0, subject,
                          ppid, pid),
             ('SOCKADDR', f'saddr={saddr}', f'SADDR={names}')], title)

    def count_connect(self, family, port, success):
        self.truth['connect_events'] += 1
        self.truth[family] += 1
        if family in ('inet', 'inet6'):
            self.truth['inet_ports_sum'] += port
            self.truth['inet_success' if success == 'yes' else 'inet_failed'] += 1
            self.truth['net_events_with_port'] += 1

    def other_socket_call(self):
        comm, exe, uid, title = self.pick(self.processes)
        pid = self.pid()
        number, name, length = self.pick(
            ((43, 'accept', '10'), (288, 'accept4', '1c'), (49, 'bind', '10'), (44, 'sendto', '10'),
             (46, 'sendmsg', '0'), (45, 'recvfrom', '10')))
        _, port, saddr, names = self.inet_address() if self.chance() < .8 else self.inet6_address()
        if port:
            self.truth['net_events_with_port'] += 1
        exit_code = self.below(3, 90)
        args = ('%x' % self.below(3, 200), self.pointer(), length, '0')
        key = self.pick(KEYS)
        return self.closed(
            [self.syscall(number, name, 'yes', exit_code, args, uid, UNSET, UNSET, comm, exe, key, 0,
                          self.subject(), 1, pid),
             ('SOCKADDR', f'saddr={saddr}', f'SADDR={names}')], title)

    def execve(self):
        comm, exe, title, arguments = self.pick(self.commands)
        uid = self.pick((0, 0, 0, 33, 1000, 1001))
        auid = UNSET if self.chance() < .5 else 1000
        ses = UNSET if auid == UNSET else self.below(1, 400)
        pid = self.pid()
        self.truth['execve_events'] += 1
        args = ['55' + self.pointer()[2:] for _ in range(3)] + [self.pick(('8', '0'))]
        key = self.pick(('"exec"', '"rootcmd"', '(null)', '"T1059"'))
        subject = self.subject()
        ppid = self.below(2, pid)
        records = [self.syscall(59, 'execve', 'yes', 0, args, uid, auid, ses, comm, exe, key, 2, subject, ppid,
                                pid, self.pick(('(none)', 'pts0', 'pts1')))]
        if self.chance() < 0.01:
            records += self.split_execve()
        else:
            records.append(('EXECVE', arguments, None))
        cwd = self.pick(['"/"', '"/root"', '"/home/user"', '"/srv/web"', to_hex(b'/home/user/My Games')])
        records += [('CWD', f'cwd={cwd}', None),
                    self.path(0, exe, self.below(100000, 9999999)),
                    self.path(1, '"/lib64/ld-linux-x86-64.so.2"', 262146)]
        return self.closed(records, title)

    def split_execve(self):
        """An argument too long for one record."""
        argument = to_hex((('x' * self.below(50, 90)) + ' ').encode()) * self.below(40, 120)
        parts = [argument[i:i + 4000] for i in range(0, len(argument), 4000)]
        first = f'argc=3 a0="bash" a1="-c" a2_len={len(argument)} a2[0]={parts[0]}'
        return [('EXECVE', first, None)] + [('EXECVE', f'a2[{i}]={part}', None)
                                            for i, part in enumerate(parts[1:], 1)]

    def open(self):
        comm, exe, uid, title = self.pick(self.processes)
        pid = self.pid()
        name = self.pick(('"/etc/shadow"', '"/etc/passwd"', '"/root/.ssh/authorized_keys"', '"/tmp/upload.php"',
                          to_hex(b'/srv/share/Q3 report.xlsx')))
        success, exit_code = self.pick((('yes', 3), ('no', -13), ('no', -2)))
        args = ('ffffff9c', self.pointer(), '80000', '0')
        return self.closed(
            [self.syscall(257, 'openat', success, exit_code, args, uid, UNSET, UNSET, comm, exe, '"etc-read"', 1,
                          self.subject(), 1, pid),
             ('CWD', 'cwd="/"', None),
             self.path(0, name, self.below(100000, 9999999), '0100640')], title)

    def denied(self):
        comm, exe, uid, title = self.pick(self.processes)
        pid = self.pid()
        if self.chance() < .6:
            permissions = self.pick(('name_connect', 'read', 'read write', 'getattr open read', 'connectto',
                                     'setuid'))
            if permissions == 'name_connect':
                target = f' dest={self.port()}'
            else:
                target = f' name="shadow" dev="dm-0" ino={self.below(9999999)}'
            tclass = 'tcp_socket' if 'connect' in permissions else 'file'
            avc = ('AVC',
                   f'avc:  denied  {{ {permissions} }} for  pid={pid} comm={comm}{target} '
                   'scontext=system_u:system_r:httpd_t:s0 tcontext=system_u:object_r:http_port_t:s0 '
                   f'tclass={tclass} permissive=0', None)
        else:
            verdict = self.pick(('DENIED', 'ALLOWED'))
            avc = ('AVC',
                   f'apparmor="{verdict}" operation="open" profile="/usr/sbin/mysqld" name="/proc/{pid}/status" '
                   f'pid={pid} comm={comm} requested_mask="r" denied_mask="r" fsuid={uid} ouid={uid}',
                   'FSUID="root" OUID="root"')
        args = ('7', self.pointer(), '10', '0')
        return self.closed(
            [avc, self.syscall(42, 'connect', 'no', -13, args, uid, UNSET, UNSET, comm, exe, '(null)', 0,
                               'system_u:system_r:httpd_t:s0', 1, pid)], title)

    def login_session(self):
        """Events of one record each, from pam: a list of events."""
        self.chance()  # unused, kept so that a seed keeps giving the same log
        pid = self.pid()
        ses = self.below(1, 500)
        address = self.ipv4()
        user = self.pick(('root', 'deploy', 'user', 'admin', 'oracle'))
        success = self.chance() < 0.8
        subject = ' subj=system_u:system_r:sshd_t:s0-s0:c0.c1023' if self.chance() < .3 else ''
        before = f'pid={pid} uid=0 auid={UNSET} ses={UNSET}{subject}'
        after = f'pid={pid} uid=0 auid=1000 ses={ses}{subject}'
        known = success or self.chance() < .5
        account = f'acct="{user}"' if known else 'acct=' + to_hex(b'(invalid user)')

        def pam(record_type, prefix, operation, grantors, account=account, result='success'):
            return self.user(record_type, prefix,
                             f'op=PAM:{operation} grantors={grantors} {account} exe="/usr/sbin/sshd" '
                             f'hostname={address} addr={address} terminal=ssh res={result}')

        if not success:
            return [[pam('USER_AUTH', before, 'authentication', '?', result='failed')],
                    [self.user('USER_LOGIN', before,
                               f'op=login {account} exe="/usr/sbin/sshd" hostname=? addr={address} terminal=ssh '
                               'res=failed')]]
        session_grantors = 'pam_selinux,pam_loginuid,pam_keyinit,pam_limits,pam_systemd,pam_unix'
        command = to_hex(b'systemctl restart nginx')
        events = [
            pam('USER_AUTH', before, 'authentication', 'pam_unix'),
            pam('USER_ACCT', before, 'accounting', 'pam_unix,pam_localuser'),
            pam('CRED_ACQ', before, 'setcred', 'pam_unix'),
            pam('USER_START', after, 'session_open', session_grantors),
            self.user('USER_LOGIN', after,
                      f'op=login id=1000 exe="/usr/sbin/sshd" hostname=? addr={address} '
                      f'terminal=/dev/pts/{self.below(9)} res=success'),
            self.user('USER_CMD', f'pid={pid + 1} uid=1000 auid=1000 ses={ses}{subject}',
                      f'cwd="/home/user" cmd={command} exe="/usr/bin/sudo" terminal=pts/0 res=success'),
            pam('CRED_DISP', after, 'setcred', 'pam_unix'),
            pam('USER_END', after, 'session_close', 'pam_unix'),
        ]
        return [[event] for event in events[:self.below(2, len(events) + 1)]]

    def service(self):
        unit = self.pick(('nginx', 'apt-daily', 'logrotate', 'fstrim', 'systemd-tmpfiles-clean', 'user@1000'))
        return [(self.pick(('SERVICE_START', 'SERVICE_STOP')),
                 f'pid=1 uid=0 auid={UNSET} ses={UNSET} subj=unconfined msg=\'unit={unit} comm="systemd" '
                 'exe="/usr/lib/systemd/systemd" hostname=? addr=? terminal=? res=success\'',
                 'UID="root" AUID="unset"')]

    def miscellaneous(self):
        draw = self.chance()
        pid = self.pid()
        if draw < .3:
            return self.netfilter_change(pid)
        if draw < .55:
            return self.bpf_load()
        if draw < .56 and self.chance() < .1:
            return [('ANOM_ABEND',
                     f'auid=1000 uid=1000 gid=1000 ses={self.below(99)} subj=unconfined pid={pid} comm="chrome" '
                     'exe="/opt/google/chrome/chrome" sig=5 res=1',
                     'AUID="user" UID="user" GID="user"')]
        if draw < .85:
            return self.login(pid)
        return self.rule_change(pid)

    def netfilter_change(self, pid):
        change = ('NETFILTER_CFG',
                  f'table=filter:{self.below(99)} family=2 entries={self.below(99)} op=nft_register_rule '
                  f'pid={pid} subj=unconfined comm="iptables"', None)
        exit_code = self.below(100, 999)
        args = ('3', self.pointer(), '0', '0')
        return self.closed(
            [change, self.syscall(46, 'sendmsg', 'yes', exit_code, args, 0, UNSET, UNSET, '"iptables"',
                                  '"/usr/sbin/xtables-nft-multi"', '(null)', 0, 'unconfined', 1, pid)],
            to_hex(b'/sbin/iptables\0-A'))

    def bpf_load(self):
        load = ('BPF' if self.chance() < .5 else 'UNKNOWN[1334]', f'prog-id={self.below(999)} op=LOAD', None)
        exit_code = self.below(3, 99)
        args = ('5', self.pointer(), '80', '0')
        return self.closed(
            [load, self.syscall(321, 'bpf', 'yes', exit_code, args, 0, UNSET, UNSET, '"systemd"',
                                '"/usr/lib/systemd/systemd"', '(null)', 0, 'unconfined', 0, 1)], '"/sbin/init"')

    def login(self, pid):
        login = ('LOGIN',
                 f'pid={pid} uid=0 subj=unconfined old-auid={UNSET} auid=1000 tty=(none) old-ses={UNSET} '
                 f'ses={self.below(999)} res=1', 'UID="root" OLD-AUID="unset" AUID="user"')
        args = ('3', self.pointer(), '4', '0')
        return self.closed(
            [login, self.syscall(1, 'write', 'yes', 4, args, 0, 1000, 5, '"cron"', '"/usr/sbin/cron"', '(null)', 0,
                                 'unconfined', 1, pid)], to_hex(b'/usr/sbin/CRON\0-f'))

    def rule_change(self, pid):
        args = ('3', self.pointer(), '42c', '0')
        return self.closed(
            [('CONFIG_CHANGE',
              f'auid={UNSET} ses={UNSET} subj=unconfined op=add_rule key="net_connect" list=4 res=1',
              'AUID="unset"'),
             self.syscall(44, 'sendto', 'yes', 1068, args, 0, UNSET, UNSET, '"auditctl"', '"/usr/sbin/auditctl"',
                          '(null)', 0, 'unconfined', 1, pid),
             ('SOCKADDR', 'saddr=100000000000000000000000',
              'SADDR={ saddr_fam=netlink nlnk-fam=16 nlnk-pid=0 }')], to_hex(b'/sbin/auditctl\0-R'))

    def next_events(self):
        if self.profile == 'connect':
            return [self.connect()]
        if self.chance() < 1 / 8000:
            # Unloaded from a kernel worker, so there is no system call and nothing else ever follows.
            return [[('BPF', f'prog-id={self.below(999)} op=UNLOAD', None)]]
        draw = self.chance()
        for limit, event in ((.60, self.connect), (.80, self.execve), (.84, self.other_socket_call),
                             (.88, self.open), (.91, self.denied), (.93, self.miscellaneous),
                             (.945, self.service)):
            if draw < limit:
                return [event()]
        # A login session is about 4.6 events: this keeps their share of the events near 5.5 %.
        if self.chance() < 0.25:
            return self.login_session()
        return [self.connect()] if self.chance() < .62 else [self.execve()]

    # Lines.

    def event_lines(self, records):
        self.time += self.random.expovariate(self.rate)
        node = self.pick(NODES) if self.with_node else ''
        self.serials[node] = (self.serials[node] + 1) & 0xffffffff
        stamp = f'{self.time:.3f}:{self.serials[node]}'
        prefix = f'node={node} ' if node else ''
        lines = []
        types = self.truth['types']
        for record_type, body, enrichment in records:
            if record_type == 'EOE' and not self.eoe:
                continue
            line = f'{prefix}type={record_type} msg=audit({stamp}): {body}'
            if self.enriched and enrichment:
                line += GROUP_SEPARATOR + enrichment
                self.truth['enriched_lines'] += 1
            lines.append(line)
            types[record_type] = types.get(record_type, 0) + 1
        self.truth['events'] += 1
        self.truth['lines'] += len(lines)
        self.truth['nodes'] += bool(node)
        return lines

    def interleave(self, events):
        self.truth['interleaved_groups'] += 1
        lines = []
        while events:
            k = 0 if self.chance() < .55 else self.below(len(events))
            lines.append(events[k].pop(0))
            if not events[k]:
                events.pop(k)
        return lines

    def block(self, fraction):
        """The lines of the next few events, at `fraction` of the whole log."""
        if self.profile == 'mixed':
            self.enriched = fraction >= .60
            self.with_node = fraction >= .85
        events = self.next_events()
        if len(events) == 1 and self.chance() < .075:
            for _ in range(self.below(1, 3)):
                events += self.next_events()
            return self.interleave([self.event_lines(e) for e in events])
        return [line for e in events for line in self.event_lines(e)]


def main():
    parser = argparse.ArgumentParser(description=__doc__, epilog=EPILOG,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--out', required=True, metavar='FILE', help='the log; FILE.truth.json is written beside it')
    parser.add_argument('--mb', type=float, default=200, metavar='N', help='size in 10^6 bytes (%(default)s)')
    parser.add_argument('--seed', type=int, default=7, metavar='N', help='of the random numbers (%(default)s)')
    parser.add_argument('--profile', choices=('mixed', 'connect'), default='mixed', help='(%(default)s)')
    parser.add_argument('--rate', type=float, default=400, metavar='N',
                        help='events per second of log time (%(default)s)')
    parser.add_argument('--no-eoe', action='store_true', help='leave EOE records out')
    options = parser.parse_args()

    generator = Generator(options.seed, options.rate, options.profile, not options.no_eoe)
    target = int(options.mb * 1e6)
    written = 0
    pending = []
    pending_bytes = 0
    with open(options.out, 'wb') as out:
        while written + pending_bytes < target:
            text = '\n'.join(generator.block((written + pending_bytes) / target)) + '\n'
            pending.append(text)
            pending_bytes += len(text)
            if pending_bytes > FLUSH_BYTES:
                written += out.write(''.join(pending).encode('latin-1'))
                pending, pending_bytes = [], 0
        written += out.write(''.join(pending).encode('latin-1'))

    truth = generator.truth
    truth.update(bytes=written, seed=options.seed, rate=options.rate, profile=options.profile,
                 eoe=not options.no_eoe, seconds_of_log=round(generator.time - START, 1))
    with open(options.out + '.truth.json', 'w', encoding='utf-8') as out:
        json.dump(truth, out, indent=1, sort_keys=True)
        out.write('\n')


if __name__ == '__main__':
    main()
