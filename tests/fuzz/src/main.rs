//! The target that `FUZZ_TARGET` names, under libFuzzer. Where `FUZZ_VOLUME` says how many, instead without it: so many
//! inputs, unguided, for `FUZZ_SECONDS` at most, made of those in the folder `FUZZ_KEPT`.

#![no_main]

use std::{
    env::var,
    path::Path,
    process::exit,
    sync::LazyLock,
    time::{Duration, Instant},
};

use fuzz::{Target, target, volume};

static TARGET: LazyLock<&'static Target> = LazyLock::new(|| {
    let name = var("FUZZ_TARGET").unwrap_or_default();
    target(&name).unwrap_or_else(|| panic!("FUZZ_TARGET names no target: {name:?}"))
});

fn number(name: &str) -> Option<u64> {
    var(name).ok()?.parse().ok()
}

libfuzzer_sys::fuzz_target!(
    init: {
        if let Some(count) = number("FUZZ_VOLUME") {
            // libFuzzer's own would end the process before the input is written down.
            let _ = std::panic::take_hook();
            let limit = Duration::from_secs(number("FUZZ_SECONDS").filter(|limit| *limit > 0).unwrap_or(u64::from(u32::MAX)));
            let began = Instant::now();
            let kept = var("FUZZ_KEPT").unwrap_or_default();
            match volume::feed(*TARGET, Path::new(&kept), count, limit) {
                Ok(fed) => println!("fed: {fed} in {} ms", began.elapsed().as_millis()),
                Err(input) => {
                    println!("not taken: {:?}", String::from_utf8_lossy(&input));
                    let _ = std::fs::write(var("FUZZ_FAILED").unwrap_or_else(|_| "failed".to_owned()), input);
                    exit(1);
                }
            }
            exit(0);
        }
    },
    |bytes: &[u8]| {
        (TARGET.feed)(bytes);
    }
);
