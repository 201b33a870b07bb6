//! What a product may be: the rules that span several fields, each at its limit and one past it.

use jiff::Timestamp;
use serde_json::{Value, json};
use souk::{
    catalog::{ChangeProduct, NewProduct, Product, ProductStatus},
    http::Code,
    id::ProductId,
};

fn create(new: Value) -> Result<Product, String> {
    let new: NewProduct = serde_json::from_value(new).unwrap();
    Product::new(ProductId::from_bits(1), new, Timestamp::UNIX_EPOCH).map_err(|problem| {
        assert_eq!(problem.code(), Code::InvalidRequest);
        format!("{problem:?}")
    })
}

fn euros(amount: i64) -> Value {
    json!({ "amount": amount, "currency": "EUR" })
}

fn mug() -> Value {
    json!({ "sku": "MUG", "price": euros(900) })
}

/// A mug that also has `fields`.
fn mug_with(fields: &Value) -> Result<Product, String> {
    let mut mug = mug();
    mug.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
    create(json!({ "name": "Mug", "variants": [mug] }))
}

#[track_caller]
fn refused(made: Result<Product, String>, param: &str) {
    let problem = made.unwrap_err();
    assert!(problem.contains(&format!("Some(\"{param}\")")), "{problem}");
}

fn variants(count: usize) -> Value {
    (0..count).map(|at| json!({ "sku": format!("MUG-{at}"), "price": euros(900) })).collect()
}

fn pictures(count: usize) -> Value {
    (0..count).map(|at| json!(format!("https://images.example.com/{at}.webp"))).collect()
}

#[test]
fn two_variants_cant_share_a_sku() {
    refused(create(json!({ "name": "Mug", "variants": [mug(), mug()] })), "variants[1].sku");
    let other = json!({ "sku": "mug", "price": euros(900) });
    create(json!({ "name": "Mug", "variants": [mug(), other] })).unwrap();
}

#[test]
fn a_former_price_is_above_the_price_of_its_currency() {
    mug_with(&json!({ "compare_at": [euros(901)] })).unwrap();
    refused(mug_with(&json!({ "compare_at": [euros(900)] })), "variants[0].compare_at");
    refused(mug_with(&json!({ "compare_at": [euros(899)] })), "variants[0].compare_at");
    let yen = json!({ "amount": 99_999, "currency": "JPY" });
    refused(mug_with(&json!({ "compare_at": [yen] })), "variants[0].compare_at");
    refused(mug_with(&json!({ "compare_at": [euros(901), euros(902)] })), "variants[0].compare_at");
}

#[test]
fn there_is_one_price_for_each_currency() {
    let yen = json!({ "amount": 1500, "currency": "JPY" });
    let mug = mug_with(&json!({ "prices": [yen] })).unwrap();
    assert_eq!(mug.variants[0].price_in("EUR".parse().unwrap()).unwrap().amount(), 900);
    assert_eq!(mug.variants[0].price_in("JPY".parse().unwrap()).unwrap().amount(), 1500);
    assert_eq!(mug.variants[0].price_in("USD".parse().unwrap()), None);
    refused(mug_with(&json!({ "prices": [euros(800)] })), "variants[0].prices");
    refused(create(json!({ "name": "Mug", "variants": [{ "sku": "MUG" }] })), "variants[0].price");
}

#[test]
fn a_price_is_from_nothing_to_ten_billion() {
    for (amount, valid) in
        [(-1, false), (0, true), (1, true), (10_000_000_000, true), (10_000_000_001, false)]
    {
        let made = create(json!({ "name": "Mug", "variants": [{ "sku": "MUG", "price": euros(amount) }] }));
        assert_eq!(made.is_ok(), valid, "{amount}");
    }
}

#[test]
fn a_product_has_one_to_thirty_variants() {
    for (count, valid) in [(0, false), (1, true), (29, true), (30, true), (31, false)] {
        let made = create(json!({ "name": "Mug", "variants": variants(count) }));
        assert_eq!(made.is_ok(), valid, "{count}");
    }
}

#[test]
fn tags_pictures_and_weights_have_their_limits() {
    for (count, valid) in [(14, true), (15, true), (16, false)] {
        let tags: Value = (0..count).map(|at| json!(format!("tag-{at}"))).collect();
        assert_eq!(
            create(json!({ "name": "Mug", "variants": [mug()], "tags": tags })).is_ok(),
            valid,
            "{count}"
        );
    }
    for (count, valid) in [(19, true), (20, true), (21, false)] {
        let made = create(json!({ "name": "Mug", "variants": [mug()], "images": pictures(count) }));
        assert_eq!(made.is_ok(), valid, "{count}");
        assert_eq!(mug_with(&json!({ "images": pictures(count) })).is_ok(), valid, "{count} of a variant");
    }
    for (grams, valid) in [(999_999, true), (1_000_000, true), (1_000_001, false)] {
        assert_eq!(mug_with(&json!({ "weight_grams": grams })).is_ok(), valid, "{grams}");
    }
}

#[test]
fn a_change_meets_the_same_rules_and_leaves_the_rest() {
    let product = create(json!({ "name": "Mug", "variants": [mug()], "tags": ["coffee"] })).unwrap();
    let change = |fields: Value| -> ChangeProduct { serde_json::from_value(fields).unwrap() };
    let later = Timestamp::from_second(60).unwrap();
    let doubled = product.changed(change(json!({ "variants": [mug(), mug()] })), later);
    assert_eq!(doubled.unwrap_err().code(), Code::InvalidRequest);
    let renamed = product.changed(change(json!({ "name": "Cup" })), later).unwrap();
    assert_eq!((renamed.name.as_str(), renamed.version, renamed.updated_at), ("Cup", 2, later));
    assert_eq!((&renamed.tags, &renamed.variants), (&product.tags, &product.variants));
}

#[test]
fn archiving_twice_archives_once_and_every_offer_knows() {
    let product = create(json!({ "name": "Mug", "variants": variants(3) })).unwrap();
    let archived = product.archived(Timestamp::from_second(60).unwrap());
    assert_eq!(archived.version, 2);
    assert_eq!(archived.archived(Timestamp::from_second(90).unwrap()), archived);
    assert_eq!(archived.offers().filter(|offer| offer.status == ProductStatus::Archived).count(), 3);
}
