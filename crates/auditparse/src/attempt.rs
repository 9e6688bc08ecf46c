//! The terms in which an attempt to connect is told: how it came to the kernel, how it went, who denied
//! it, and why an event is none. Which of them an event gets is decided by
//! [`connection`](crate::Connection).

use thiserror::Error;

use crate::record::Record;

/// How the call came to the kernel.
///
/// ```
/// use auditparse::{Connections, Via};
///
/// let log = b"\
/// type=URINGOP msg=audit(1.001:7): uring_op=16 success=yes exit=0 items=0 ppid=1 pid=2
/// type=SOCKADDR msg=audit(1.001:7): saddr=020001BB0A000001
/// ";
/// let connection = Connections::new(log).next().unwrap();
/// assert_eq!(connection.via(), Via::IoUring);
/// assert_eq!(connection.address().unwrap().to_string(), "10.0.0.1:443");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
pub enum Via {
    /// A system call of its own, or the multiplexed `socketcall` of older 32-bit ABIs.
    Syscall,
    /// An io_uring operation; the system call, if there is one, only submitted it.
    IoUring,
}

/// How a connection attempt went, as far as the audit event tells.
///
/// ```
/// use auditparse::{Connections, Outcome};
///
/// let log = b"\
/// type=SYSCALL msg=audit(1.001:7): arch=c000003e syscall=42 success=no exit=-115 a0=3
/// type=SOCKADDR msg=audit(1.001:7): saddr=020001BB0A000001
/// ";
/// let connection = Connections::new(log).next().unwrap();
/// assert_eq!(connection.outcome(), Outcome::InProgress);
/// assert_eq!(connection.errno_name(), Some("EINPROGRESS"));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
pub enum Outcome {
    /// The call succeeded.
    Success,
    /// A connect returned before the connection was made, and the kernel goes on with it:
    /// `EINPROGRESS` of a non-blocking socket, `EINTR`, `EALREADY`, or `EAGAIN` of io_uring. Other
    /// calls that return these have done nothing.
    InProgress,
    /// The call failed.
    Failure,
    /// The event does not say.
    Unknown,
}

/// The security module that denied the call.
///
/// ```
/// use auditparse::{Connections, SecurityModule};
///
/// let log = b"\
/// type=AVC msg=audit(1.001:7): apparmor=\"DENIED\" operation=\"connect\" profile=\"nc\"
/// type=SYSCALL msg=audit(1.001:7): arch=c000003e syscall=42 success=no exit=-13 a0=3
/// type=SOCKADDR msg=audit(1.001:7): saddr=020001BB0A000001
/// ";
/// let connection = Connections::new(log).next().unwrap();
/// assert_eq!(connection.denied_by(), Some(SecurityModule::AppArmor));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "lowercase"))]
pub enum SecurityModule {
    /// SELinux, in enforcing mode.
    SeLinux,
    /// AppArmor.
    AppArmor,
}

impl SecurityModule {
    /// The module that denied access, if an `AVC` record says that one did.
    pub(crate) fn denying(record: &Record<'_>) -> Option<SecurityModule> {
        let [mut apparmor, mut result, mut permissive] = [None; 3];
        for field in record.fields() {
            let value = match field.key() {
                b"apparmor" => &mut apparmor,
                b"seresult" => &mut result,
                b"permissive" => &mut permissive,
                _ => continue,
            };
            value.get_or_insert(field.raw_value());
        }
        if apparmor == Some(b"DENIED") {
            return Some(SecurityModule::AppArmor);
        }
        (result == Some(b"denied") && permissive != Some(b"1")).then_some(SecurityModule::SeLinux)
    }
}

/// Why an event is no connection.
///
/// ```
/// use auditparse::{Events, NotAConnection};
///
/// let log = b"\
/// type=SYSCALL msg=audit(1.001:7): arch=c000003e syscall=59 success=yes exit=0 a0=3
/// ";
/// let event = Events::new(log).next().unwrap();
/// assert_eq!(event.connection().unwrap_err(), NotAConnection::OtherCall);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Error)]
#[non_exhaustive]
pub enum NotAConnection {
    /// The event has neither a `SYSCALL` nor a `URINGOP` record, so what was done is not known.
    #[error("expected a SYSCALL or URINGOP record, found none")]
    NoSyscall,
    /// The call is not one that names an address.
    #[error("expected connect, accept, bind, sendto or sendmsg, found another call")]
    OtherCall,
    /// The call may name an address but did not: `sendto` on a connected socket, `accept` without
    /// an address buffer.
    #[error("expected a SOCKADDR record, found a call without an address")]
    NoAddress,
    /// The event is a record that came after its event was delivered
    /// ([`Completion::Late`](crate::Completion::Late)): the connection, if it is of one, was told
    /// then.
    #[error("expected an event, found a record that came after its event was over")]
    Late,
}
