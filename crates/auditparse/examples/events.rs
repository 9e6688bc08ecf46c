//! Prints the commands that an audit log has as execve events:
//! `cargo run --example events < /var/log/audit/audit.log`

use std::io;

use auditparse::Reader;

fn main() -> io::Result<()> {
    let mut events = Reader::new(io::stdin().lock()).events();
    while let Some(event) = events.next_event()? {
        if let Some(argv) = event.argv() {
            println!("{} {}", event.id(), argv.join(&b' ').escape_ascii());
        }
    }
    let stats = events.stats();
    eprintln!("{} events, {} lost", stats.events.events, stats.events.lost_events);
    Ok(())
}
