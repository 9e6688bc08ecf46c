//! What the model is fed: of each connect, its destination port and what may
//! explain it.

use std::net::IpAddr;

use auditparse::{Connection, ConnectionKind};
use rareport::Observation;

use crate::ecs::Account;
use crate::input::{FromConnection, LeftOut, Totals};

/// The field whose rare values are looked for.
pub(crate) const BY_FIELD: &str = "destination.port";

/// The fields that may explain a rare value, in the order of
/// [`Connect::influencers`].
pub(crate) const INFLUENCERS: [&str; 4] =
    ["host.name", "process.name", "user.name", "destination.ip"];

/// A connect to another host.
#[derive(Debug, Default)]
pub(crate) struct Connect {
    millis: i64,
    port: String,
    host: Vec<u8>,
    process: Vec<u8>,
    user: Vec<u8>,
    ip: String,
}

impl FromConnection for Connect {
    fn take(&mut self, connection: &Connection<'_>, host: &str, totals: &mut Totals) -> bool {
        match destination(connection) {
            Ok((ip, port)) => {
                self.fill(connection, host, ip, port);
                true
            }
            Err(reason) => {
                totals.left_out(reason);
                false
            }
        }
    }

    fn time(&self) -> i64 {
        self.millis
    }
}

impl Connect {
    fn fill(&mut self, connection: &Connection<'_>, host: &str, ip: IpAddr, port: u16) {
        self.millis = i64::try_from(connection.id().millis).unwrap_or(i64::MAX);
        put(&mut self.host, connection.node().unwrap_or(host.as_bytes()));
        put(&mut self.process, connection.comm().as_deref().unwrap_or_default());
        self.user.clear();
        if let Some(user) = connection.uid().and_then(Account::of) {
            match user.name {
                Some(name) => self.user.extend_from_slice(name),
                None => self.user.extend_from_slice(user.id.to_string().as_bytes()),
            }
        }
        self.port = port.to_string();
        self.ip = ip.to_string();
    }

    /// Values of [`INFLUENCERS`]; an empty value is none.
    pub(crate) fn influencers(&self) -> [Option<&[u8]>; INFLUENCERS.len()] {
        [&*self.host, &self.process, &self.user, self.ip.as_bytes()].map(Some)
    }

    /// The observation of the connect, given its influencers.
    pub(crate) fn observation<'a>(
        &'a self,
        influencers: &'a [Option<&'a [u8]>],
    ) -> Observation<'a> {
        Observation::new(self.millis.div_euclid(1000), &self.port).with_influencers(influencers)
    }
}

fn put(place: &mut Vec<u8>, value: &[u8]) {
    place.clear();
    place.extend_from_slice(value);
}

/// The address and port of a connect to another host, or why it is none.
pub(crate) fn destination(connection: &Connection<'_>) -> Result<(IpAddr, u16), LeftOut> {
    if connection.kind() != ConnectionKind::Connect {
        return Err(LeftOut::OtherKind);
    }
    let address = connection.address().map_err(|_| LeftOut::NoAddress)?.unmapped();
    let (Some(ip), Some(port)) = (address.ip(), address.port()) else {
        return Err(LeftOut::OtherFamily);
    };
    if ip.is_loopback() {
        return Err(LeftOut::Loopback);
    }
    if ip.is_unspecified() {
        return Err(LeftOut::Unspecified);
    }
    if port == 0 {
        return Err(LeftOut::PortZero);
    }
    Ok((ip, port))
}

#[cfg(test)]
mod tests {
    use auditparse::Connections;

    use super::*;

    /// A connect on x86_64 with this `saddr`, or an accept.
    fn log(syscall: u32, saddr: &str) -> String {
        format!(
            "type=SYSCALL msg=audit(1.500:1): arch=c000003e syscall={syscall} success=yes exit=0 \
             a0=3 pid=1 uid=33 comm=72756E206D65\u{1d}UID=\"www-data\"\n\
             type=SOCKADDR msg=audit(1.500:1): saddr={saddr}\n"
        )
    }

    fn of(log: &str) -> Result<(String, u16), LeftOut> {
        let connection = Connections::new(log.as_bytes()).next().unwrap();
        destination(&connection).map(|(ip, port)| (ip.to_string(), port))
    }

    #[test]
    fn what_is_looked_at_and_what_is_not() {
        let v6 = |ip: &str| format!("0A00115C00000000{ip}00000000");
        let mapped = |ip: &str| v6(&format!("00000000000000000000FFFF{ip}"));
        assert_eq!(of(&log(42, "0200115CCB007109")), Ok(("203.0.113.9".into(), 4444)));
        assert_eq!(of(&log(42, &mapped("C0000205"))), Ok(("192.0.2.5".into(), 4444)));
        assert_eq!(of(&log(43, "0200115CCB007109")), Err(LeftOut::OtherKind));
        assert_eq!(of(&log(42, "0200")), Err(LeftOut::NoAddress));
        assert_eq!(of(&log(42, "01002F746D702F7300")), Err(LeftOut::OtherFamily));
        assert_eq!(of(&log(42, "0200115C7F00000B")), Err(LeftOut::Loopback));
        assert_eq!(of(&log(42, &mapped("7F000001"))), Err(LeftOut::Loopback));
        assert_eq!(of(&log(42, &v6(&format!("{}01", "0".repeat(30))))), Err(LeftOut::Loopback));
        assert_eq!(of(&log(42, "0200115C00000000")), Err(LeftOut::Unspecified));
        assert_eq!(of(&log(42, "02000000CB007109")), Err(LeftOut::PortZero));
    }

    #[test]
    fn influencers_are_decoded_and_named() {
        let log = log(42, "0200115CCB007109");
        let connection = Connections::new(log.as_bytes()).next().unwrap();
        let mut connect = Connect::default();
        assert!(connect.take(&connection, "web01", &mut Totals::default()));
        assert_eq!(
            connect.influencers(),
            [&b"web01"[..], b"run me", b"www-data", b"203.0.113.9"].map(Some)
        );
        let influencers = connect.influencers();
        let observation = connect.observation(&influencers);
        assert_eq!((observation.time, observation.by), (1, Some(&b"4444"[..])));
    }
}
