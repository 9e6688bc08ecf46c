//! Finds the connection that does not belong, in Linux audit logs.

mod args;
mod console;
mod input;
mod stamp;
mod text;
mod when;

fn main() {}
