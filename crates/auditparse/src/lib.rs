//! auditparse
mod error; mod event_id; pub mod field; mod record; mod record_type; pub mod segment; mod transport;
/// x
pub mod reassembly {}
pub use error::*; pub use event_id::*; pub use field::*; pub use record::*; pub use record_type::*;
