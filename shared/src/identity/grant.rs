//! Who may give which rights.

use std::collections::BTreeSet;

use crate::{
    http::Problem,
    principal::{Principal, Scope},
};

/// Whether `giver` may hand out `scopes`, or change something that has them: only what they may do themselves.
/// Otherwise a right to make keys or to invite staff would be a right to everything.
///
/// # Errors
/// 403, naming the first scope that they lack.
pub fn within_own_rights(giver: &Principal, scopes: &BTreeSet<Scope>) -> Result<(), Problem> {
    match scopes.iter().find(|scope| !giver.may(**scope)) {
        None => Ok(()),
        Some(beyond) => Err(Problem::beyond_own_rights(*beyond)),
    }
}

/// Whether a key or a role can be given `scopes` at all, of those that are `possible`.
///
/// # Errors
/// 422, naming the first one that can't be given.
pub fn can_be_given(scopes: &BTreeSet<Scope>, possible: &BTreeSet<Scope>) -> Result<(), Problem> {
    if scopes.is_empty() {
        return Err(Problem::invalid("scopes", "Name at least one scope."));
    }
    match scopes.difference(possible).next() {
        None => Ok(()),
        Some(other) => Err(Problem::invalid("scopes", format!("{other} can't be given here."))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        id::{KeyId, StoreId},
        principal::Who,
        tenant::Mode,
    };

    fn holder(scopes: &[Scope]) -> Principal {
        let (store, key) = (StoreId::from_bits(1), KeyId::from_bits(2));
        Principal::new(store, Mode::Test, Who::Key(key), None, scopes.iter().copied())
    }

    #[test]
    fn nobody_gives_what_they_lack() {
        let giver = holder(&[Scope::OrdersRead, Scope::KeysWrite]);
        for scope in Scope::ALL.iter().copied() {
            let given = within_own_rights(&giver, &BTreeSet::from([scope]));
            // Who sees all orders sees their own as well.
            let held = [Scope::OrdersRead, Scope::KeysWrite, Scope::OrdersReadOwn].contains(&scope);
            assert_eq!(given.is_ok(), held, "{scope}");
            assert!(within_own_rights(&holder(Scope::ALL), &BTreeSet::from([scope])).is_ok());
            assert!(within_own_rights(&holder(&[]), &BTreeSet::from([scope])).is_err());
        }
    }

    #[test]
    fn what_belongs_to_people_is_given_to_nobody() {
        assert!(can_be_given(&BTreeSet::from([Scope::AccountOwn]), &Scope::grantable()).is_err());
        assert!(can_be_given(&BTreeSet::new(), &Scope::grantable()).is_err());
        assert!(can_be_given(&Scope::grantable(), &Scope::grantable()).is_ok());
        assert!(can_be_given(&BTreeSet::from([Scope::KeysWrite]), &Scope::PUBLISHABLE.into()).is_err());
    }
}
