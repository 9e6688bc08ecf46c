//! The type of a record: its number in the kernel's and auditd's numbering, and its name. This
//! module owns the table of both and what the numbering's ranges say, such as which records are events
//! by themselves. It does not own which records end an event of several; that is
//! [`reassembly`](crate::reassembly)'s.

use core::fmt;

/// The type of a record, as a number.
///
/// Logs write it as a name (`SYSCALL`), as `UNKNOWN[1334]` when auditd was older than the kernel,
/// or as the bare number (the kernel's own printk). All three compare equal here. A name that is
/// not in the table has no number and is [`RecordType::UNNUMBERED`];
/// [`Record::type_name`](crate::Record::type_name) still tells it.
///
/// Numbers are those of `include/uapi/linux/audit.h` for the kernel's records, and of the audit
/// message types that user space registers in the ranges 1100–1299 and 2100–2999.
///
/// ```
/// use auditparse::RecordType;
///
/// assert_eq!(RecordType::from_token(b"SYSCALL"), RecordType::SYSCALL);
/// assert_eq!(RecordType::from_token(b"1300"), RecordType::SYSCALL);
/// assert_eq!(RecordType::from_token(b"UNKNOWN[1334]"), RecordType::BPF);
/// assert_eq!(RecordType::SYSCALL.name(), Some("SYSCALL"));
/// ```
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RecordType(u16);

macro_rules! record_types {
    ($($name:ident = $number:literal,)*) => {
        impl RecordType {
            $(
                #[doc = concat!("`", stringify!($name), "`, number ", $number, ".")]
                pub const $name: RecordType = RecordType($number);
            )*
        }

        /// Name and number of every known type, by ascending number.
        const BY_NUMBER: &[(&str, u16)] = &[$((stringify!($name), $number),)*];
    };
}

record_types! {
    GET = 1000, SET = 1001, LIST = 1002, ADD = 1003, DEL = 1004, USER = 1005, LOGIN = 1006,
    WATCH_INS = 1007, WATCH_REM = 1008, WATCH_LIST = 1009, SIGNAL_INFO = 1010, ADD_RULE = 1011,
    DEL_RULE = 1012, LIST_RULES = 1013, TRIM = 1014, MAKE_EQUIV = 1015, TTY_GET = 1016,
    TTY_SET = 1017, SET_FEATURE = 1018, GET_FEATURE = 1019, USER_AUTH = 1100, USER_ACCT = 1101,
    USER_MGMT = 1102, CRED_ACQ = 1103, CRED_DISP = 1104, USER_START = 1105, USER_END = 1106,
    USER_AVC = 1107, USER_CHAUTHTOK = 1108, USER_ERR = 1109, CRED_REFR = 1110, USYS_CONFIG = 1111,
    USER_LOGIN = 1112, USER_LOGOUT = 1113, ADD_USER = 1114, DEL_USER = 1115, ADD_GROUP = 1116,
    DEL_GROUP = 1117, DAC_CHECK = 1118, CHGRP_ID = 1119, TEST = 1120, TRUSTED_APP = 1121,
    USER_SELINUX_ERR = 1122, USER_CMD = 1123, USER_TTY = 1124, CHUSER_ID = 1125, GRP_AUTH = 1126,
    SYSTEM_BOOT = 1127, SYSTEM_SHUTDOWN = 1128, SYSTEM_RUNLEVEL = 1129, SERVICE_START = 1130,
    SERVICE_STOP = 1131, GRP_MGMT = 1132, GRP_CHAUTHTOK = 1133, MAC_CHECK = 1134,
    ACCT_LOCK = 1135, ACCT_UNLOCK = 1136, USER_DEVICE = 1137, SOFTWARE_UPDATE = 1138,
    DAEMON_START = 1200, DAEMON_END = 1201, DAEMON_ABORT = 1202, DAEMON_CONFIG = 1203,
    DAEMON_RECONFIG = 1204, DAEMON_ROTATE = 1205, DAEMON_RESUME = 1206, DAEMON_ACCEPT = 1207,
    DAEMON_CLOSE = 1208, DAEMON_ERR = 1209, SYSCALL = 1300, FS_WATCH = 1301, PATH = 1302,
    IPC = 1303, SOCKETCALL = 1304, CONFIG_CHANGE = 1305, SOCKADDR = 1306, CWD = 1307,
    EXECVE = 1309, IPC_SET_PERM = 1311, MQ_OPEN = 1312, MQ_SENDRECV = 1313, MQ_NOTIFY = 1314,
    MQ_GETSETATTR = 1315, KERNEL_OTHER = 1316, FD_PAIR = 1317, OBJ_PID = 1318, TTY = 1319,
    EOE = 1320, BPRM_FCAPS = 1321, CAPSET = 1322, MMAP = 1323, NETFILTER_PKT = 1324,
    NETFILTER_CFG = 1325, SECCOMP = 1326, PROCTITLE = 1327, FEATURE_CHANGE = 1328, REPLACE = 1329,
    KERN_MODULE = 1330, FANOTIFY = 1331, TIME_INJOFFSET = 1332, TIME_ADJNTPVAL = 1333, BPF = 1334,
    EVENT_LISTENER = 1335, URINGOP = 1336, OPENAT2 = 1337, DM_CTRL = 1338, DM_EVENT = 1339,
    AVC = 1400, SELINUX_ERR = 1401, AVC_PATH = 1402, MAC_POLICY_LOAD = 1403, MAC_STATUS = 1404,
    MAC_CONFIG_CHANGE = 1405, MAC_UNLBL_ALLOW = 1406, MAC_CIPSOV4_ADD = 1407,
    MAC_CIPSOV4_DEL = 1408, MAC_MAP_ADD = 1409, MAC_MAP_DEL = 1410, MAC_IPSEC_ADDSA = 1411,
    MAC_IPSEC_DELSA = 1412, MAC_IPSEC_ADDSPD = 1413, MAC_IPSEC_DELSPD = 1414,
    MAC_IPSEC_EVENT = 1415, MAC_UNLBL_STCADD = 1416, MAC_UNLBL_STCDEL = 1417,
    MAC_CALIPSO_ADD = 1418, MAC_CALIPSO_DEL = 1419, IPE_ACCESS = 1420, IPE_CONFIG_CHANGE = 1421,
    IPE_POLICY_LOAD = 1422, LANDLOCK_ACCESS = 1423, LANDLOCK_DOMAIN = 1424,
    MAC_TASK_CONTEXTS = 1425, MAC_OBJ_CONTEXTS = 1426, APPARMOR = 1500, APPARMOR_AUDIT = 1501,
    APPARMOR_ALLOWED = 1502, APPARMOR_DENIED = 1503, APPARMOR_HINT = 1504, APPARMOR_STATUS = 1505,
    APPARMOR_ERROR = 1506, APPARMOR_KILL = 1507, ANOM_PROMISCUOUS = 1700, ANOM_ABEND = 1701,
    ANOM_LINK = 1702, ANOM_CREAT = 1703, INTEGRITY_DATA = 1800, INTEGRITY_METADATA = 1801,
    INTEGRITY_STATUS = 1802, INTEGRITY_HASH = 1803, INTEGRITY_PCR = 1804, INTEGRITY_RULE = 1805,
    INTEGRITY_EVM_XATTR = 1806, INTEGRITY_POLICY_RULE = 1807, INTEGRITY_USERSPACE = 1808,
    KERNEL = 2000, ANOM_LOGIN_FAILURES = 2100, ANOM_LOGIN_TIME = 2101, ANOM_LOGIN_SESSIONS = 2102,
    ANOM_LOGIN_ACCT = 2103, ANOM_LOGIN_LOCATION = 2104, ANOM_MAX_DAC = 2105, ANOM_MAX_MAC = 2106,
    ANOM_AMTU_FAIL = 2107, ANOM_RBAC_FAIL = 2108, ANOM_RBAC_INTEGRITY_FAIL = 2109,
    ANOM_CRYPTO_FAIL = 2110, ANOM_ACCESS_FS = 2111, ANOM_EXEC = 2112, ANOM_MK_EXEC = 2113,
    ANOM_ADD_ACCT = 2114, ANOM_DEL_ACCT = 2115, ANOM_MOD_ACCT = 2116, ANOM_ROOT_TRANS = 2117,
    ANOM_LOGIN_SERVICE = 2118, ANOM_LOGIN_ROOT = 2119, ANOM_ORIGIN_FAILURES = 2120,
    ANOM_SESSION = 2121, RESP_ANOMALY = 2200, RESP_ALERT = 2201, RESP_KILL_PROC = 2202,
    RESP_TERM_ACCESS = 2203, RESP_ACCT_REMOTE = 2204, RESP_ACCT_LOCK_TIMED = 2205,
    RESP_ACCT_UNLOCK_TIMED = 2206, RESP_ACCT_LOCK = 2207, RESP_TERM_LOCK = 2208,
    RESP_SEBOOL = 2209, RESP_EXEC = 2210, RESP_SINGLE = 2211, RESP_HALT = 2212,
    RESP_ORIGIN_BLOCK = 2213, RESP_ORIGIN_BLOCK_TIMED = 2214, RESP_ORIGIN_UNBLOCK_TIMED = 2215,
    USER_ROLE_CHANGE = 2300, ROLE_ASSIGN = 2301, ROLE_REMOVE = 2302, LABEL_OVERRIDE = 2303,
    LABEL_LEVEL_CHANGE = 2304, USER_LABELED_EXPORT = 2305, USER_UNLABELED_EXPORT = 2306,
    DEV_ALLOC = 2307, DEV_DEALLOC = 2308, FS_RELABEL = 2309, USER_MAC_POLICY_LOAD = 2310,
    ROLE_MODIFY = 2311, USER_MAC_CONFIG_CHANGE = 2312, USER_MAC_STATUS = 2313,
    CRYPTO_TEST_USER = 2400, CRYPTO_PARAM_CHANGE_USER = 2401, CRYPTO_LOGIN = 2402,
    CRYPTO_LOGOUT = 2403, CRYPTO_KEY_USER = 2404, CRYPTO_FAILURE_USER = 2405,
    CRYPTO_REPLAY_USER = 2406, CRYPTO_SESSION = 2407, CRYPTO_IKE_SA = 2408,
    CRYPTO_IPSEC_SA = 2409, VIRT_CONTROL = 2500, VIRT_RESOURCE = 2501, VIRT_MACHINE_ID = 2502,
    VIRT_INTEGRITY_CHECK = 2503, VIRT_CREATE = 2504, VIRT_DESTROY = 2505, VIRT_MIGRATE_IN = 2506,
    VIRT_MIGRATE_OUT = 2507,
}

/// The same table by ascending name.
const BY_NAME: [(&str, u16); BY_NUMBER.len()] = sorted_by_name();

const fn sorted_by_name() -> [(&'static str, u16); BY_NUMBER.len()] {
    let mut table = [("", 0); BY_NUMBER.len()];
    let mut filled = 0;
    while filled < table.len() {
        let entry = BY_NUMBER[filled];
        let mut place = filled;
        while place > 0 && precedes(entry.0.as_bytes(), table[place - 1].0.as_bytes()) {
            table[place] = table[place - 1];
            place -= 1;
        }
        table[place] = entry;
        filled += 1;
    }
    table
}

/// Whether `a` comes before `b` in byte order.
const fn precedes(a: &[u8], b: &[u8]) -> bool {
    let mut i = 0;
    while i < a.len() && i < b.len() {
        if a[i] != b[i] {
            return a[i] < b[i];
        }
        i += 1;
    }
    a.len() < b.len()
}

impl RecordType {
    /// A type whose name is not in the table, so that its number is not known.
    ///
    /// ```
    /// use auditparse::RecordType;
    ///
    /// assert_eq!(RecordType::from_token(b"MADE_UP"), RecordType::UNNUMBERED);
    /// ```
    pub const UNNUMBERED: RecordType = RecordType(0);

    /// The type with this number; 0 is [`RecordType::UNNUMBERED`].
    ///
    /// ```
    /// use auditparse::RecordType;
    ///
    /// assert_eq!(RecordType::from_number(1306), RecordType::SOCKADDR);
    /// ```
    pub const fn from_number(number: u16) -> RecordType {
        RecordType(number)
    }

    /// The type that a log writes as `token`: a name, a number or `UNKNOWN[number]`.
    ///
    /// ```
    /// use auditparse::RecordType;
    ///
    /// assert_eq!(RecordType::from_token(b"PROCTITLE"), RecordType::PROCTITLE);
    /// assert_eq!(RecordType::from_token(b"UNKNOWN[1327]"), RecordType::PROCTITLE);
    /// ```
    pub fn from_token(token: &[u8]) -> RecordType {
        match token {
            b"SYSCALL" => return RecordType::SYSCALL,
            b"SOCKADDR" => return RecordType::SOCKADDR,
            b"PROCTITLE" => return RecordType::PROCTITLE,
            b"PATH" => return RecordType::PATH,
            b"CWD" => return RecordType::CWD,
            b"EXECVE" => return RecordType::EXECVE,
            b"EOE" => return RecordType::EOE,
            _ => {}
        }
        if let Ok(found) = BY_NAME.binary_search_by(|(name, _)| name.as_bytes().cmp(token)) {
            return RecordType(BY_NAME[found].1);
        }
        let digits = token
            .strip_prefix(b"UNKNOWN[")
            .and_then(|rest| rest.strip_suffix(b"]"))
            .unwrap_or(token);
        core::str::from_utf8(digits)
            .ok()
            .filter(|text| text.bytes().all(|byte| byte.is_ascii_digit()))
            .and_then(|text| text.parse().ok())
            .map_or(RecordType::UNNUMBERED, RecordType)
    }

    /// The number, or `None` for [`RecordType::UNNUMBERED`].
    ///
    /// ```
    /// use auditparse::RecordType;
    ///
    /// assert_eq!(RecordType::EXECVE.number(), Some(1309));
    /// assert_eq!(RecordType::UNNUMBERED.number(), None);
    /// ```
    pub fn number(self) -> Option<u16> {
        (self.0 != 0).then_some(self.0)
    }

    /// The name in the table, or `None` for a number that is not in it.
    ///
    /// ```
    /// use auditparse::RecordType;
    ///
    /// assert_eq!(RecordType::from_number(1400).name(), Some("AVC"));
    /// assert_eq!(RecordType::from_number(1999).name(), None);
    /// ```
    pub fn name(self) -> Option<&'static str> {
        let found = BY_NUMBER.binary_search_by_key(&self.0, |&(_, number)| number).ok()?;
        Some(BY_NUMBER[found].0)
    }

    /// Whether auditd itself wrote the record (`DAEMON_START` and its kin, 1200–1299). Their
    /// serials are auditd's own and say nothing of the kernel's.
    ///
    /// ```
    /// use auditparse::RecordType;
    ///
    /// assert!(RecordType::DAEMON_ROTATE.is_daemon());
    /// assert!(!RecordType::USER_LOGIN.is_daemon());
    /// ```
    pub fn is_daemon(self) -> bool {
        (1200..1300).contains(&self.0)
    }

    /// Whether the record is an event by itself: messages of user space (1005, 1100–1199,
    /// 2100–2999), of auditd (1200–1299) and of the kernel's start (2000), and the replies to
    /// audit control messages, but not `LOGIN`, which comes with the `SYSCALL` that set the
    /// login uid.
    ///
    /// ```
    /// use auditparse::RecordType;
    ///
    /// assert!(RecordType::USER_LOGIN.is_single());
    /// assert!(!RecordType::SYSCALL.is_single());
    /// ```
    pub fn is_single(self) -> bool {
        matches!(self.0, 1000..=1005 | 1007..=1299 | 2000..=2999)
    }
}

impl fmt::Display for RecordType {
    /// The name, or `UNKNOWN[number]` as auditd writes it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.name() {
            Some(name) => f.pad(name),
            None => write!(f, "UNKNOWN[{}]", self.0),
        }
    }
}

impl fmt::Debug for RecordType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_ascending_and_both_orders_agree() {
        assert!(BY_NUMBER.windows(2).all(|pair| pair[0].1 < pair[1].1));
        assert!(BY_NAME.windows(2).all(|pair| pair[0].0 < pair[1].0));
        for &(name, number) in BY_NUMBER {
            assert_eq!(RecordType::from_token(name.as_bytes()).number(), Some(number));
            assert_eq!(RecordType::from_number(number).name(), Some(name));
        }
    }

    #[test]
    fn tokens_of_newer_kernels_keep_their_number_and_foreign_names_have_none() {
        assert_eq!(RecordType::from_token(b"UNKNOWN[1399]").number(), Some(1399));
        assert_eq!(RecordType::from_token(b"UNKNOWN[1399]").to_string(), "UNKNOWN[1399]");
        assert_eq!(RecordType::from_token(b"1399").number(), Some(1399));
        for token in [&b"FOO_BAR"[..], b"UNKNOWN[", b"UNKNOWN[]", b"UNKNOWN[70000]", b"", b"+13"] {
            assert_eq!(RecordType::from_token(token), RecordType::UNNUMBERED);
        }
    }

    #[test]
    fn user_space_records_stand_alone_and_login_does_not() {
        for single in [RecordType::USER, RecordType::USER_AUTH, RecordType::DAEMON_END] {
            assert!(single.is_single(), "{single}");
        }
        for part in [RecordType::LOGIN, RecordType::SYSCALL, RecordType::AVC, RecordType::BPF] {
            assert!(!part.is_single(), "{part}");
        }
    }
}
