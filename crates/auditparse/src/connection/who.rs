//! Who made a call: the process, as the records of the connection tell of it.

use std::borrow::Cow;

use super::Connection;
use crate::call_records::{CallRecords, is_sound_title, process_title};
use crate::process::{Id, Keys, Process, present_text, terminal};
use crate::record::Record;
use crate::sockaddr::SockAddrBytes;

impl<'a> Connection<'a> {
    /// Who made the call, read in one go. To look at one or two of the parts, the methods of the
    /// same names are as good.
    ///
    /// ```
    /// let log = b"type=SYSCALL msg=audit(1.001:7): \
    ///     arch=c000003e syscall=42 a0=3 ppid=1 pid=9 uid=33";
    /// let process = auditparse::Connections::new(log).next().unwrap().process();
    /// assert_eq!((process.ppid, process.pid), (Some(1), Some(9)));
    /// assert_eq!(process.uid.unwrap().number, 33);
    /// ```
    pub fn process(&self) -> Process<'a> {
        // It is large, and not moved again when it is returned from here at once.
        match self.records.who() {
            Some(record) => Process::of(record, self.head.arguments as usize),
            None => Process::default(),
        }
    }

    /// [`process`](Connection::process), if the records of the call and its address are wholly as the
    /// kernel and auditd write them, so that there are no [`problems`](Connection::problems) with them.
    /// `None` says that there may be some, and costs less than to ask for them. Of the command line
    /// [`has_sound_proctitle`](Connection::has_sound_proctitle) tells.
    ///
    /// ```
    /// use auditparse::Connections;
    ///
    /// let log = b"\
    /// type=SYSCALL msg=audit(1.001:7): arch=c000003e syscall=42 success=yes exit=0 a0=3 exe=\"/b
    /// type=SOCKADDR msg=audit(1.001:7): saddr=020001BB0A000001
    /// ";
    /// let connection = Connections::new(log).next().unwrap();
    /// assert_eq!(connection.sound_process(), None);
    /// assert_eq!(connection.problems().count(), 1);
    /// ```
    pub fn sound_process(&self) -> Option<Process<'a>> {
        let CallRecords { syscall, uringop, .. } = &self.records;
        let is_sound = self.head.arguments > 0
            && uringop.is_none()
            && self.address.as_ref().and_then(SockAddrBytes::problem).is_none();
        let syscall = syscall.as_ref().filter(|_| is_sound)?;
        Process::of_sound(syscall, self.head.arguments as usize)
    }

    /// The process.
    ///
    /// ```
    /// let log = b"type=SYSCALL msg=audit(1.001:7): arch=c000003e syscall=42 a0=3 ppid=1 pid=1234";
    /// let connection = auditparse::Connections::new(log).next().unwrap();
    /// assert_eq!(connection.pid(), Some(1234));
    /// ```
    pub fn pid(&self) -> Option<u32> {
        self.field("pid")?.as_id()
    }

    /// Its parent.
    ///
    /// ```
    /// let log = b"type=SYSCALL msg=audit(1.001:7): arch=c000003e syscall=42 a0=3 ppid=1 pid=1234";
    /// let connection = auditparse::Connections::new(log).next().unwrap();
    /// assert_eq!(connection.ppid(), Some(1));
    /// ```
    pub fn ppid(&self) -> Option<u32> {
        self.field("ppid")?.as_id()
    }

    /// The real user.
    ///
    /// ```
    /// let log = b"type=SYSCALL msg=audit(1.001:7): \
    ///     arch=c000003e syscall=42 uid=33\x1dUID=\"www-data\"";
    /// let uid = auditparse::Connections::new(log).next().unwrap().uid().unwrap();
    /// assert_eq!((uid.number, uid.name), (33, Some(&b"www-data"[..])));
    /// ```
    pub fn uid(&self) -> Option<Id<'a>> {
        self.process().uid
    }

    /// The effective user.
    ///
    /// ```
    /// // A program that is set-uid root.
    /// let log = b"type=SYSCALL msg=audit(1.001:7): arch=c000003e syscall=42 uid=1000 euid=0";
    /// let connection = auditparse::Connections::new(log).next().unwrap();
    /// assert_eq!(connection.euid().unwrap().number, 0);
    /// ```
    pub fn euid(&self) -> Option<Id<'a>> {
        self.process().euid
    }

    /// The login user, who stays the same through `su` and `sudo`.
    ///
    /// ```
    /// // User 1000 has become root by sudo.
    /// let log = b"type=SYSCALL msg=audit(1.001:7): arch=c000003e syscall=42 auid=1000 uid=0";
    /// let connection = auditparse::Connections::new(log).next().unwrap();
    /// assert_eq!(connection.auid().unwrap().number, 1000);
    /// ```
    pub fn auid(&self) -> Option<Id<'a>> {
        self.process().auid
    }

    /// The real group.
    ///
    /// ```
    /// let log = b"type=SYSCALL msg=audit(1.001:7): arch=c000003e syscall=42 uid=33 gid=34";
    /// let connection = auditparse::Connections::new(log).next().unwrap();
    /// assert_eq!(connection.gid().unwrap().number, 34);
    /// ```
    pub fn gid(&self) -> Option<Id<'a>> {
        self.process().gid
    }

    /// The login session; `u32::MAX` for none.
    ///
    /// ```
    /// // A service, which nobody logged in for.
    /// let log = b"type=SYSCALL msg=audit(1.001:7): arch=c000003e syscall=42 ses=4294967295";
    /// let connection = auditparse::Connections::new(log).next().unwrap();
    /// assert_eq!(connection.ses(), Some(u32::MAX));
    /// ```
    pub fn ses(&self) -> Option<u32> {
        self.field("ses")?.as_id()
    }

    /// The terminal; `None` without one.
    ///
    /// ```
    /// use auditparse::Connections;
    ///
    /// let log = b"type=SYSCALL msg=audit(1.001:7): arch=c000003e syscall=42 tty=pts0";
    /// assert_eq!(Connections::new(log).next().unwrap().tty(), Some(&b"pts0"[..]));
    /// let log = b"type=SYSCALL msg=audit(1.001:7): arch=c000003e syscall=42 tty=(none)";
    /// assert_eq!(Connections::new(log).next().unwrap().tty(), None);
    /// ```
    pub fn tty(&self) -> Option<&'a [u8]> {
        terminal(self.field("tty")?)
    }

    /// The security context.
    ///
    /// ```
    /// let log = b"type=SYSCALL msg=audit(1.001:7): \
    ///     arch=c000003e syscall=42 subj=unconfined key=(null)";
    /// let connection = auditparse::Connections::new(log).next().unwrap();
    /// assert_eq!(connection.subj(), Some(&b"unconfined"[..]));
    /// ```
    pub fn subj(&self) -> Option<&'a [u8]> {
        Some(self.field("subj")?.raw_value())
    }

    /// Name of the task: the program's, cut to 15 bytes, or what a thread called itself.
    ///
    /// ```
    /// // A name with a blank is in hexadecimal.
    /// let log = b"type=SYSCALL msg=audit(1.001:7): \
    ///     arch=c000003e syscall=42 comm=612062 exe=\"/bin/nc\"";
    /// let connection = auditparse::Connections::new(log).next().unwrap();
    /// assert_eq!(connection.comm().as_deref(), Some(&b"a b"[..]));
    /// ```
    pub fn comm(&self) -> Option<Cow<'a, [u8]>> {
        present_text(self.field("comm")?)
    }

    /// Path of the executable.
    ///
    /// ```
    /// let log = b"type=SYSCALL msg=audit(1.001:7): \
    ///     arch=c000003e syscall=42 comm=612062 exe=\"/bin/nc\"";
    /// let connection = auditparse::Connections::new(log).next().unwrap();
    /// assert_eq!(connection.exe().as_deref(), Some(&b"/bin/nc"[..]));
    /// ```
    pub fn exe(&self) -> Option<Cow<'a, [u8]>> {
        present_text(self.field("exe")?)
    }

    /// The command line, cut to 128 bytes, its arguments ended by NULs (see
    /// [`title_arguments`](crate::title_arguments)). It is what the process
    /// shows of itself: a child that has not called `exec` still shows its parent's.
    ///
    /// ```
    /// let log = b"\
    /// type=SYSCALL msg=audit(1.001:7): arch=c000003e syscall=42 success=yes exit=0 a0=3
    /// type=PROCTITLE msg=audit(1.001:7): proctitle=6E63002D7A
    /// ";
    /// let connection = auditparse::Connections::new(log).next().unwrap();
    /// assert_eq!(connection.proctitle().as_deref(), Some(&b"nc\0-z"[..]));
    /// ```
    pub fn proctitle(&self) -> Option<Cow<'a, [u8]>> {
        process_title(&self.records.proctitle?)
    }

    /// The `PROCTITLE` record, which [`proctitle`](Connection::proctitle) is read from.
    ///
    /// ```
    /// let log = b"\
    /// type=SYSCALL msg=audit(1.001:7): arch=c000003e syscall=42 a0=3
    /// type=SOCKADDR msg=audit(1.001:7): saddr=020001BB0A0000010000000000000000
    /// type=PROCTITLE msg=audit(1.001:7): proctitle=6E63
    /// ";
    /// let connection = auditparse::Connections::new(log).next().unwrap();
    /// assert_eq!(connection.proctitle_record().unwrap().body(), b"proctitle=6E63");
    /// ```
    pub fn proctitle_record(&self) -> Option<&Record<'a>> {
        self.records.proctitle.as_ref()
    }

    /// Whether the `PROCTITLE` record, if there is one, is wholly as the kernel and auditd write it, so
    /// that there are no [`problems`](Connection::problems) with it. `false` says that there may be
    /// some.
    ///
    /// ```
    /// let log = b"\
    /// type=SYSCALL msg=audit(1.001:7): arch=c000003e syscall=42 a0=3
    /// type=SOCKADDR msg=audit(1.001:7): saddr=020001BB0A0000010000000000000000
    /// type=PROCTITLE msg=audit(1.001:7): proctitle=\"nc -
    /// ";
    /// let connection = auditparse::Connections::new(log).next().unwrap();
    /// assert!(!connection.has_sound_proctitle());
    /// ```
    pub fn has_sound_proctitle(&self) -> bool {
        self.records.proctitle.as_ref().is_none_or(is_sound_title)
    }

    /// The keys of the rules that matched.
    ///
    /// ```
    /// let log = b"type=SYSCALL msg=audit(1.001:7): arch=c000003e syscall=42 a0=3 key=\"net\"";
    /// let keys = auditparse::Connections::new(log).next().unwrap().keys();
    /// assert_eq!(keys.iter().next(), Some(&b"net"[..]));
    /// ```
    pub fn keys(&self) -> Keys<'a> {
        Keys { joined: self.field("key").and_then(present_text) }
    }
}
