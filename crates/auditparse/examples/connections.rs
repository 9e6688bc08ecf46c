//! Prints "executable → address:port" of every connect in an audit log:
//! `cargo run --example connections < /var/log/audit/audit.log`

use std::io;

use auditparse::{ConnectionKind, Reader};

fn main() -> io::Result<()> {
    let mut connections = Reader::new(io::stdin().lock()).connections();
    while let Some(connection) = connections.next_connection()? {
        if connection.kind() != ConnectionKind::Connect {
            continue;
        }
        let exe = connection.exe().unwrap_or_default();
        match connection.address() {
            Ok(address) => println!("{} → {}", exe.escape_ascii(), address.unmapped()),
            Err(error) => println!("{} → ({error})", exe.escape_ascii()),
        }
    }
    Ok(())
}
