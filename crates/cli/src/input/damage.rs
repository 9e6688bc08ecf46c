//! Connections whose records are damaged, counted by what is wrong with them
//! and told in one sentence. What can be read of them is used like any other.

use auditparse::{Connection, ConnectionProblem, FieldErrorKind};

use crate::text::{count, grouped};

/// Counts of connections, each by the first thing that is wrong.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Damage {
    cut: u64,
    stray: u64,
    addresses: u64,
}

impl Damage {
    /// Counts a connection, if anything is wrong with it.
    #[cold]
    pub(crate) fn look_at(&mut self, connection: &Connection<'_>) {
        let counted = match connection.problems().next() {
            None => return,
            Some(ConnectionProblem::Field { error, .. }) => match error.kind() {
                FieldErrorKind::StrayWord => &mut self.stray,
                _ => &mut self.cut,
            },
            Some(_) => &mut self.addresses,
        };
        *counted += 1;
    }

    /// Adds what was counted elsewhere.
    pub(crate) fn add(&mut self, other: Damage) {
        self.cut += other.cut;
        self.stray += other.stray;
        self.addresses += other.addresses;
    }

    /// What to say of them, if there are any.
    pub(super) fn told(&self) -> Option<String> {
        let reasons: Vec<String> = [
            (self.cut, "cut within quotes or braces"),
            (self.stray, "with words that are no fields"),
            (self.addresses, "with an address that is not hexadecimal"),
        ]
        .into_iter()
        .filter(|&(connections, _)| connections > 0)
        .map(|(connections, words)| format!("{} {words}", grouped(connections)))
        .collect();
        let all = self.cut + self.stray + self.addresses;
        (all > 0).then(|| {
            format!(
                "{} damaged records, of which what can be read is used: {}. `rareport records` \
                 shows what is wrong",
                count(all, "connection has", "connections have"),
                reasons.join(", ")
            )
        })
    }
}

#[cfg(test)]
mod tests {
    use auditparse::Connections;

    use super::*;

    fn damage(exe: &str, saddr: &str) -> Damage {
        let log = format!(
            "type=SYSCALL msg=audit(1.001:7): arch=c000003e syscall=42 success=yes exit=0 a0=3 {exe}\n\
             type=SOCKADDR msg=audit(1.001:7): saddr={saddr}\n"
        );
        let mut damage = Damage::default();
        damage.look_at(&Connections::new(log.as_bytes()).next().unwrap());
        damage
    }

    #[test]
    fn each_reason_is_told() {
        const SADDR: &str = "020001BB0A0000010000000000000000";
        assert_eq!(damage("exe=\"/bin/nc\"", SADDR).told(), None);
        for (exe, saddr, reason) in [
            ("exe=\"/bin/n", SADDR, "1 cut within quotes or braces"),
            ("stray exe=\"/bin/nc\"", SADDR, "1 with words that are no fields"),
            ("exe=\"/bin/nc\"", "020001BB0AZZ", "1 with an address that is not hexadecimal"),
        ] {
            let told = damage(exe, saddr).told().unwrap();
            let expected = "1 connection has damaged records, of which what can be read is used: ";
            assert!(told.starts_with(&format!("{expected}{reason}.")), "{told}");
        }
        let all = Damage { cut: 1, stray: 2, addresses: 3 }.told().unwrap();
        assert!(all.starts_with("6 connections have damaged records"), "{all}");
        assert!(all.contains("1 cut within quotes or braces, 2 with words"), "{all}");
    }
}
