//! A store's keys at Stripe. They lie in Secrets Manager, one secret for each store and mode; Souk only reads them.

use std::fmt;

use aws_sdk_secretsmanager::error::{DisplayErrorContext, ProvideErrorMetadata as _};
use serde::Deserialize;

use crate::{
    runtime::{App, StartError},
    tenant::{Mode, Tenant},
};

/// The beginning of the secrets' names is in this variable.
const PREFIX: &str = "STRIPE_SECRETS";

/// What a store is at Stripe.
#[derive(Clone, Deserialize)]
pub(super) struct Secrets {
    pub secret_key: String,
    pub webhook_secret: String,
    #[serde(default)]
    pub publishable_key: Option<String>,
}

impl fmt::Debug for Secrets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secrets(…)")
    }
}

impl Secrets {
    /// The keys of `tenant`, if its operator connected it to Stripe.
    ///
    /// # Errors
    /// [`StartError`] where they can't be read, or are of the other mode.
    pub async fn load(app: &App, tenant: Tenant) -> Result<Option<Self>, StartError> {
        let name = format!("{}/{tenant}", app.settings().require(PREFIX)?);
        let invalid =
            |reason: &str| StartError::Invalid { name: PREFIX.to_owned(), reason: reason.to_owned() };
        let answer = match app.secrets().get_secret_value().secret_id(name).send().await {
            Ok(answer) => answer,
            Err(error) if error.code() == Some("ResourceNotFoundException") => return Ok(None),
            Err(error) => return Err(invalid(&DisplayErrorContext(error).to_string())),
        };
        let text = answer.secret_string.ok_or_else(|| invalid("the secret holds no text"))?;
        // The reason would quote it.
        let secrets: Self = serde_json::from_str(&text)
            .map_err(|_| invalid("the secret is not the JSON that it should be"))?;
        if !secrets.fit(tenant.mode()) {
            return Err(invalid("the secret's key is not one of this mode"));
        }
        Ok(Some(secrets))
    }

    /// Whether the key is of `mode`: a key of live mode must never be charged with for a test.
    fn fit(&self, mode: Mode) -> bool {
        ["sk", "rk"].iter().any(|kind| self.secret_key.starts_with(&format!("{kind}_{mode}_")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_of_one_mode_and_never_shown() {
        let of = |key: &str| Secrets {
            secret_key: key.to_owned(),
            webhook_secret: "whsec_canary".to_owned(),
            publishable_key: None,
        };
        assert!(of("sk_test_1").fit(Mode::Test) && of("rk_live_1").fit(Mode::Live));
        assert!(!of("sk_live_1").fit(Mode::Test) && !of("sk_test_1").fit(Mode::Live));
        assert!(!of("pk_test_1").fit(Mode::Test));
        assert!(!format!("{:?}", of("sk_test_canary")).contains("canary"));
    }
}
