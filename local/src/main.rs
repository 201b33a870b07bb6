//! `cargo run`: opens the market.
fn main() {}
