//! The code of the template's functions.

use souk::runtime::Function;

/// Every function of Souk.
pub fn functions() -> Vec<Function> {
    vec![
        advance_orders::function(),
        api_keys::function(),
        api_reference::function(),
        authorizer::function(),
        carts::function(),
        checkout::function(),
        customers::function(),
        health::function(),
        orders::function(),
        payment_events::function(),
        products::function(),
        project_orders::function(),
        provision_store::function(),
        relay_events::function(),
        send_notifications::function(),
        sessions::function(),
        staff::function(),
        stock::function(),
        sweep::function(),
    ]
}
