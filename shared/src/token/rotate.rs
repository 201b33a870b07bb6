//! Rotation of the signing keys, once a day.

use aws_sdk_secretsmanager::{
    error::{DisplayErrorContext, SdkError},
    operation::put_secret_value::PutSecretValueError,
};

use super::{PublicKey, keys::SigningKeys};
use crate::{
    runtime::{App, InvocationError, StartError},
    store::{self, StoreError, Write, WriteError, keys},
};

/// The secret's ARN is in this variable.
const SETTING: &str = "SIGNING_KEYS_ARN";

/// What a rotation did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rotation {
    /// The keys are as they should be.
    NothingToDo,
    /// A key was added, or an ended one removed.
    Rotated,
    /// Somebody else rotated at the same moment.
    Outrun,
}

/// Brings the signing keys to where they should be now. Safe to run twice, also at once, and to break off anywhere.
///
/// # Errors
/// Says which step failed; the next run does it again.
pub async fn rotate(app: &App) -> Result<Rotation, InvocationError> {
    let failed = |error: StartError| InvocationError::new("SigningKeysUnreadable", error);
    let arn = app.settings().require(SETTING).map_err(failed)?;
    let answer = app.secrets().get_secret_value().secret_id(arn).send().await;
    // Not its text: an error of the service never quotes the secret, but nothing needs to depend on that.
    let answer = answer.map_err(|error| InvocationError::new("SecretUnreadable", code(&error)))?;
    let missing = || InvocationError::new("SecretUnreadable", "the secret holds no text");
    let (text, version) = answer.secret_string.zip(answer.version_id).ok_or_else(missing)?;
    let old = SigningKeys::parse(&text).map_err(failed)?;
    let Some(new) = old.rotated(app) else {
        return Ok(Rotation::NothingToDo);
    };
    let stored = |error: StoreError| InvocationError::new("KeysUnwritable", error);
    // The order is what makes it safe to break off. Nobody may sign with a key that the authorizer does not know, so a
    // new one is published first. An ended one is withdrawn before the secret forgets it, or nobody would know of it.
    new.publish(app).await.map_err(stored)?;
    let kept = new.public();
    for ended in old.public().iter().filter(|key| !kept.contains(key)) {
        withdraw(app, ended).await.map_err(stored)?;
    }
    let secret = new.to_secret().map_err(|error| InvocationError::new("KeysUnwritable", error))?;
    // The new version's name follows from the old one's: of two rotations at once the service takes one.
    let token = keys::hash(&[b"rotation after ", version.as_bytes()]);
    let put = app.secrets().put_secret_value().secret_id(arn).secret_string(secret);
    match put.client_request_token(&token[..32]).send().await {
        Ok(_) => Ok(Rotation::Rotated),
        Err(error) if outrun(&error) => {
            // Our new key is in no secret, and never will be.
            let known = old.public();
            for lost in kept.iter().filter(|key| !known.contains(key)) {
                withdraw(app, lost).await.map_err(stored)?;
            }
            Ok(Rotation::Outrun)
        }
        Err(error) => Err(InvocationError::new("SecretUnwritable", code(&error))),
    }
}

fn outrun(error: &SdkError<PutSecretValueError>) -> bool {
    error.as_service_error().is_some_and(PutSecretValueError::is_resource_exists_exception)
}

/// Takes a key away from the authorizer, which then refuses whatever is signed with it.
async fn withdraw(app: &App, key: &PublicKey) -> Result<(), StoreError> {
    match store::commit(app, vec![Write::delete(keys::public_key(&key.kid))]).await {
        Err(WriteError::Store(error)) => Err(error),
        // Nothing is asked of the item, so nothing can be refused.
        Ok(()) | Err(WriteError::Refused(_)) => Ok(()),
    }
}

fn code<E>(error: &SdkError<E>) -> String
where
    E: aws_sdk_secretsmanager::error::ProvideErrorMetadata + std::error::Error + 'static,
{
    use aws_sdk_secretsmanager::error::ProvideErrorMetadata as _;
    error.code().map_or_else(|| DisplayErrorContext(error).to_string(), str::to_owned)
}
