//! A store's keys at Stripe. They lie in Secrets Manager, one secret for each store and mode; Souk only reads them, and
//! each environment remembers them for a while.

use std::{fmt, sync::Arc};

use aws_sdk_secretsmanager::error::{DisplayErrorContext, ProvideErrorMetadata as _};
use jiff::SignedDuration;
use serde::Deserialize;

use crate::{
    runtime::{App, StartError},
    tenant::{Mode, Tenant},
};

/// The beginning of the secrets' names is in this variable.
const PREFIX: &str = "STRIPE_SECRETS";

/// What an environment remembers them as.
const MEMO: &str = "stripe";

/// How long they are remembered: a new value counts everywhere by then. Where Stripe refuses one, it is read again.
const KEPT: SignedDuration = SignedDuration::from_mins(5);

/// How long they are believed where a signature does not fit them. Anybody can send a wrong one.
const KEPT_AGAINST_SIGNATURES: SignedDuration = SignedDuration::from_secs(10);

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

/// What is wrong with a secret. Says nothing of what is in it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum Fault {
    #[error("the secret {0} does not exist")]
    Missing(String),
    #[error("the secret {0} is not the JSON that it should be, with secret_key and webhook_secret")]
    Shape(String),
    #[error("{field} in the secret {name} must begin with {begins}")]
    Field { name: String, field: &'static str, begins: String },
}

impl Secrets {
    /// The keys of `tenant`, if its operator connected it to Stripe.
    ///
    /// # Errors
    /// [`StartError`] where they can't be read, or are of the other mode.
    pub async fn load(app: &App, tenant: Tenant) -> Result<Option<Arc<Self>>, StartError> {
        Self::no_older(app, tenant, KEPT).await
    }

    /// The keys again, where a signature did not fit them: they may have been changed.
    ///
    /// # Errors
    /// As [`Self::load`].
    pub async fn renewed(app: &App, tenant: Tenant) -> Result<Option<Arc<Self>>, StartError> {
        Self::no_older(app, tenant, KEPT_AGAINST_SIGNATURES).await
    }

    /// Has them read again next time: Stripe refused the key.
    pub fn forget(app: &App, tenant: Tenant) {
        app.tenant_memo().forget(tenant, MEMO);
    }

    async fn no_older(
        app: &App,
        tenant: Tenant,
        age: SignedDuration,
    ) -> Result<Option<Arc<Self>>, StartError> {
        if let Some(known) = app.tenant_memo().get(tenant, MEMO, app.now(), age) {
            return Ok(Some(known));
        }
        match Self::read(app, tenant).await? {
            Ok(secrets) => Ok(Some(app.tenant_memo().put(tenant, MEMO, app.now(), secrets))),
            Err(Fault::Missing(_)) => Ok(None),
            Err(fault) => Err(StartError::Invalid { name: PREFIX.to_owned(), reason: fault.to_string() }),
        }
    }

    /// The keys as they are in Secrets Manager now, or what is wrong with them.
    ///
    /// # Errors
    /// [`StartError`] where Secrets Manager does not say.
    pub async fn read(app: &App, tenant: Tenant) -> Result<Result<Self, Fault>, StartError> {
        let name = format!("{}/{tenant}", app.settings().require(PREFIX)?);
        let text = match app.secrets().get_secret_value().secret_id(&name).send().await {
            Ok(answer) => answer.secret_string.unwrap_or_default(),
            Err(error) if error.code() == Some("ResourceNotFoundException") => {
                return Ok(Err(Fault::Missing(name)));
            }
            Err(error) => {
                let reason = DisplayErrorContext(error).to_string();
                return Err(StartError::Invalid { name: PREFIX.to_owned(), reason });
            }
        };
        Ok(Self::parsed(&name, &text, tenant.mode()))
    }

    /// A key of live mode must never be charged with for a test, nor the other way round.
    fn parsed(name: &str, text: &str, mode: Mode) -> Result<Self, Fault> {
        // The reason would quote it.
        let secrets: Self = serde_json::from_str(text).map_err(|_| Fault::Shape(name.to_owned()))?;
        let begins = |value: &str, with: &[String]| {
            let rest = with.iter().find_map(|beginning| value.strip_prefix(beginning.as_str()));
            rest.is_some_and(|rest| !rest.is_empty() && rest.chars().all(|c| c.is_ascii_graphic()))
        };
        let check = |field, value: &str, with: &[String]| match begins(value, with) {
            true => Ok(()),
            false => Err(Fault::Field { name: name.to_owned(), field, begins: with.join(" or ") }),
        };
        check("secret_key", &secrets.secret_key, &[format!("sk_{mode}_"), format!("rk_{mode}_")])?;
        check("webhook_secret", &secrets.webhook_secret, &["whsec_".to_owned()])?;
        if let Some(key) = &secrets.publishable_key {
            check("publishable_key", key, &[format!("pk_{mode}_")])?;
        }
        Ok(secrets)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn parsed(secret: &Value, mode: Mode) -> Result<Secrets, Fault> {
        Secrets::parsed("souk/stripe/store/test", &secret.to_string(), mode)
    }

    fn of(key: &str) -> Value {
        json!({"secret_key": key, "webhook_secret": "whsec_canary"})
    }

    #[test]
    fn a_key_is_of_one_mode_and_never_shown() {
        for (key, mode) in [("sk_test_1", Mode::Test), ("rk_live_1", Mode::Live)] {
            assert!(!format!("{:?}", parsed(&of(key), mode).unwrap()).contains('1'));
        }
        for (key, mode) in [
            ("sk_live_canary", Mode::Test),
            ("sk_test_canary", Mode::Live),
            ("pk_test_canary", Mode::Test),
            ("sk_test_", Mode::Test),
            ("sk_test_canary\n", Mode::Test),
            (" sk_test_canary", Mode::Test),
        ] {
            let fault = parsed(&of(key), mode).unwrap_err();
            assert!(matches!(fault, Fault::Field { field: "secret_key", .. }), "{key}");
            assert!(!fault.to_string().contains("canary"), "{fault}");
        }
    }

    #[test]
    fn what_is_wrong_is_named_and_not_quoted() {
        let fault = |more: Value| {
            let mut secret = of("sk_test_canary");
            secret.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
            parsed(&secret, Mode::Test).unwrap_err().to_string()
        };
        let name = "souk/stripe/store/test";
        let webhook = fault(json!({"webhook_secret": "canary"}));
        assert_eq!(webhook, format!("webhook_secret in the secret {name} must begin with whsec_"));
        let publishable = fault(json!({"publishable_key": "pk_live_canary"}));
        assert_eq!(publishable, format!("publishable_key in the secret {name} must begin with pk_test_"));
        let shape = Secrets::parsed(name, "sk_test_canary", Mode::Test).unwrap_err().to_string();
        assert!(shape.contains("is not the JSON") && !shape.contains("canary"), "{shape}");
    }
}
