//! Every call of a purchase, in order: what is worked downwards from.

use souk_local::engine::{Cause, Happening};

/// Prints each run of a function after the calls that it made, with what they were about.
pub(super) fn print(happenings: &[Happening]) {
    for happening in happenings {
        match happening {
            Happening::Call(call) => {
                let families: Vec<String> = call.keys.iter().map(|(_, key)| family(key)).collect();
                let indexes: Vec<String> = call
                    .capacity
                    .iter()
                    .filter_map(|share| Some(format!("{}={}", share.index.as_deref()?, share.units)))
                    .collect();
                println!(
                    "    {:<20}{:<16}{:<20}{:>6}{:>6}  {} {} {:?}",
                    call.caller,
                    call.service,
                    call.operation,
                    call.read_units.to_string(),
                    call.write_units.to_string(),
                    families.join(" "),
                    indexes.join(" "),
                    call.outcome,
                );
            }
            Happening::Run(run) if run.cause != Cause::Authorization => {
                println!("  {} by {:?}", run.binary, run.cause);
            }
            Happening::Request(request) => {
                println!("{} {} {}", request.method, request.route.as_deref().unwrap_or("?"), request.status);
            }
            _ => {}
        }
    }
}

/// A key without whose it is and which one: `cart`, `sandbox/day`, `ledger/balances`.
fn family(key: &str) -> String {
    let shape =
        |part: &str| part.len() < 24 && !part.contains('_') && !part.contains(|c: char| c.is_ascii_digit());
    let parts: Vec<&str> =
        key.split('/').filter(|part| shape(part) && !matches!(*part, "test" | "live")).collect();
    parts.join("/")
}
