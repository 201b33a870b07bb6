//! An identity provider that a store trusts.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use jsonwebtoken::Algorithm;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{
    contact::Line, http::Problem, id::IdentityProviderId, runtime::App, staff::Role, text::printable,
};

/// How many audiences a provider may have, roles it may map, and claims it may ask for.
const MOST: usize = 20;

crate::text_type! {
    /// An issuer of tokens, to the letter as its discovery document and its tokens write it.
    Issuer, example "https://login.example.com", length 8..=255, check |text| {
        printable(text)?;
        if text.contains(['?', '#']) { Err("must have no query and no fragment".to_owned()) } else { Ok(()) }
    }
}

crate::text_type! {
    /// Whom tokens are for, as the provider writes it: an API's identifier, or a client's id.
    Audience, example "https://api.example.com", length 1..=255, check printable
}

crate::text_type! {
    /// A claim: its name, taken literally, or a JSON pointer (RFC 6901), which begins with a slash.
    ClaimPath, example "/realm_access/roles", length 1..=200, check printable
}

/// Which claim says whom a token is for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum AudienceClaim {
    /// `aud`, as the standards have it.
    #[default]
    Aud,
    /// `client_id`: access tokens of Amazon Cognito have no `aud`. A token that has an `aud` nevertheless must name one
    /// of the audiences there as well.
    ClientId,
}

/// Who the provider's subjects are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Subjects {
    /// Shoppers.
    Customers,
    /// Those who work for the store, with the roles that `roles` gives them.
    Staff,
}

/// How tokens are signed. What is signed with a secret that both sides know is not among them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[expect(missing_docs, reason = "the names are those of RFC 7518 and RFC 8037")]
pub enum SignatureAlgorithm {
    RS256,
    RS384,
    RS512,
    PS256,
    PS384,
    PS512,
    ES256,
    ES384,
    #[serde(rename = "EdDSA")]
    EdDsa,
}

impl SignatureAlgorithm {
    /// What is allowed unless something else is said.
    fn usual() -> BTreeSet<Self> {
        [Self::RS256, Self::ES256, Self::EdDsa].into()
    }

    pub(super) fn library(self) -> Algorithm {
        match self {
            Self::RS256 => Algorithm::RS256,
            Self::RS384 => Algorithm::RS384,
            Self::RS512 => Algorithm::RS512,
            Self::PS256 => Algorithm::PS256,
            Self::PS384 => Algorithm::PS384,
            Self::PS512 => Algorithm::PS512,
            Self::ES256 => Algorithm::ES256,
            Self::ES384 => Algorithm::ES384,
            Self::EdDsa => Algorithm::EdDSA,
        }
    }

    /// The algorithm of this name in a header or a key.
    pub(super) fn of_name(name: &str) -> Option<Self> {
        serde_json::from_value(serde_json::Value::String(name.to_owned())).ok()
    }
}

/// Which of the provider's words mean which role.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RoleMapping {
    /// The claim that holds one of the words, or a list of them.
    pub claim: ClaimPath,
    /// The role for each word. Whoever has several has what all of them give together; whoever has none is not let in.
    pub values: BTreeMap<String, Role>,
}

/// An identity provider that a store trusts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct IdentityProvider {
    /// Its id.
    pub id: IdentityProviderId,
    /// What people call it.
    pub name: Line,
    /// Who issues its tokens.
    pub issuer: Issuer,
    /// Whom tokens may be for.
    pub audiences: BTreeSet<Audience>,
    /// Which claim says so.
    pub audience_claim: AudienceClaim,
    /// How tokens may be signed.
    pub algorithms: BTreeSet<SignatureAlgorithm>,
    /// Who its subjects are.
    pub subjects: Subjects,
    /// What makes which role, where its subjects are staff.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub roles: Option<RoleMapping>,
    /// Claims that a token must have, with this value or with it in a list.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub required_claims: BTreeMap<String, String>,
    /// Whether its tokens are accepted.
    pub enabled: bool,
    /// Counts its changes, from 1.
    pub version: u32,
    /// When it was added.
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Timestamp,
    /// When it last changed.
    #[schema(value_type = String, format = DateTime)]
    pub updated_at: Timestamp,
}

/// An identity provider to be trusted.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewIdentityProvider {
    /// What people call it.
    pub name: Line,
    /// Who issues its tokens. `/.well-known/openid-configuration` has to be found below it.
    pub issuer: Issuer,
    /// Whom tokens may be for, 1 to 20. No other store may have the same issuer and audience.
    pub audiences: BTreeSet<Audience>,
    /// Which claim says so; `aud` unless said otherwise.
    #[serde(default)]
    pub audience_claim: AudienceClaim,
    /// How tokens may be signed; RS256, ES256 and EdDSA unless said otherwise.
    #[serde(default = "SignatureAlgorithm::usual")]
    pub algorithms: BTreeSet<SignatureAlgorithm>,
    /// Who its subjects are.
    pub subjects: Subjects,
    /// What makes which role. Needed where its subjects are staff. Only what the caller may do can be given.
    pub roles: Option<RoleMapping>,
    /// Claims that a token must have, by name or JSON pointer, with this value or with it in a list; at most 20.
    #[serde(default)]
    pub required_claims: BTreeMap<String, String>,
}

/// What to change of an identity provider. Its issuer and the kind of its subjects stay: they make the ids of those who
/// came in through it.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ChangeIdentityProvider {
    /// What people call it.
    pub name: Option<Line>,
    /// Whom tokens may be for, all of it.
    pub audiences: Option<BTreeSet<Audience>>,
    /// Which claim says so.
    pub audience_claim: Option<AudienceClaim>,
    /// How tokens may be signed, all of it.
    pub algorithms: Option<BTreeSet<SignatureAlgorithm>>,
    /// What makes which role, all of it.
    pub roles: Option<RoleMapping>,
    /// Claims that a token must have, all of it.
    pub required_claims: Option<BTreeMap<String, String>>,
    /// Whether its tokens are accepted, from the next request on.
    pub enabled: Option<bool>,
}

impl IdentityProvider {
    /// A new provider.
    ///
    /// # Errors
    /// 422, naming the field.
    pub(super) fn new(app: &App, new: NewIdentityProvider) -> Result<Self, Problem> {
        let now = app.now();
        let provider = Self {
            id: IdentityProviderId::new(app),
            name: new.name,
            issuer: new.issuer,
            audiences: new.audiences,
            audience_claim: new.audience_claim,
            algorithms: new.algorithms,
            subjects: new.subjects,
            roles: new.roles,
            required_claims: new.required_claims,
            enabled: true,
            version: 1,
            created_at: now,
            updated_at: now,
        };
        provider.checked()
    }

    /// The provider, changed.
    ///
    /// # Errors
    /// 422, naming the field.
    pub(super) fn changed(&self, change: ChangeIdentityProvider, now: Timestamp) -> Result<Self, Problem> {
        let old = self.clone();
        let provider = Self {
            name: change.name.unwrap_or(old.name),
            audiences: change.audiences.unwrap_or(old.audiences),
            audience_claim: change.audience_claim.unwrap_or(old.audience_claim),
            algorithms: change.algorithms.unwrap_or(old.algorithms),
            roles: change.roles.or(old.roles),
            required_claims: change.required_claims.unwrap_or(old.required_claims),
            enabled: change.enabled.unwrap_or(old.enabled),
            version: self.version.saturating_add(1),
            updated_at: now,
            ..self.clone()
        };
        provider.checked()
    }

    fn checked(self) -> Result<Self, Problem> {
        let within = |count: usize| (1..=MOST).contains(&count);
        let fault = if !within(self.audiences.len()) {
            Some(("audiences", "There must be 1 to 20 audiences."))
        } else if self.algorithms.is_empty() {
            Some(("algorithms", "There must be at least one algorithm."))
        } else if self.required_claims.len() > MOST || self.required_claims.iter().any(is_too_long) {
            Some(("required_claims", "At most 20 claims can be asked for, of at most 200 characters each."))
        } else {
            match (self.subjects, &self.roles) {
                (Subjects::Customers, Some(_)) => Some(("roles", "Customers have no roles.")),
                (Subjects::Staff, None) => Some(("roles", "Staff need roles: say which words make which.")),
                (Subjects::Staff, Some(roles)) if !within(roles.values.len()) => {
                    Some(("roles.values", "There must be 1 to 20 words."))
                }
                _ => None,
            }
        };
        fault.map_or(Ok(self), |(param, detail)| Err(Problem::invalid(param, detail)))
    }
}

fn is_too_long((claim, value): (&String, &String)) -> bool {
    claim.is_empty() || claim.chars().count() > 200 || value.chars().count() > 200
}
