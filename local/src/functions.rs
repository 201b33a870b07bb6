//! The code of the template's functions.

use souk::runtime::Function;

/// Every function of Souk.
pub fn functions() -> Vec<Function> {
    vec![
        advance_orders::function(),
        anchor_audit::function(),
        api_keys::function(),
        api_reference::function(),
        audit_log::function(),
        authorizer::function(),
        carts::function(),
        checkout::function(),
        customers::function(),
        enforce_retention::function(),
        gift_cards::function(),
        health::function(),
        identity_providers::function(),
        invoices::function(),
        issue_invoices::function(),
        ledger::function(),
        oauth::function(),
        oauth_clients::function(),
        orders::function(),
        payment_events::function(),
        price_lists::function(),
        post_ledger::function(),
        privacy::function(),
        products::function(),
        promotions::function(),
        project_orders::function(),
        provision_store::function(),
        reconcile::function(),
        record_audit::function(),
        relay_events::function(),
        rotate_signing_keys::function(),
        send_notifications::function(),
        sessions::function(),
        shipping::function(),
        staff::function(),
        stock::function(),
        store::function(),
        sweep::function(),
        tax_rates::function(),
        verify_audit::function(),
    ]
}
