//! Which connections the model is fed: connects to other hosts.

use std::net::IpAddr;

use auditparse::{Connection, ConnectionKind};

use crate::input::LeftOut;

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
}
