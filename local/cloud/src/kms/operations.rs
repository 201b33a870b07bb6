//! The operations.

use std::collections::BTreeMap;

use base64::{Engine as _, prelude::BASE64_STANDARD};
use ring::aead::NONCE_LEN;
use serde_json::{Value, json};

use super::key::{Blob, Key, arn, id_in, id_of};
use crate::{AwsError, Place};

/// The longest text that `Encrypt` takes, in bytes.
const PLAINTEXT_LIMIT: usize = 4096;
/// The longest ciphertext that `Decrypt` takes, in bytes.
const CIPHERTEXT_LIMIT: usize = 6144;
/// The longest data key, in bytes.
const DATA_KEY_LIMIT: u64 = 1024;
/// The longest encryption context, in bytes.
const CONTEXT_LIMIT: usize = 8192;

type All = BTreeMap<String, Key>;

pub(super) fn run(
    place: &Place,
    keys: &mut All,
    count: u64,
    operation: &str,
    input: &Value,
) -> Result<Value, AwsError> {
    match operation {
        "CreateKey" => create(place, keys, input),
        "DescribeKey" => Ok(json!({"KeyMetadata": metadata(place, find(place, keys, input)?)})),
        "EnableKey" => switch(place, keys, input, true),
        "DisableKey" => switch(place, keys, input, false),
        "Encrypt" => encrypt(place, keys, count, input),
        "Decrypt" => decrypt(place, keys, input),
        "GenerateDataKey" => data_key(place, keys, count, input, true),
        "GenerateDataKeyWithoutPlaintext" => data_key(place, keys, count, input, false),
        _ => Err(AwsError::new("UnknownOperationException", "")),
    }
}

/// The key that a ciphertext was made with.
pub(super) fn key_of_ciphertext(input: &Value) -> Result<String, AwsError> {
    let bytes = bytes(input, "CiphertextBlob", CIPHERTEXT_LIMIT)?;
    Blob::read(&bytes).map(|blob| blob.key.to_owned()).ok_or_else(invalid_ciphertext)
}

/// What a ciphertext is bound to.
pub(super) fn context(input: &Value) -> Result<BTreeMap<String, String>, AwsError> {
    let Some(given) = input.get("EncryptionContext").filter(|given| !given.is_null()) else {
        return Ok(BTreeMap::new());
    };
    let context: BTreeMap<String, String> = serde_json::from_value(given.clone())
        .map_err(|_| AwsError::new("SerializationException", "The encryption context is no map of texts."))?;
    let length: usize = context.iter().map(|(name, value)| name.len() + value.len()).sum();
    if length > CONTEXT_LIMIT {
        return Err(invalid("encryptionContext", &format!("length less than or equal to {CONTEXT_LIMIT}")));
    }
    Ok(context)
}

/// The same bytes for the same pairs, and for no others.
fn bound(input: &Value) -> Result<Vec<u8>, AwsError> {
    Ok(json!(context(input)?).to_string().into_bytes())
}

fn find<'a>(place: &Place, keys: &'a All, input: &Value) -> Result<&'a Key, AwsError> {
    let named = input.get("KeyId").and_then(Value::as_str).unwrap_or_default();
    if named.is_empty() {
        return Err(invalid("keyId", "length greater than or equal to 1"));
    }
    let id = id_in(named);
    let elsewhere = named.starts_with("arn:") && named != arn(place, id);
    keys.get(id).filter(|_| !elsewhere).ok_or_else(|| not_found(place, id))
}

fn usable<'a>(place: &Place, keys: &'a All, input: &Value) -> Result<&'a Key, AwsError> {
    let key = find(place, keys, input)?;
    match input.get("EncryptionAlgorithm").and_then(Value::as_str) {
        None | Some("SYMMETRIC_DEFAULT") => enabled(place, key),
        Some(other) => {
            let message = format!("Algorithm {other} is incompatible with key spec SYMMETRIC_DEFAULT.");
            Err(AwsError::new("InvalidKeyUsageException", message))
        }
    }
}

fn enabled<'a>(place: &Place, key: &'a Key) -> Result<&'a Key, AwsError> {
    if key.enabled {
        return Ok(key);
    }
    Err(AwsError::new("DisabledException", format!("{} is disabled.", arn(place, &key.id))))
}

fn create(place: &Place, keys: &mut All, input: &Value) -> Result<Value, AwsError> {
    let text = |member: &str| input.get(member).and_then(Value::as_str);
    let symmetric = matches!(text("KeySpec"), None | Some("SYMMETRIC_DEFAULT"))
        && matches!(text("KeyUsage"), None | Some("ENCRYPT_DECRYPT"));
    if !symmetric {
        let message = "Only symmetric keys that encrypt are emulated.";
        return Err(AwsError::new("UnsupportedOperationException", message));
    }
    let id = id_of(&format!("{}/{}", keys.len(), place.now()));
    let material: [u8; 32] = rand::random();
    let key = Key::new(place, &id, text("Description").unwrap_or_default(), &material);
    let answer = json!({"KeyMetadata": metadata(place, &key)});
    keys.insert(id, key);
    Ok(answer)
}

fn switch(place: &Place, keys: &mut All, input: &Value, on: bool) -> Result<Value, AwsError> {
    let id = find(place, keys, input)?.id.clone();
    if let Some(key) = keys.get_mut(&id) {
        key.enabled = on;
    }
    Ok(json!({}))
}

fn metadata(place: &Place, key: &Key) -> Value {
    json!({
        "AWSAccountId": place.account, "KeyId": key.id, "Arn": arn(place, &key.id),
        "CreationDate": key.created.as_duration().as_secs_f64(), "Enabled": key.enabled,
        "Description": key.description, "KeyUsage": "ENCRYPT_DECRYPT",
        "KeyState": if key.enabled { "Enabled" } else { "Disabled" },
        "Origin": "AWS_KMS", "KeyManager": "CUSTOMER", "KeySpec": "SYMMETRIC_DEFAULT",
        "CustomerMasterKeySpec": "SYMMETRIC_DEFAULT", "EncryptionAlgorithms": ["SYMMETRIC_DEFAULT"],
        "MultiRegion": false,
    })
}

fn encrypt(place: &Place, keys: &All, count: u64, input: &Value) -> Result<Value, AwsError> {
    let plaintext = bytes(input, "Plaintext", PLAINTEXT_LIMIT)?;
    let key = usable(place, keys, input)?;
    let blob = sealed(place, key, count, input, &plaintext)?;
    Ok(json!({
        "CiphertextBlob": blob, "KeyId": arn(place, &key.id), "EncryptionAlgorithm": "SYMMETRIC_DEFAULT",
    }))
}

fn decrypt(place: &Place, keys: &All, input: &Value) -> Result<Value, AwsError> {
    let bytes = bytes(input, "CiphertextBlob", CIPHERTEXT_LIMIT)?;
    let blob = Blob::read(&bytes).ok_or_else(invalid_ciphertext)?;
    let key = keys.get(blob.key).ok_or_else(|| not_found(place, blob.key))?;
    if input.get("KeyId").is_some_and(|named| !named.is_null()) && usable(place, keys, input)?.id != key.id {
        let message = "The key ID in the request does not identify a CMK that can perform this operation.";
        return Err(AwsError::new("IncorrectKeyException", message));
    }
    enabled(place, key)?;
    let plaintext = key.decrypt(&blob, &bound(input)?).ok_or_else(invalid_ciphertext)?;
    Ok(json!({
        "Plaintext": BASE64_STANDARD.encode(plaintext), "KeyId": arn(place, &key.id),
        "EncryptionAlgorithm": "SYMMETRIC_DEFAULT",
    }))
}

fn data_key(place: &Place, keys: &All, count: u64, input: &Value, told: bool) -> Result<Value, AwsError> {
    let spec = input.get("KeySpec").and_then(Value::as_str);
    let length = match (spec, input.get("NumberOfBytes").and_then(Value::as_u64)) {
        (Some("AES_256"), None) => 32,
        (Some("AES_128"), None) => 16,
        (None, Some(length)) if (1..=DATA_KEY_LIMIT).contains(&length) => length,
        (None, Some(_)) => {
            return Err(invalid("numberOfBytes", &format!("value less than or equal to {DATA_KEY_LIMIT}")));
        }
        (Some(_), None) => return Err(invalid("keySpec", "enum value set: [AES_256, AES_128]")),
        (Some(_), Some(_)) | (None, None) => {
            let message = "Please specify either number of bytes or key spec.";
            return Err(AwsError::new("ValidationException", message));
        }
    };
    let key = usable(place, keys, input)?;
    // Each call draws twice: its data key, and the nonce that it is encrypted with.
    let plaintext =
        key.draw(place, count, NONCE_LEN + usize::try_from(length).unwrap_or(0)).split_off(NONCE_LEN);
    let mut answer = json!({
        "CiphertextBlob": sealed(place, key, count, input, &plaintext)?, "KeyId": arn(place, &key.id),
    });
    if told {
        answer["Plaintext"] = BASE64_STANDARD.encode(&plaintext).into();
    }
    Ok(answer)
}

fn sealed(place: &Place, key: &Key, count: u64, input: &Value, plaintext: &[u8]) -> Result<String, AwsError> {
    let nonce = key.draw(place, count, NONCE_LEN);
    let blob = key.encrypt(&nonce, &bound(input)?, plaintext).ok_or_else(|| {
        AwsError::new("KMSInternalException", "").with_status(http::StatusCode::INTERNAL_SERVER_ERROR)
    })?;
    Ok(BASE64_STANDARD.encode(blob))
}

/// A member that is bytes: at least one, at most `limit`.
fn bytes(input: &Value, member: &str, limit: usize) -> Result<Vec<u8>, AwsError> {
    let text = input.get(member).and_then(Value::as_str).unwrap_or_default();
    let bytes = BASE64_STANDARD
        .decode(text)
        .map_err(|_| AwsError::new("SerializationException", format!("{member} is not base64.")))?;
    let name = format!("{}{}", member[..1].to_ascii_lowercase(), &member[1..]);
    match bytes.len() {
        0 => Err(invalid(&name, "length greater than or equal to 1")),
        length if length > limit => Err(invalid(&name, &format!("length less than or equal to {limit}"))),
        _ => Ok(bytes),
    }
}

fn invalid(member: &str, rule: &str) -> AwsError {
    let message = format!(
        "1 validation error detected: Value at '{member}' failed to satisfy constraint: Member must have {rule}"
    );
    AwsError::new("ValidationException", message)
}

fn invalid_ciphertext() -> AwsError {
    AwsError::new("InvalidCiphertextException", "")
}

fn not_found(place: &Place, id: &str) -> AwsError {
    AwsError::new("NotFoundException", format!("Key '{}' does not exist", arn(place, id)))
}
