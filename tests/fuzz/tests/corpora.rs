//! Every input that was kept is taken, without libFuzzer.

#![allow(clippy::unwrap_used, clippy::expect_used)]

use std::{collections::BTreeSet, fs, path::Path};

use fuzz::{TARGETS, target};

#[test]
fn what_was_kept_breaks_nothing() {
    let corpora = Path::new(env!("CARGO_MANIFEST_DIR")).join("corpora");
    let mut fed = BTreeSet::new();
    for folder in fs::read_dir(&corpora).unwrap() {
        let folder = folder.unwrap();
        let name = folder.file_name().into_string().unwrap();
        let target = target(&name).unwrap_or_else(|| panic!("{name} is no target"));
        for input in fs::read_dir(folder.path()).unwrap() {
            let input = input.unwrap().path();
            let bytes = fs::read(&input).unwrap();
            let fed = std::panic::catch_unwind(|| (target.feed)(&bytes));
            assert!(fed.is_ok(), "{} breaks {name}", input.display());
        }
        fed.insert(name);
    }
    let all: BTreeSet<_> = TARGETS.iter().map(|target| target.name.to_owned()).collect();
    assert_eq!(fed, all, "every target has inputs");
}
