//! Whose a partition key is. Written anew, so that it doesn't share a mistake with the code that it watches.

/// Keys that belong to no tenant, by how they begin, each with the functions that may touch them. Whoever adds a
/// family of such keys (`store/keys/shared.rs` lists them) adds its line here.
const SHARED: &[(&str, &[&str])] = &[
    // API keys, by the hash of their secret: they tell the tenant.
    ("key/", &["api-keys", "authorizer", "provision-store"]),
    // Public keys of signatures: the deployment signs for all stores.
    ("jwk/", &["authorizer", "oauth", "rotate-signing-keys", "sessions", "staff"]),
    // Refresh tokens, by their hash: they tell the tenant.
    ("refresh/", &["oauth", "sessions", "staff"]),
    // Integrations: a request that names one has nothing else to tell the tenant by.
    ("client/", &["authorizer", "oauth", "oauth-clients"]),
    // Trusted issuers, by issuer and audience, which tell the tenant; and what they publish.
    ("issuer/", &["authorizer", "identity-providers"]),
    ("issuer-keys/", &["authorizer", "identity-providers"]),
    // The list of all stores.
    ("stores", &["anchor-audit", "enforce-retention", "provision-store", "reconcile"]),
    // Buckets of addresses, which are counted before it is known whose store they call.
    ("limit/", &["authorizer"]),
    // The index of due work, which is for all stores.
    ("due/", &["sweep"]),
];

/// Whose a key is.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Owner<'a> {
    /// A store's in one mode.
    Tenant {
        /// `store_…`
        store: &'a str,
        /// `store_…/test` or `store_…/live`
        tenant: &'a str,
    },
    /// No tenant's; these functions may touch it.
    Shared(&'static [&'static str]),
    /// Of no kind that is known.
    Nobody,
}

/// Whose `key` is.
pub(super) fn owner(key: &str) -> Owner<'_> {
    if let Some((_, functions)) = SHARED.iter().find(|(prefix, _)| key.starts_with(prefix)) {
        return Owner::Shared(functions);
    }
    match tenant(key) {
        Some((store, tenant)) => Owner::Tenant { store, tenant },
        None => Owner::Nobody,
    }
}

/// The store and the tenant that a key begins with.
pub(super) fn tenant(key: &str) -> Option<(&str, &str)> {
    let (store, rest) = key.split_once('/')?;
    let mode = rest.split('/').next()?;
    let named = store.strip_prefix("store_").is_some_and(|id| {
        id.len() == 26 && id.bytes().all(|byte| byte.is_ascii_digit() || byte.is_ascii_lowercase())
    });
    (named && matches!(mode, "test" | "live")).then(|| (store, &key[..store.len() + 1 + mode.len()]))
}

#[cfg(test)]
mod tests {
    use super::*;

    const STORE: &str = "store_01m6dsg7e0fabs2v1n9dm8936v";

    #[test]
    fn a_key_is_its_tenants_or_shared_or_nobodys() {
        for (rest, tenant) in [("/test/cart/cart_1", "/test"), ("/live/orders", "/live"), ("/test", "/test")]
        {
            let (key, tenant) = (format!("{STORE}{rest}"), format!("{STORE}{tenant}"));
            assert_eq!(owner(&key), Owner::Tenant { store: STORE, tenant: &tenant });
        }
        assert_eq!(owner("key/00ff"), Owner::Shared(&["api-keys", "authorizer", "provision-store"]));
        let (no_mode, short) = (format!("{STORE}/tests/cart"), "store_1/test/cart");
        for key in ["", "store_", STORE, no_mode.as_str(), short, "keys/1", "cart/cart_1", "/test/cart"] {
            assert_eq!(owner(key), Owner::Nobody, "{key}");
        }
    }
}
