//! Giving rights away: nobody gives what they don't have.

use std::collections::BTreeSet;

use crate::{
    http::Problem,
    principal::{Principal, Scope},
};

/// Whether `giver` may let somebody else do what `scopes` say. Whoever could give more than they have would only have
/// to give it to a machine of their own.
pub fn may_grant(giver: &Principal, scopes: &BTreeSet<Scope>) -> bool {
    missing(giver, scopes).is_none()
}

/// The same, as an answer.
///
/// # Errors
/// 422 where a scope can't be granted at all, 403 naming the first one that the giver lacks.
pub fn check_grant(giver: &Principal, scopes: &BTreeSet<Scope>) -> Result<(), Problem> {
    if let Some(own) = scopes.iter().find(|scope| !scope.can_be_granted()) {
        return Err(Problem::invalid("scopes", format!("{own} can't be granted: it comes with logging in.")));
    }
    match missing(giver, scopes) {
        None => Ok(()),
        Some(scope) => Err(Problem::missing_scope(scope).at("scopes")),
    }
}

fn missing(giver: &Principal, scopes: &BTreeSet<Scope>) -> Option<Scope> {
    scopes.iter().copied().find(|&scope| !scope.can_be_granted() || !giver.may(scope))
}
