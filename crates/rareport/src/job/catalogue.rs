//! Jobs that are ready to run: what is rare on a Linux fleet, from ports to users.

use super::JobConfig;

/// A ready-made job.
#[derive(Clone, Debug, PartialEq)]
pub struct CatalogueJob {
    /// The job itself; its `job_id` is the name by which it is chosen.
    pub job: JobConfig,
    /// What it looks for, in one sentence.
    pub description: &'static str,
    /// Which events it is to be fed.
    pub feed: Feed,
    /// Record score from which a finding is worth an alert, 0 to 100.
    pub threshold: f64,
}

/// Which events a job is to be fed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Feed {
    /// Attempts to open a network connection.
    Connections,
    /// Attempts to open a network connection to one address.
    ConnectionsTo(&'static str),
    /// Starts of programs.
    ProcessStarts,
    /// Starts of programs with one of these names.
    ProcessStartsOf(&'static [&'static str]),
}

impl Feed {
    /// Whether they are attempts to open network connections; if not, they are starts of programs.
    #[must_use]
    pub fn is_of_connections(self) -> bool {
        matches!(self, Feed::Connections | Feed::ConnectionsTo(_))
    }
}

/// Where clouds tell their virtual machines about themselves.
const METADATA_SERVICE: &str = "169.254.169.254";

const COMPILERS: &[&str] =
    &["as", "c++", "cc", "clang", "clang++", "g++", "gcc", "go", "ld", "make", "rustc", "tcc"];
const SYSTEM_TOOLS: &[&str] = &[
    "arch",
    "dmidecode",
    "hostname",
    "hostnamectl",
    "lsb_release",
    "lscpu",
    "lshw",
    "lsmod",
    "modinfo",
    "uname",
    "uptime",
];
const PROCESS_TOOLS: &[&str] = &["atop", "htop", "lsof", "pgrep", "pidof", "ps", "pstree", "top"];
const USER_TOOLS: &[&str] =
    &["finger", "getent", "groups", "id", "last", "lastlog", "users", "w", "who", "whoami"];
const CONFIGURATION_TOOLS: &[&str] =
    &["arp", "ethtool", "ifconfig", "ip", "iptables", "iwconfig", "nft", "nmcli", "route"];
const CONNECTION_TOOLS: &[&str] = &["lsof", "netstat", "ss"];

/// All ready-made jobs, the one for destination ports first.
///
/// ```
/// use rareport::job::catalogue;
///
/// let names: Vec<String> = catalogue().into_iter().map(|entry| entry.job.job_id).collect();
/// assert_eq!(names[0], "linux_rare_destination_port");
/// assert_eq!(names.len(), 14);
/// ```
#[must_use]
pub fn catalogue() -> Vec<CatalogueJob> {
    let by_host = {
        let mut entry = entry(
            "linux_rare_process_by_host",
            "process.name",
            Feed::ProcessStarts,
            50.0,
            "Programs that are rare on the host that starts them, however common elsewhere.",
        );
        entry.job.detector.partition_field = Some("host.name".to_owned());
        entry
    };
    let all = [
        (
            "linux_rare_destination_port",
            "destination.port",
            Feed::Connections,
            50.0,
            "Destination ports that the fleet rarely connects to: command and control, \
             exfiltration, lateral movement.",
        ),
        (
            "linux_rare_network_process",
            "process.name",
            Feed::Connections,
            50.0,
            "Programs that rarely open network connections.",
        ),
        (
            "linux_rare_process",
            "process.name",
            Feed::ProcessStarts,
            50.0,
            "Programs that are rarely started anywhere in the fleet.",
        ),
        (
            "linux_rare_user",
            "user.name",
            Feed::ProcessStarts,
            50.0,
            "Users who rarely start programs: forgotten, new or stolen accounts.",
        ),
        (
            "linux_rare_metadata_process",
            "process.name",
            Feed::ConnectionsTo(METADATA_SERVICE),
            50.0,
            "Programs that rarely ask the cloud's metadata service, which hands out credentials.",
        ),
        (
            "linux_rare_metadata_user",
            "user.name",
            Feed::ConnectionsTo(METADATA_SERVICE),
            75.0,
            "Users who rarely ask the cloud's metadata service, which hands out credentials.",
        ),
        (
            "linux_rare_sudo_user",
            "user.name",
            Feed::ProcessStartsOf(&["sudo"]),
            75.0,
            "Users who rarely run commands as another user.",
        ),
        (
            "linux_rare_compiler_user",
            "user.name",
            Feed::ProcessStartsOf(COMPILERS),
            50.0,
            "Users who rarely compile: exploits are often built where they are used.",
        ),
        (
            "linux_rare_system_information_user",
            "user.name",
            Feed::ProcessStartsOf(SYSTEM_TOOLS),
            75.0,
            "Users who rarely ask what system they are on.",
        ),
        (
            "linux_rare_process_discovery_user",
            "user.name",
            Feed::ProcessStartsOf(PROCESS_TOOLS),
            50.0,
            "Users who rarely list what is running.",
        ),
        (
            "linux_rare_user_discovery_user",
            "user.name",
            Feed::ProcessStartsOf(USER_TOOLS),
            75.0,
            "Users who rarely ask who they are and who else is there.",
        ),
        (
            "linux_rare_network_configuration_user",
            "user.name",
            Feed::ProcessStartsOf(CONFIGURATION_TOOLS),
            25.0,
            "Users who rarely look at the network's configuration.",
        ),
        (
            "linux_rare_network_connection_user",
            "user.name",
            Feed::ProcessStartsOf(CONNECTION_TOOLS),
            25.0,
            "Users who rarely list open connections.",
        ),
    ];
    let mut entries: Vec<CatalogueJob> = all
        .into_iter()
        .map(|(name, by, feed, threshold, text)| entry(name, by, feed, threshold, text))
        .collect();
    entries.insert(3, by_host);
    entries
}

fn entry(
    name: &str,
    by_field: &str,
    feed: Feed,
    threshold: f64,
    description: &'static str,
) -> CatalogueJob {
    let mut job = JobConfig::rare(by_field);
    job.job_id = name.to_owned();
    job.influencers = ["host.name", "process.name", "user.name"].map(str::to_owned).to_vec();
    if feed.is_of_connections() {
        job.influencers.push("destination.ip".to_owned());
    }
    CatalogueJob { job, description, feed, threshold }
}
