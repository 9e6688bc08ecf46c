//! What was read of all files: how much, and what they hold instead of an audit
//! log.

use std::cell::Cell;

use super::foreign::Foreign;

/// What was read from all logs, to tell why there was nothing in them.
#[derive(Debug, Default)]
pub(crate) struct Tally {
    pub(super) bytes: Cell<u64>,
    pub(super) foreign: Cell<Option<Foreign>>,
}

impl Tally {
    /// Whether there was not a byte to read.
    pub(crate) fn is_empty(&self) -> bool {
        self.bytes.get() == 0
    }

    /// Why there was not a single audit record, and what to do.
    pub(crate) fn why_no_record(&self) -> &'static str {
        match (self.foreign.get(), self.bytes.get()) {
            (Some(foreign), _) => foreign.advice(),
            (None, 0) => {
                "the input is empty; is auditd running (systemctl status auditd), and does \
                 log_file in /etc/audit/auditd.conf name this file?"
            }
            (None, _) => {
                "no line of the input is an audit record, which looks like \
                 `type=SYSCALL msg=audit(1364481363.243:24287): …`; name the audit.log of a \
                 machine that runs auditd"
            }
        }
    }
}

/// What a [`Tally`] came to.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Sum {
    bytes: u64,
    foreign: Option<Foreign>,
}

impl Tally {
    /// Adds what was read elsewhere, behind what was read here.
    pub(super) fn add(&self, sum: Sum) {
        self.bytes.set(self.bytes.get() + sum.bytes);
        self.foreign.set(self.foreign.get().or(sum.foreign));
    }

    /// Takes out what was read.
    pub(super) fn take(&self) -> Sum {
        Sum { bytes: self.bytes.take(), foreign: self.foreign.take() }
    }
}
