//! Why documents are left out, and how many were.

/// Why a document is left out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Reason {
    /// `event.category` is not `network`.
    NotNetwork,
    /// `event.type` is not `start`, or `event.action` not `connected-to`.
    NotStart,
    /// The host is not known to run Linux.
    NotLinux,
    /// It is not from Auditbeat.
    NotAuditbeat,
    /// A socket was bound, listens, or took a connection.
    Inbound,
    /// The address is not there or could not be read.
    NoAddress,
    /// The address is not of IPv4 or IPv6, or has no port.
    OtherFamily,
    /// The destination is the host itself.
    Loopback,
    /// The destination is `0.0.0.0` or `::`.
    Unspecified,
    /// The destination is one of a few addresses of the host itself.
    Destination,
    /// The destination port is 0.
    PortZero,
    /// The user is one whose connections are not looked at.
    User,
    /// The process is one of Elastic's own.
    Agent,
}

impl Reason {
    /// Every reason.
    pub const ALL: [Reason; 13] = [
        Reason::NotNetwork,
        Reason::NotStart,
        Reason::NotLinux,
        Reason::NotAuditbeat,
        Reason::Inbound,
        Reason::NoAddress,
        Reason::OtherFamily,
        Reason::Loopback,
        Reason::Unspecified,
        Reason::Destination,
        Reason::PortZero,
        Reason::User,
        Reason::Agent,
    ];

    /// A name of letters and underscores, such as `not_network`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Reason::NotNetwork => "not_network",
            Reason::NotStart => "not_start",
            Reason::NotLinux => "not_linux",
            Reason::NotAuditbeat => "not_auditbeat",
            Reason::Inbound => "inbound",
            Reason::NoAddress => "no_address",
            Reason::OtherFamily => "other_family",
            Reason::Loopback => "loopback",
            Reason::Unspecified => "unspecified",
            Reason::Destination => "destination",
            Reason::PortZero => "port_zero",
            Reason::User => "user",
            Reason::Agent => "agent",
        }
    }

    /// What is said of the documents, to follow their number.
    #[must_use]
    pub const fn words(self) -> &'static str {
        match self {
            Reason::NotNetwork => "not of the network (event.category)",
            Reason::NotStart => "not a connect",
            Reason::NotLinux => "of a host not known to run Linux (host.os)",
            Reason::NotAuditbeat => "not from Auditbeat (agent.type)",
            Reason::Inbound => "not outbound (bind, listen, accept)",
            Reason::NoAddress => "without a readable address",
            Reason::OtherFamily => "not to an IPv4 or IPv6 address",
            Reason::Loopback => "to this host itself",
            Reason::Unspecified => "to no address (0.0.0.0 or ::)",
            Reason::Destination => "to an excluded address of this host itself",
            Reason::PortZero => "to port 0, which only looks for a route",
            Reason::User => "by an excluded user (jenkins)",
            Reason::Agent => "by a program of Elastic's own (elastic-agent, *beat)",
        }
    }
}

/// How many documents were left out, by reason.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Excluded([u64; Reason::ALL.len()]);

impl Excluded {
    /// Counts a document.
    pub fn count(&mut self, reason: Reason) {
        self.0[reason as usize] += 1;
    }

    /// How many were left out for a reason.
    #[must_use]
    pub fn of(&self, reason: Reason) -> u64 {
        self.0[reason as usize]
    }

    /// How many were left out.
    #[must_use]
    pub fn total(&self) -> u64 {
        self.0.iter().sum()
    }

    /// The reasons that there were, with the number of documents.
    pub fn iter(&self) -> impl Iterator<Item = (Reason, u64)> {
        Reason::ALL.into_iter().zip(self.0).filter(|&(_, documents)| documents > 0)
    }
}
