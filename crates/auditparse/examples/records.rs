//! Counts the records of an audit log by type, and says which lines are none:
//! `cargo run --example records audit.log`

use std::collections::BTreeMap;
use std::error::Error;

use auditparse::Records;

fn main() -> Result<(), Box<dyn Error>> {
    let path = std::env::args_os().nth(1).ok_or("usage: records FILE")?;
    let log = std::fs::read(path)?;
    let mut records = Records::new(&log);
    let mut types = BTreeMap::new();
    for record in records.by_ref().flatten() {
        *types.entry(record.type_name().escape_ascii().to_string()).or_insert(0u64) += 1;
    }
    for (name, count) in types {
        println!("{count:>8} {name}");
    }
    for (reason, count) in records.stats().rejected.iter() {
        println!("{count:>8} lines: {reason}");
    }
    Ok(())
}
