//! KMS.

use std::sync::Arc;

use aws_sdk_kms::{
    Client,
    error::ProvideErrorMetadata,
    primitives::Blob,
    types::{DataKeySpec, KeyState},
};
use serde_json::json;
use souk_cloud::{Cloud, kms::id_of};

use crate::{
    support::{Folder, client, cloud, function, may, owner},
    world::code,
};

/// A cloud with one key, and the key's id.
fn with_key() -> (Arc<Cloud>, String) {
    let cloud = cloud();
    let id = id_of("people");
    cloud.kms.ensure(&id, "People", || [7; 32]).unwrap();
    (cloud, id)
}

fn arn(id: &str) -> String {
    format!("arn:aws:kms:eu-central-1:000000000000:key/{id}")
}

fn kms(cloud: &Arc<Cloud>) -> Client {
    client!(aws_sdk_kms, cloud, owner())
}

#[tokio::test(start_paused = true)]
async fn what_is_encrypted_is_decrypted_in_the_same_context_only() {
    let (cloud, id) = with_key();
    let client = kms(&cloud);
    let sealed = client.encrypt().key_id(&id).plaintext(Blob::new("ada")).encryption_context("store", "1");
    let sealed = sealed.send().await.unwrap();
    assert_eq!(sealed.key_id(), Some(arn(&id).as_str()));
    let blob = sealed.ciphertext_blob().unwrap().clone();

    let opened = client.decrypt().ciphertext_blob(blob.clone()).encryption_context("store", "1").send().await;
    assert_eq!(opened.unwrap().plaintext().unwrap().as_ref(), b"ada");
    let other = client.decrypt().ciphertext_blob(blob.clone()).encryption_context("store", "2").send().await;
    assert!(other.unwrap_err().into_service_error().is_invalid_ciphertext_exception());
    let none = client.decrypt().ciphertext_blob(blob.clone()).send().await;
    assert!(none.unwrap_err().into_service_error().is_invalid_ciphertext_exception());

    let mut tampered = blob.clone().into_inner();
    *tampered.last_mut().unwrap() ^= 1;
    let tampered = client.decrypt().ciphertext_blob(Blob::new(tampered)).encryption_context("store", "1");
    assert!(tampered.send().await.unwrap_err().into_service_error().is_invalid_ciphertext_exception());
    let nonsense = client.decrypt().ciphertext_blob(Blob::new("nonsense")).send().await;
    assert!(nonsense.unwrap_err().into_service_error().is_invalid_ciphertext_exception());
}

#[tokio::test(start_paused = true)]
async fn the_same_text_is_never_encrypted_to_the_same_bytes() {
    let (cloud, id) = with_key();
    let client = kms(&cloud);
    let seal = || client.encrypt().key_id(&id).plaintext(Blob::new("ada")).send();
    let (one, two) = (seal().await.unwrap(), seal().await.unwrap());
    assert_ne!(one.ciphertext_blob(), two.ciphertext_blob());
}

#[tokio::test(start_paused = true)]
async fn a_data_key_comes_in_the_clear_and_wrapped() {
    let (cloud, id) = with_key();
    let client = kms(&cloud);
    let draw = || client.generate_data_key().key_id(&id).key_spec(DataKeySpec::Aes256).send();
    let (one, two) = (draw().await.unwrap(), draw().await.unwrap());
    assert_eq!(one.plaintext().unwrap().as_ref().len(), 32);
    assert_ne!(one.plaintext(), two.plaintext());
    let opened = client.decrypt().ciphertext_blob(one.ciphertext_blob().unwrap().clone()).send().await;
    assert_eq!(opened.unwrap().plaintext(), one.plaintext());

    let wrapped = client.generate_data_key_without_plaintext().key_id(arn(&id)).number_of_bytes(64);
    let wrapped = wrapped.send().await.unwrap();
    let opened = client.decrypt().ciphertext_blob(wrapped.ciphertext_blob().unwrap().clone()).send().await;
    assert_eq!(opened.unwrap().plaintext().unwrap().as_ref().len(), 64);
}

#[tokio::test(start_paused = true)]
async fn what_is_not_right_is_named() {
    let (cloud, id) = with_key();
    let client = kms(&cloud);
    let seal = |bytes: usize| client.encrypt().key_id(&id).plaintext(Blob::new(vec![1; bytes])).send();
    seal(4096).await.unwrap();
    assert_eq!(code(seal(4097).await), "ValidationException");
    assert_eq!(code(seal(0).await), "ValidationException");
    let both = client.generate_data_key().key_id(&id).key_spec(DataKeySpec::Aes256).number_of_bytes(32);
    assert_eq!(code(both.send().await), "ValidationException");
    assert_eq!(code(client.generate_data_key().key_id(&id).send().await), "ValidationException");
    let long = client.generate_data_key().key_id(&id).number_of_bytes(1025);
    assert_eq!(code(long.send().await), "ValidationException");

    let nobody = "11111111-2222-3333-4444-555555555555";
    for key in [nobody, &arn(nobody), &arn(&id).replace("eu-central-1", "us-east-1")] {
        let missing = client.encrypt().key_id(key).plaintext(Blob::new("ada")).send().await.unwrap_err();
        assert!(missing.into_service_error().is_not_found_exception(), "{key}");
    }
    let blob = seal(3).await.unwrap().ciphertext_blob().unwrap().clone();
    cloud.kms.ensure(&id_of("others"), "", || [8; 32]).unwrap();
    let wrong = client.decrypt().ciphertext_blob(blob).key_id(id_of("others")).send().await.unwrap_err();
    assert!(wrong.into_service_error().is_incorrect_key_exception());
}

#[tokio::test(start_paused = true)]
async fn a_disabled_key_does_nothing_until_it_is_enabled() {
    let (cloud, id) = with_key();
    let client = kms(&cloud);
    let seal = || client.encrypt().key_id(&id).plaintext(Blob::new("ada")).send();
    let blob = seal().await.unwrap().ciphertext_blob().unwrap().clone();
    client.disable_key().key_id(&id).send().await.unwrap();
    assert!(seal().await.unwrap_err().into_service_error().is_disabled_exception());
    let opened = client.decrypt().ciphertext_blob(blob.clone()).send().await.unwrap_err();
    assert!(opened.into_service_error().is_disabled_exception());
    let described = client.describe_key().key_id(&id).send().await.unwrap();
    assert_eq!(described.key_metadata().unwrap().key_state(), Some(&KeyState::Disabled));
    client.enable_key().key_id(&id).send().await.unwrap();
    client.decrypt().ciphertext_blob(blob).send().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_permission_is_asked_on_the_key_even_where_only_the_ciphertext_names_it() {
    let (cloud, id) = with_key();
    cloud.kms.ensure(&id_of("others"), "", || [8; 32]).unwrap();
    let client = client!(aws_sdk_kms, cloud, may(&["kms:Decrypt"], &[&arn(&id)]));
    for (name, allowed) in [("people", true), ("others", false)] {
        let sealed =
            kms(&cloud).encrypt().key_id(id_of(name)).plaintext(Blob::new("ada")).send().await.unwrap();
        let opened = client.decrypt().ciphertext_blob(sealed.ciphertext_blob().unwrap().clone()).send().await;
        assert_eq!(opened.is_ok(), allowed, "{name}");
    }
    let denied = client.encrypt().key_id(&id).plaintext(Blob::new("ada")).send().await.unwrap_err();
    assert_eq!(denied.into_service_error().code(), Some("AccessDeniedException"));
}

#[tokio::test(start_paused = true)]
async fn a_policy_can_ask_for_an_encryption_context() {
    let (cloud, id) = with_key();
    let condition = json!({"StringEquals": {"kms:EncryptionContext:store": "1"}});
    let policy = json!({"Statement": {
        "Effect": "Allow", "Action": "kms:Encrypt", "Resource": arn(&id), "Condition": condition,
    }});
    let client = client!(aws_sdk_kms, cloud, function(&policy));
    for (store, allowed) in [("1", true), ("2", false)] {
        let call =
            client.encrypt().key_id(&id).plaintext(Blob::new("ada")).encryption_context("store", store);
        assert_eq!(call.send().await.is_ok(), allowed, "{store}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_key_survives_a_kill() {
    let folder = Folder::new("keys");
    let (before, id) = (folder.cloud(), id_of("people"));
    before.kms.ensure(&id, "People", || [7; 32]).unwrap();
    let sealed = kms(&before).encrypt().key_id(&id).plaintext(Blob::new("ada")).send().await.unwrap();
    let after = folder.cloud();
    after.kms.ensure(&id, "People", || [9; 32]).unwrap();
    let opened =
        kms(&after).decrypt().ciphertext_blob(sealed.ciphertext_blob().unwrap().clone()).send().await;
    assert_eq!(opened.unwrap().plaintext().unwrap().as_ref(), b"ada");
}
