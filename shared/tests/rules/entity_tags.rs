//! What `If-Match` and `If-None-Match` mean for a resource at version 3, with and without a digest of the rest.

use http::{HeaderMap, HeaderValue, header::HeaderName};
use souk::http::{Code, ETag};

fn headers(name: &'static str, values: &[&str]) -> HeaderMap {
    let name = HeaderName::from_static(name);
    values.iter().map(|value| (name.clone(), HeaderValue::from_str(value).unwrap())).collect()
}

#[test]
fn a_change_is_made_to_the_version_that_was_read() {
    let table: [(&[&str], bool); 11] = [
        (&[], true),
        (&["*"], true),
        (&["\"3\""], true),
        (&["W/\"3\""], true),
        (&["\"2\", \"3\""], true),
        (&["\"2\"", "\"3\""], true),
        // The stock it was shown with has changed since.
        (&["\"3-0123456789ab\""], true),
        (&["\"2\""], false),
        (&["\"33\""], false),
        (&["\"2-3\""], false),
        (&[""], false),
    ];
    for (values, passes) in table {
        let tag = ETag::of_version(3_u32);
        for tag in [tag.clone().with("stock"), tag] {
            let outcome = tag.if_match(&headers("if-match", values)).map_err(|problem| problem.code());
            assert_eq!(
                outcome,
                if passes { Ok(()) } else { Err(Code::PreconditionFailed) },
                "{values:?} of {tag}"
            );
        }
    }
}

#[test]
fn what_the_client_has_is_not_sent_again() {
    let plain = ETag::of_version(3_u32);
    let whole = ETag::of_version(3_u32).with("stock");
    let whole_tag = whole.to_string();
    let weak = format!("W/{whole_tag}");
    let table: [(&[&str], bool, bool); 8] = [
        (&[], false, false),
        (&["*"], true, true),
        (&["\"3\""], true, false),
        (&["W/\"3\""], true, false),
        (&["\"1\", \"3\""], true, false),
        (&["\"2\""], false, false),
        (&[&whole_tag], false, true),
        (&[&weak], false, true),
    ];
    for (values, of_plain, of_whole) in table {
        let headers = headers("if-none-match", values);
        assert_eq!(
            (plain.none_match(&headers), whole.none_match(&headers)),
            (of_plain, of_whole),
            "{values:?}"
        );
    }
    assert!(!whole.none_match(&headers("if-none-match", &[&plain.clone().with("more stock").to_string()])));
}
