//! How a function's binary is linked for Lambda, whichever linker does it.

use std::env;

fn main() {
    println!("cargo::rerun-if-changed=../link.rs");
    let is = |name, value| env::var(name).is_ok_and(|found| found == value);
    // To a fixed address: half of a function's start was spent on moving it to another (docs/decisions/fixed-address.md).
    if is("PROFILE", "release") && is("CARGO_CFG_TARGET_OS", "linux") {
        println!("cargo::rustc-link-arg-bins=-no-pie");
    }
}
