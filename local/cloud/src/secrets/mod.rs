//! Secrets Manager: secrets with their versions and stages.
//! <https://docs.aws.amazon.com/secretsmanager/latest/apireference/>
//!
//! Not emulated: rotation, replication, deletion and resource policies.

mod operations;
mod secret;

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    sync::{Mutex, PoisonError},
};

use secret::Secret;
use serde_json::Value;

use crate::{AwsError, CloudError, Place, files};

/// The secrets of one account in one region.
pub struct Secrets {
    place: Place,
    file: Option<PathBuf>,
    secrets: Mutex<BTreeMap<String, Secret>>,
}

impl Secrets {
    pub(crate) fn open(place: Place, data: Option<&Path>) -> Result<Self, CloudError> {
        let file = data.map(|data| data.join("secrets.json"));
        let mut secrets = BTreeMap::new();
        if let Some(path) = &file
            && let Some(bytes) = files::read(path).map_err(CloudError::files(path))?
        {
            secrets = serde_json::from_slice(&bytes)
                .map_err(|error| CloudError::Unreadable { path: path.clone(), reason: error.to_string() })?;
        }
        Ok(Self { place, file, secrets: Mutex::new(secrets) })
    }

    /// The secret `name`, created with what `make` returns unless it is there. Its ARN.
    ///
    /// # Errors
    /// As `CreateSecret`.
    pub fn ensure(&self, name: &str, make: impl FnOnce() -> String) -> Result<String, AwsError> {
        if let Some(arn) = self.arn_of(name) {
            return Ok(arn);
        }
        let created =
            self.call("CreateSecret", &serde_json::json!({"Name": name, "SecretString": make()}))?;
        Ok(created["ARN"].as_str().unwrap_or_default().to_owned())
    }

    /// The ARN of the secret with this name or ARN.
    pub fn arn_of(&self, id: &str) -> Option<String> {
        self.with(|secrets| operations::find(secrets, id).map(|secret| secret.arn.clone()).ok())
    }

    /// Runs one operation.
    ///
    /// # Errors
    /// As the operation documents.
    pub fn call(&self, operation: &str, input: &Value) -> Result<Value, AwsError> {
        self.with(|secrets| {
            let before = secrets.clone();
            let answer = operations::run(&self.place, secrets, operation, input)?;
            if *secrets != before
                && let Err(error) = self.save(secrets)
            {
                *secrets = before;
                return Err(AwsError::new("InternalServiceError", error.to_string())
                    .with_status(http::StatusCode::INTERNAL_SERVER_ERROR));
            }
            Ok(answer)
        })
    }

    /// The permission that an operation needs, and on what.
    pub fn needs(&self, operation: &str, input: &Value) -> (String, String) {
        let text = |member: &str| input.get(member).and_then(Value::as_str);
        let resource = match (text("SecretId"), text("Name")) {
            // A secret that is not there is asked for by the ARN that its name would have.
            (Some(id), _) => self.arn_of(id).unwrap_or_else(|| secret::arn(&self.place, id)),
            (None, Some(name)) => secret::arn(&self.place, name),
            (None, None) => "*".to_owned(),
        };
        (format!("secretsmanager:{operation}"), resource)
    }

    fn with<T>(&self, work: impl FnOnce(&mut BTreeMap<String, Secret>) -> T) -> T {
        work(&mut self.secrets.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn save(&self, secrets: &BTreeMap<String, Secret>) -> std::io::Result<()> {
        match &self.file {
            Some(path) => files::write(path, &serde_json::to_vec_pretty(secrets)?),
            None => Ok(()),
        }
    }
}
