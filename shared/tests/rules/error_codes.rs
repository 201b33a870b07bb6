//! `docs/errors.md` is made from the codes, committed, and the same.

use std::{collections::BTreeSet, fs, path::Path};

use souk::http::Code;

/// `UPDATE=1 cargo test -p souk --test rules error_codes` writes the committed copy anew.
#[test]
fn every_code_is_documented() {
    let mut made = "# Errors\n\n\
        Every error is `application/problem+json` (RFC 9457). Programs go by its `code`, which never changes its \
        meaning; people read its `detail`; `request_id` names the request to an operator.\n\n\
        | Code | Status | Meaning |\n| --- | --- | --- |\n"
        .to_owned();
    for code in Code::ALL {
        made += &format!("| `{}` | {} | {} |\n", code.as_str(), code.status(), code.title());
    }
    made += "\nMade from the code: `UPDATE=1 cargo test -p souk --test rules error_codes`.\n";
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/errors.md");
    if std::env::var_os("UPDATE").is_some() {
        fs::write(&path, &made).unwrap();
    }
    let committed = fs::read_to_string(&path).unwrap_or_default();
    assert!(
        committed == made,
        "errors.md is not up to date: UPDATE=1 cargo test -p souk --test rules error_codes"
    );
}

#[test]
fn a_code_means_one_thing_and_is_an_error() {
    let names: BTreeSet<_> = Code::ALL.iter().map(|code| code.as_str()).collect();
    let titles: BTreeSet<_> = Code::ALL.iter().map(|code| code.title()).collect();
    assert_eq!((names.len(), titles.len()), (Code::ALL.len(), Code::ALL.len()));
    for code in Code::ALL {
        assert!(code.status().is_client_error() || code.status().is_server_error(), "{code:?}");
        assert_eq!(serde_json::to_value(code).unwrap(), code.as_str());
    }
}
