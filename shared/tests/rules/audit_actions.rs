//! `docs/audit-actions.md` is made from the actions, committed, and the same.

use std::{collections::BTreeSet, fs, path::Path};

use souk::audit::Action;

/// `UPDATE=1 cargo test -p souk --test rules audit_actions` writes the committed copy anew.
#[test]
fn every_action_is_documented() {
    let mut made = "# What the audit log tells of\n\n\
        Every entry has one of these as its `action`. A name is never given up or used for something else.\n\n\
        | Action | Meaning |\n| --- | --- |\n"
        .to_owned();
    for action in Action::ALL {
        made += &format!("| `{action}` | {} |\n", action.meaning().trim());
    }
    made += "\nMade from the code: `UPDATE=1 cargo test -p souk --test rules audit_actions`.\n";
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/audit-actions.md");
    if std::env::var_os("UPDATE").is_some() {
        fs::write(&path, &made).unwrap();
    }
    let committed = fs::read_to_string(&path).unwrap_or_default();
    assert!(
        committed == made,
        "audit-actions.md is not up to date: UPDATE=1 cargo test -p souk --test rules audit_actions"
    );
}

#[test]
fn an_action_has_a_name_of_its_own_that_is_read_back() {
    let names: BTreeSet<_> = Action::ALL.iter().map(|action| action.as_str()).collect();
    assert_eq!(names.len(), Action::ALL.len());
    for action in Action::ALL {
        assert_eq!(action.as_str().parse(), Ok(*action));
        assert_eq!(serde_json::to_value(action).unwrap(), action.as_str());
        let (noun, verb) = action.as_str().split_once('.').unwrap();
        assert!(
            [noun, verb]
                .iter()
                .all(|word| word.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_'))
        );
    }
}
