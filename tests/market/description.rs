//! The OpenAPI description: made from the code, committed, and the same.

use std::{fs, path::Path};

use souk_tests::TestMarket;

/// `UPDATE=1 cargo test -p souk-tests description` writes the committed copy anew.
#[test]
fn the_committed_description_is_the_codes() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../functions/api-reference/assets/openapi.json");
    let made = souk::http::describe(&souk_local::functions()).to_pretty_json().unwrap() + "\n";
    if std::env::var_os("UPDATE").is_some() {
        fs::write(&path, &made).unwrap();
    }
    let committed = fs::read_to_string(&path).unwrap();
    assert!(
        committed == made,
        "openapi.json is not up to date: UPDATE=1 cargo test -p souk-tests description"
    );
}

#[test]
fn the_description_is_whole() {
    let description = serde_json::to_value(souk::http::describe(&souk_local::functions())).unwrap();
    assert_eq!(description["openapi"], "3.1.0");
    let text = description.to_string();
    let schemas = description["components"]["schemas"].as_object().unwrap();
    for reference in text.split("#/components/schemas/").skip(1) {
        let name = reference.split('"').next().unwrap();
        assert!(schemas.contains_key(name), "{name} is referred to and not described");
    }
    let named = |path: &str| description.pointer(path).unwrap().to_string();
    let answer = "responses/200/content/application~1json/schema";
    assert!(named(&format!("/paths/~1v1~1products/get/{answer}")).contains("ProductList"));
    assert!(named(&format!("/paths/~1v1~1orders/get/{answer}")).contains("OrderSummaryList"));
    assert!(named("/components/schemas/Code").contains("\"out_of_stock\""), "codes as they are sent");
    assert!(
        !schemas.contains_key("Option") && !schemas.contains_key("List"),
        "two types can't share one name"
    );
    let operations = description["paths"].as_object().unwrap().values();
    let operations: usize = operations.map(|path| path.as_object().unwrap().len()).sum();
    let routes: usize = souk_local::functions()
        .iter()
        .filter_map(|function| function.routes())
        .map(|routes| routes.iter().count())
        .sum();
    assert_eq!(operations, routes);
}

#[tokio::test(start_paused = true)]
async fn the_page_works_without_a_network() {
    let market = TestMarket::open(|_| {}).await;
    let anybody = market.shopper().0.with_key(None);
    let page = anybody.get("/").await.expect(200);
    assert!(page.header("content-security-policy").contains("script-src 'self'"));
    for source in page.text.split("=\"reference/").skip(1) {
        let name = source.split('"').next().unwrap();
        let part = anybody.get(&format!("/reference/{name}")).await.expect(200);
        assert!(part.header("content-type").ends_with("; charset=utf-8"), "{name}");
    }
    assert!(!page.text.contains("https://"), "the page loads something from elsewhere");
    anybody.get("/openapi.json").await.expect(200);
    anybody.get("/reference/nothing").await.expect(404);
}
