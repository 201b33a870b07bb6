//! The code of the template's functions.

use souk::runtime::Function;

/// Every function of Souk.
pub fn functions() -> Vec<Function> {
    vec![
        advance_orders::function(),
        api_reference::function(),
        authorizer::function(),
        carts::function(),
        checkout::function(),
        health::function(),
        oauth::function(),
        oauth_clients::function(),
        orders::function(),
        payment_events::function(),
        products::function(),
        project_orders::function(),
        provision_store::function(),
        relay_events::function(),
        rotate_signing_keys::function(),
        send_notifications::function(),
        stock::function(),
        sweep::function(),
    ]
}
