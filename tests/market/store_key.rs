//! The key of a store, which its people's keys are wrapped by.

use futures::future::join_all;
use jiff::SignedDuration;
use serde_json::{Value, json};
use souk::{
    id::{CustomerId, StoreId},
    store::{self, Write, keys},
    tenant::{Mode, Tenant},
    vault::{self, Subject, VaultError},
};
use souk_local::template::{TemplateOptions, load};
use souk_tests::{TestMarket, template};

fn customer(bits: u128) -> Subject {
    Subject::Customer(CustomerId::from_bits(bits))
}

/// The items of a kind in the vault that are about `tenant`.
async fn vault_of(market: &TestMarket, tenant: Tenant, kind: &str) -> Vec<Value> {
    let (items, start) = (market.items("-vault", kind).await, format!("{tenant}/"));
    items.into_iter().filter(|item| item["pk"].as_str().unwrap().starts_with(&start)).collect()
}

/// Switches the deployment's key of KMS on or off.
fn switch_kms(market: &TestMarket, operation: &str) {
    let key = market.market.stack().keys.values().next().unwrap().id.clone();
    market.market.cloud().kms.call(operation, &json!({ "KeyId": key })).unwrap();
}

#[tokio::test(start_paused = true)]
async fn of_many_who_make_a_stores_key_all_use_one() {
    let market = TestMarket::crowded(9).await;
    let tenant = Tenant::of_own_record(StoreId::from_bits(7), Mode::Test);
    // Each in an environment of its own, which knows of no key.
    let makes = (0..20).map(|number: u32| {
        let app = market.app();
        async move {
            vault::make_store_key(&app, tenant).await.unwrap();
            vault::seal(&app, tenant, customer(number.into()), "number", &number).await.unwrap()
        }
    });
    let (sealed, app) = (join_all(makes).await, market.app());
    for (number, sealed) in (0_u32..).zip(&sealed) {
        let opened = vault::open(&app, tenant, customer(number.into()), "number", sealed).await.unwrap();
        assert_eq!(opened, Some(number));
    }
    assert_eq!(vault_of(&market, tenant, "store-key").await.len(), 1);
    assert_eq!(vault_of(&market, tenant, "person-key").await.len(), 20);
}

#[tokio::test(start_paused = true)]
async fn the_key_is_forgotten_after_ten_minutes() {
    let market = TestMarket::with_mugs(9).await;
    let (app, tenant) = (market.app(), market.tenant());
    let sealed = vault::seal(&app, tenant, customer(7), "name", &"Ada".to_owned()).await.unwrap();
    switch_kms(&market, "DisableKey");
    let open = || vault::open(&app, tenant, customer(7), "name", &sealed);
    market.leap(SignedDuration::from_mins(9));
    assert_eq!(open().await.unwrap().as_deref(), Some("Ada"));
    // An environment that does not know it learns nothing.
    let elsewhere = vault::open(&market.app(), tenant, customer(7), "name", &sealed).await;
    assert!(matches!(&elsewhere, Err(VaultError::Kms(why)) if why.starts_with("Disabled")), "{elsewhere:?}");
    market.leap(SignedDuration::from_mins(2));
    let late = open().await;
    assert!(matches!(&late, Err(VaultError::Kms(why)) if why.starts_with("Disabled")), "{late:?}");
    switch_kms(&market, "EnableKey");
    assert_eq!(open().await.unwrap().as_deref(), Some("Ada"));
}

#[tokio::test(start_paused = true)]
async fn who_was_erased_is_so_at_once_where_the_stores_key_is_known() {
    let market = TestMarket::with_mugs(9).await;
    let (app, tenant) = (market.app(), market.tenant());
    let sealed = vault::seal(&app, tenant, customer(7), "name", &"Ada".to_owned()).await.unwrap();
    vault::destroy(&market.app(), tenant, customer(7)).await.unwrap();
    assert_eq!(vault::open(&app, tenant, customer(7), "name", &sealed).await.unwrap(), None);
    let tombstone = &vault_of(&market, tenant, "person-key").await[0];
    assert!(tombstone["key"].is_null() && tombstone["erased_at"].is_string(), "{tombstone}");
}

#[tokio::test(start_paused = true)]
async fn a_key_that_kms_wrapped_itself_still_opens() {
    let market = TestMarket::with_mugs(9).await;
    let (app, tenant, key) = (market.app(), market.tenant(), market.market.stack().keys.values().next());
    // As version 1 of the vault wrote it.
    let context = json!({"tenant": tenant.to_string(), "subject": customer(7).to_string()});
    let ask = json!({"KeyId": key.unwrap().id, "KeySpec": "AES_256", "EncryptionContext": context});
    let made = market.market.cloud().kms.call("GenerateDataKey", &ask).unwrap();
    let item = json!({"generation": "00000000000000aa", "wrapped": made["CiphertextBlob"]});
    let put = Write::put("person-key", keys::person(tenant, customer(7)), &item).unwrap();
    store::commit(&app, vec![put]).await.unwrap();

    let sealed = vault::seal(&app, tenant, customer(7), "name", &"Ada".to_owned()).await.unwrap();
    let opened = vault::open(&market.app(), tenant, customer(7), "name", &sealed).await.unwrap();
    assert_eq!(opened.as_deref(), Some("Ada"));
    let kept = &vault_of(&market, tenant, "person-key").await;
    assert_eq!((&kept[0]["wrapped"], &kept[0]["generation"]), (&item["wrapped"], &item["generation"]));
    vault::destroy(&app, tenant, customer(7)).await.unwrap();
    assert_eq!(vault::open(&app, tenant, customer(7), "name", &sealed).await.unwrap(), None);
}

#[tokio::test(start_paused = true)]
async fn a_stores_key_opens_nothing_of_another_store_or_mode() {
    let market = TestMarket::with_mugs(9).await;
    let (other, ..) = market.store_with(json!({})).await;
    let (test, live) = (market.tenant(), Tenant::of_own_record(market.store.parse().unwrap(), Mode::Live));
    let name = "Ada".to_owned();
    let sealed = vault::seal(&market.app(), test, customer(7), "name", &name).await.unwrap();
    let person = &market.raw_items("-vault", "person-key").await;
    let person = person.iter().find(|item| souk_tests::plain(item)["pk"].as_str().unwrap().contains("cus_"));
    let of_store = market.raw_items("-vault", "store-key").await;
    let of_store = of_store.iter().find(|item| souk_tests::plain(item)["pk"] == format!("{test}/store-key"));
    for elsewhere in [live, other] {
        vault::seal(&market.app(), elsewhere, customer(8), "name", &name).await.unwrap();
        // Somebody who can write to the table moves the person's key, and then the store's as well.
        move_to(&market, person.unwrap(), keys::person(elsewhere, customer(7)).pk()).await;
        let moved = vault::open(&market.app(), elsewhere, customer(7), "name", &sealed).await;
        assert!(matches!(moved, Err(VaultError::Tampered(_))), "{moved:?}");
        move_to(&market, of_store.unwrap(), keys::store_key(elsewhere).pk()).await;
        let moved = vault::open(&market.app(), elsewhere, customer(7), "name", &sealed).await;
        assert!(
            matches!(&moved, Err(VaultError::Kms(why)) if why.starts_with("InvalidCiphertext")),
            "{moved:?}"
        );
    }
    assert_eq!(vault::open(&market.app(), test, customer(7), "name", &sealed).await.unwrap(), Some(name));
}

async fn move_to(market: &TestMarket, item: &Value, pk: &str) {
    let mut item = item.clone();
    item["pk"] = json!({ "S": pk });
    market.dynamodb("PutItem", json!({"TableName": market.table("-vault"), "Item": item})).await;
}

#[tokio::test(start_paused = true)]
async fn a_store_whose_key_is_lost_has_not_erased_anybody() {
    let market = TestMarket::with_mugs(9).await;
    let tenant = market.tenant();
    let sealed = vault::seal(&market.app(), tenant, customer(7), "name", &"Ada".to_owned()).await.unwrap();
    let of_store = keys::store_key(tenant);
    let key = json!({"pk": {"S": of_store.pk()}, "sk": {"S": of_store.sk()}});
    market.dynamodb("DeleteItem", json!({"TableName": market.table("-vault"), "Key": key})).await;
    let opened = vault::open(&market.app(), tenant, customer(7), "name", &sealed).await;
    assert!(matches!(opened, Err(VaultError::NoStoreKey)), "{opened:?}");
    // Nor does somebody of whom something is known get a second key.
    let again = vault::seal(&market.app(), tenant, customer(7), "name", &"Ada".to_owned()).await;
    assert!(matches!(again, Err(VaultError::NoStoreKey)), "{again:?}");
}

#[test]
fn only_who_opens_stores_makes_and_writes_their_keys() {
    let stack = load(&template(), &TemplateOptions::default()).unwrap();
    let (mut writers, mut makers, mut readers) = (Vec::new(), Vec::new(), 0);
    for (id, function) in &stack.functions {
        for statement in &function.statements {
            let actions = match &statement["Action"] {
                Value::Array(actions) => actions.clone(),
                one => vec![one.clone()],
            };
            let keys = &statement["Condition"]["ForAllValues:StringLike"]["dynamodb:LeadingKeys"];
            if keys.to_string().contains("/store-key") {
                readers += 1;
                if actions != ["dynamodb:GetItem"] {
                    writers.push(id.as_str());
                }
            }
            if actions.iter().any(|action| action == "kms:GenerateDataKey") {
                makers.push(id.as_str());
            }
        }
    }
    assert_eq!((writers, makers), (vec!["ProvisionStoreFunction"], vec!["ProvisionStoreFunction"]));
    assert_eq!(readers, 14, "each function that opens what is known of people may read the key of its store");
}
