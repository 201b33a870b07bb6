//! The scopes of a request.

use std::collections::BTreeSet;

use super::refusal::{Refusal, Why};
use crate::principal::Scope;

/// What `asked` names, all of which must be in `most`; all of `most` where nothing is asked for.
pub(super) fn requested(asked: Option<&str>, most: &BTreeSet<Scope>) -> Result<BTreeSet<Scope>, Refusal> {
    let Some(asked) = asked else {
        return Ok(most.clone());
    };
    let refused = Refusal::new(Why::InvalidScope, "A scope is not known, or more than can be had.");
    let scopes: BTreeSet<Scope> = asked
        .split(' ')
        .filter(|name| !name.is_empty())
        .map(str::parse)
        .collect::<Result<_, _>>()
        .map_err(|()| refused)?;
    if scopes.is_empty() || !scopes.is_subset(most) { Err(refused) } else { Ok(scopes) }
}

/// As they are sent: separated by spaces.
pub(super) fn written(scopes: &BTreeSet<Scope>) -> String {
    scopes.iter().map(|scope| scope.as_str()).collect::<Vec<_>>().join(" ")
}
