//! Requests for drafts of orders.

use serde_json::json;

use super::requests::{Kind, Sample, json, needs};

/// A request for the route, as API Gateway names it.
pub fn of_route(route: &str) -> Option<Sample> {
    let (read, write) = ("drafts:read", "drafts:write");
    Some(match route {
        "GET /v1/drafts" => needs(read, &[], 200),
        "GET /v1/drafts/{id}" => needs(read, &[Kind::Draft], 200),
        "POST /v1/drafts" => needs(write, &[], 201).body(|_, place| {
            json(json!({"lines": [{"sku": place.sku(), "quantity": 1}], "note": "By telephone."}))
        }),
        "PATCH /v1/drafts/{id}" => {
            needs(write, &[Kind::Draft], 200).body(|_, _| json(json!({"note": "Wants it wrapped."}))).uses()
        }
        "DELETE /v1/drafts/{id}" => needs(write, &[Kind::Draft], 204).uses(),
        "POST /v1/drafts/{id}/payment-link" => {
            needs(write, &[Kind::Draft], 201).body(|_, _| json(json!({}))).uses()
        }
        "POST /v1/drafts/{id}/complete" => {
            needs(write, &[Kind::Draft], 202).body(|_, _| json(json!({"paid_outside": "cash"}))).uses()
        }
        // The token is the proof, and this one is none.
        "POST /v1/payment-links/read" => {
            needs("checkout:write", &[], 404).body(|_, _| json(json!({"token": "draft_x.x"})))
        }
        "POST /v1/payment-links/checkout" => needs("checkout:write", &[], 404)
            .body(|_, _| json(json!({"token": "draft_x.x", "total": {"amount": 1, "currency": "EUR"}}))),
        _ => return None,
    })
}
