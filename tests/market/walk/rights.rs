//! Who may do what: written down here once more, by name, so that a slip in the code's own tables shows.

use std::collections::BTreeSet;

/// Scopes, by their names.
pub type Rights = BTreeSet<&'static str>;

/// All that a machine or a role can be given.
pub const GRANTABLE: [&str; 30] = [
    "accounts:write",
    "api_keys:read",
    "api_keys:write",
    "audit:read",
    "carts:write",
    "catalog:read",
    "catalog:write",
    "checkout:write",
    "customers:read",
    "customers:write",
    "drafts:read",
    "drafts:write",
    "gift_cards:read",
    "gift_cards:write",
    "ledger:read",
    "oauth_clients:read",
    "oauth_clients:write",
    "orders:read",
    "orders:read_own",
    "orders:write",
    "privacy:write",
    "promotions:read",
    "promotions:write",
    "refunds:write",
    "settings:read",
    "settings:write",
    "staff:read",
    "staff:write",
    "stock:read",
    "stock:write",
];

/// What whoever logged in has beside that.
pub const OWN: &str = "account:own";

/// The roles that every store has.
pub const ROLES: [&str; 5] = ["owner", "manager", "fulfillment", "support", "read_only"];

/// What a publishable key may do.
pub fn of_storefront() -> Rights {
    ["catalog:read", "carts:write", "checkout:write", "accounts:write", "orders:read_own"].into()
}

/// What a shopper may do who logged in.
pub fn of_customer() -> Rights {
    ["catalog:read", "carts:write", "checkout:write", OWN, "orders:read_own"].into()
}

/// What a role lets its members do.
pub fn of_role(role: &str) -> Rights {
    match role {
        "owner" => GRANTABLE.into(),
        "manager" => {
            let not = [
                "accounts:write",
                "api_keys:write",
                "oauth_clients:write",
                "orders:read_own",
                "privacy:write",
                "settings:write",
                "staff:write",
            ];
            GRANTABLE.into_iter().filter(|scope| !not.contains(scope)).collect()
        }
        "fulfillment" => ["catalog:read", "orders:read", "orders:write", "stock:read", "stock:write"].into(),
        "support" => [
            "carts:write",
            "catalog:read",
            "customers:read",
            "customers:write",
            "drafts:read",
            "drafts:write",
            "gift_cards:read",
            "orders:read",
            "orders:write",
            "promotions:read",
            "refunds:write",
            "stock:read",
        ]
        .into(),
        "read_only" => [
            "catalog:read",
            "customers:read",
            "drafts:read",
            "orders:read",
            "promotions:read",
            "settings:read",
            "staff:read",
            "stock:read",
        ]
        .into(),
        _ => panic!("{role} is no role: say in tests/market/walk/rights.rs what it lets its members do"),
    }
}

/// Whether somebody with `rights` may do what `scope` says. Who sees all orders sees their own.
pub fn may(rights: &Rights, scope: &str) -> bool {
    rights.contains(scope) || (scope == "orders:read_own" && rights.contains("orders:read"))
}
