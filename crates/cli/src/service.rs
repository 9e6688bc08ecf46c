//! Names of the services on well-known ports.
//!
//! They are those of IANA's Service Name and Transport Protocol Port Number
//! Registry, as far as the port is mostly used for what it is registered for: a
//! name that misleads is worse than none.

/// Port and name, by port.
const SERVICES: &[(u16, &str)] = &[
    (7, "echo"),
    (20, "ftp-data"),
    (21, "ftp"),
    (22, "ssh"),
    (23, "telnet"),
    (25, "smtp"),
    (37, "time"),
    (43, "nicname"),
    (49, "tacacs"),
    (53, "domain"),
    (67, "bootps"),
    (68, "bootpc"),
    (69, "tftp"),
    (70, "gopher"),
    (79, "finger"),
    (80, "http"),
    (88, "kerberos"),
    (110, "pop3"),
    (111, "sunrpc"),
    (113, "auth"),
    (119, "nntp"),
    (123, "ntp"),
    (135, "epmap"),
    (137, "netbios-ns"),
    (138, "netbios-dgm"),
    (139, "netbios-ssn"),
    (143, "imap"),
    (161, "snmp"),
    (162, "snmptrap"),
    (179, "bgp"),
    (194, "irc"),
    (389, "ldap"),
    (443, "https"),
    (445, "microsoft-ds"),
    (464, "kpasswd"),
    (465, "submissions"),
    (500, "isakmp"),
    (514, "syslog"),
    (515, "printer"),
    (520, "router"),
    (546, "dhcpv6-client"),
    (547, "dhcpv6-server"),
    (554, "rtsp"),
    (587, "submission"),
    (623, "asf-rmcp"),
    (631, "ipp"),
    (636, "ldaps"),
    (853, "domain-s"),
    (860, "iscsi"),
    (873, "rsync"),
    (989, "ftps-data"),
    (990, "ftps"),
    (992, "telnets"),
    (993, "imaps"),
    (995, "pop3s"),
    (1080, "socks"),
    (1194, "openvpn"),
    (1433, "ms-sql-s"),
    (1701, "l2tp"),
    (1723, "pptp"),
    (1812, "radius"),
    (1813, "radius-acct"),
    (1883, "mqtt"),
    (2049, "nfs"),
    (2379, "etcd-client"),
    (2380, "etcd-server"),
    (3205, "isns"),
    (3260, "iscsi-target"),
    (3268, "msft-gc"),
    (3306, "mysql"),
    (3389, "ms-wbt-server"),
    (3478, "stun"),
    (3690, "svn"),
    (4369, "epmd"),
    (4500, "ipsec-nat-t"),
    (5060, "sip"),
    (5061, "sips"),
    (5222, "xmpp-client"),
    (5269, "xmpp-server"),
    (5353, "mdns"),
    (5432, "postgresql"),
    (5671, "amqps"),
    (5672, "amqp"),
    (5900, "rfb"),
    (5984, "couchdb"),
    (5985, "wsman"),
    (5986, "wsmans"),
    (6379, "redis"),
    (6514, "syslog-tls"),
    (6667, "ircu"),
    (6697, "ircs-u"),
    (8008, "http-alt"),
    (8080, "http-alt"),
    (8883, "secure-mqtt"),
    (9418, "git"),
    (10050, "zabbix-agent"),
    (10051, "zabbix-trapper"),
    (11211, "memcache"),
    (27017, "mongodb"),
];

/// The service of a port, if its name says what the port is used for.
pub(crate) fn name(port: u16) -> Option<&'static str> {
    let place = SERVICES.binary_search_by_key(&port, |&(known, _)| known).ok()?;
    Some(SERVICES[place].1)
}

/// Other names that people know ports by.
const ALIASES: &[(&str, u16)] = &[
    ("dns", 53),
    ("ircd", 6667),
    ("ircs", 6697),
    ("mssql", 1433),
    ("postgres", 5432),
    ("rdp", 3389),
    ("smb", 445),
    ("vnc", 5900),
    ("www", 80),
];

/// The ports of a service, by its name in small letters.
pub(crate) fn ports(name: &str) -> Vec<u16> {
    let registered = SERVICES.iter().filter(|(_, known)| *known == name).map(|&(port, _)| port);
    let known = ALIASES.iter().filter(|(known, _)| *known == name).map(|&(_, port)| port);
    registered.chain(known).collect()
}

/// All names.
pub(crate) fn names() -> impl Iterator<Item = &'static str> {
    SERVICES.iter().map(|&(_, name)| name).chain(ALIASES.iter().map(|&(name, _)| name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ports_are_in_order_and_found() {
        assert!(SERVICES.is_sorted_by_key(|&(port, _)| port));
        assert_eq!((name(22), name(443), name(4444)), (Some("ssh"), Some("https"), None));
    }
}
