//! Registering an integration.

use std::collections::BTreeSet;

use serde::Deserialize;
use utoipa::ToSchema;

use super::{
    model::{Client, ClientType, GrantType},
    secret::Secret,
};
use crate::{
    contact::Line,
    http::Problem,
    id::ClientId,
    identity::grant::{can_be_given, within_own_rights},
    oauth::RedirectUri,
    principal::{Principal, Scope},
    runtime::App,
};

/// Places to send people back to, at most.
const MOST_REDIRECTS: usize = 10;

/// An integration to be registered.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewClient {
    /// What people call it. Staff read it where they agree.
    pub name: Line,
    /// Whether it can keep a secret.
    #[serde(rename = "type")]
    pub client_type: ClientType,
    /// Where staff are sent back to, compared exactly. At most 10.
    #[serde(default)]
    #[schema(max_items = 10)]
    pub redirect_uris: Vec<RedirectUri>,
    /// How it gets its tokens: by `authorization_code` and `refresh_token`, unless said otherwise.
    pub grant_types: Option<BTreeSet<GrantType>>,
    /// What it may do at most. Only what the caller itself may do can be given.
    pub scopes: BTreeSet<Scope>,
}

impl NewClient {
    /// The integration, registered by `principal`, and its secret, which is shown once. A public one has none.
    ///
    /// # Errors
    /// 422 naming the field that can't be used; 403 where the caller would give more than it has.
    pub fn register(self, app: &App, principal: &Principal) -> Result<(Client, Option<String>), Problem> {
        can_be_given(&self.scopes, &Scope::grantable())?;
        within_own_rights(principal, &self.scopes)?;
        let default = || BTreeSet::from([GrantType::AuthorizationCode, GrantType::RefreshToken]);
        let grants = self.grant_types.unwrap_or_else(default);
        check(self.client_type, &grants, &self.redirect_uris, &self.scopes)?;
        let (text, secrets) = match self.client_type {
            ClientType::Confidential => {
                let (text, secret) = Secret::new(app);
                (Some(text), vec![secret])
            }
            ClientType::Public => (None, Vec::new()),
        };
        let (tenant, now) = (principal.tenant(), app.now());
        let client = Client {
            id: ClientId::new(app),
            store: tenant.store(),
            mode: tenant.mode(),
            name: self.name,
            client_type: self.client_type,
            redirect_uris: self.redirect_uris,
            grant_types: grants,
            scopes: self.scopes,
            secrets,
            version: 1,
            created_at: now,
            updated_at: now,
        };
        Ok((client, text))
    }
}

fn check(
    client_type: ClientType,
    grants: &BTreeSet<GrantType>,
    redirects: &[RedirectUri],
    scopes: &BTreeSet<Scope>,
) -> Result<(), Problem> {
    let invalid = |field: &str, detail: &str| Err(Problem::invalid(field, detail));
    let uses = |grant| grants.contains(&grant);
    if scopes.is_empty() {
        return invalid("scopes", "An integration that may do nothing needs no tokens: name at least one.");
    }
    if !uses(GrantType::AuthorizationCode) && !uses(GrantType::ClientCredentials) {
        return invalid("grant_types", "Name authorization_code, client_credentials or both.");
    }
    if uses(GrantType::RefreshToken) && !uses(GrantType::AuthorizationCode) {
        return invalid("grant_types", "Only what authorization_code began can be refreshed.");
    }
    if uses(GrantType::ClientCredentials) && client_type == ClientType::Public {
        return invalid("grant_types", "A public client has no credentials of its own.");
    }
    if uses(GrantType::AuthorizationCode) == redirects.is_empty() {
        return invalid("redirect_uris", "They go with authorization_code: name both or neither.");
    }
    if redirects.len() > MOST_REDIRECTS {
        return invalid("redirect_uris", "At most 10 can be named.");
    }
    Ok(())
}
