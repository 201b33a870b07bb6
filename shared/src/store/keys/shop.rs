//! What a store sells, and its orders.

use jiff::Timestamp;

use super::{Key, Table, hash, tenant_of};
use crate::{
    id::{CartId, CustomerId, DraftId, EventId, MovementId, OrderId, ProductId},
    tenant::Tenant,
    vault::EmailHash,
};

/// A store's profile: name, currency, locations.
pub fn store_profile(tenant: Tenant) -> Key {
    Key::rules(format!("{tenant}/store"), "profile")
}

/// How often any rule of a store changed that carts are priced by. A copy of it: each is in a partition of its own.
pub fn edition(tenant: Tenant, copy: u8) -> Key {
    Key::state(format!("{tenant}/edition/{copy}"), "edition")
}

/// The partition that holds a store's products, by id.
pub fn products(tenant: Tenant) -> String {
    format!("{tenant}/products")
}

/// A product.
pub fn product(tenant: Tenant, id: ProductId) -> Key {
    Key::state(products(tenant), id.to_string())
}

/// The partition that lists the products with a tag, by product id.
pub fn tagged_products(tenant: Tenant, tag: &str) -> String {
    format!("{tenant}/products/tag/{tag}")
}

/// The mark that a product has a tag.
pub fn product_tag(tenant: Tenant, tag: &str, id: ProductId) -> Key {
    Key::state(tagged_products(tenant, tag), id.to_string())
}

/// What is offered under a SKU: one per store, so that no two products share it.
pub fn offer(tenant: Tenant, sku: &str) -> Key {
    Key::state(format!("{tenant}/sku/{sku}"), "offer")
}

/// The stock of a SKU, over all locations.
pub fn stock(tenant: Tenant, sku: &str) -> Key {
    Key::state(format!("{tenant}/stock/{sku}"), "stock")
}

/// One bucket of a SKU's stock: the first one is [`stock`], each other one has a partition of its own.
pub fn stock_bucket(tenant: Tenant, sku: &str, bucket: u32) -> Key {
    match bucket {
        0 => stock(tenant, sku),
        _ => Key::state(format!("{tenant}/stock/{sku}/{bucket}"), "bucket"),
    }
}

/// A movement of a SKU's stock.
pub fn movement(tenant: Tenant, sku: &str, id: MovementId) -> Key {
    Key::state(format!("{tenant}/stock/{sku}"), format!("movement/{id}"))
}

/// What an order holds of the stock.
pub fn reservation(tenant: Tenant, order: OrderId) -> Key {
    Key::state(format!("{tenant}/reservation/{order}"), "reservation")
}

/// A cart.
pub fn cart(tenant: Tenant, id: CartId) -> Key {
    Key::state(format!("{tenant}/cart/{id}"), "cart")
}

/// The partition that holds a store's drafts, by age.
pub fn drafts(tenant: Tenant) -> String {
    format!("{tenant}/drafts")
}

/// A draft.
pub fn draft(tenant: Tenant, id: DraftId) -> Key {
    Key::state(drafts(tenant), id.to_string())
}

/// The partition of the events table that holds an order's commits, by sequence number.
pub fn order_events(tenant: Tenant, order: OrderId) -> String {
    format!("{tenant}/order/{order}")
}

/// The commit of an order whose first event has this sequence number.
pub fn order_commit(tenant: Tenant, order: OrderId, sequence: u32) -> Key {
    Key::of(Table::Events, order_events(tenant, order), format!("{sequence:010}"))
}

/// The partition that lists a store's orders, by time.
pub fn orders(tenant: Tenant) -> String {
    format!("{tenant}/orders")
}

/// The place of an order in every list by time.
pub fn order_position(placed_at: Timestamp, order: OrderId) -> String {
    format!("{placed_at:.3}/{order}")
}

/// The summary of an order that the lists show.
pub fn order_summary(tenant: Tenant, placed_at: Timestamp, order: OrderId) -> Key {
    Key::state(orders(tenant), order_position(placed_at, order))
}

/// The order that a key made by [`order_summary`] is of, and the key.
pub fn summary_of_order(pk: &str, sk: &str) -> Option<(Tenant, OrderId, Key)> {
    let tenant = tenant_of(pk).filter(|tenant| orders(*tenant) == pk)?;
    let (_, order) = sk.split_once('/')?;
    Some((tenant, order.parse().ok()?, Key::state(orders(tenant), sk)))
}

/// The partition of an index that lists a store's orders of one status.
pub fn orders_of_status(tenant: Tenant, status: &str) -> String {
    format!("{tenant}/orders/status/{status}")
}

/// The partition of an index that lists the orders that gave an email address.
pub fn orders_of_email(tenant: Tenant, email: EmailHash) -> String {
    format!("{tenant}/orders/email/{email}")
}

/// The partition that lists the orders of a customer who was logged in.
pub fn orders_of_customer(tenant: Tenant, customer: CustomerId) -> String {
    format!("{tenant}/orders/customer/{customer}")
}

/// The summary of an order in its customer's list.
pub fn customer_order_summary(
    tenant: Tenant,
    customer: CustomerId,
    placed_at: Timestamp,
    order: OrderId,
) -> Key {
    Key::state(orders_of_customer(tenant, customer), order_position(placed_at, order))
}

/// The answer to a request that may be repeated.
pub fn idempotency(tenant: Tenant, principal: &str, idempotency_key: &str) -> Key {
    Key::state(format!("{tenant}/idempotency/{principal}/{}", hash(&[idempotency_key.as_bytes()])), "answer")
}

/// The mark that an event's mail was sent.
pub fn sent_mail(tenant: Tenant, event: EventId) -> Key {
    Key::state(format!("{tenant}/mail/{event}"), "sent")
}
