//! How often somebody ordered lately.

use super::Key;
use crate::tenant::Tenant;

/// The partition that holds the orders of one email address, address, source or card, by the hour.
pub fn velocity(tenant: Tenant, kind: &str, name: &str) -> String {
    format!("{tenant}/velocity/{kind}/{name}")
}

/// The orders of one of them in one hour since 1970.
pub fn velocity_hour(tenant: Tenant, kind: &str, name: &str, hour: i64) -> Key {
    Key::state(velocity(tenant, kind, name), format!("{hour:010}"))
}
