//! Requests for gift cards and the books.

use serde_json::json;

use super::requests::{Kind, Sample, json, needs};

/// A request for the route, as API Gateway names it.
pub fn of_route(route: &str) -> Option<Sample> {
    let (read, write) = ("gift_cards:read", "gift_cards:write");
    Some(match route {
        "POST /v1/gift-cards" => {
            needs(write, &[], 201).body(|_, _| json(json!({"amount": {"amount": 5000, "currency": "EUR"}})))
        }
        "GET /v1/gift-cards" => needs(read, &[], 200),
        "GET /v1/gift-cards/{id}" => needs(read, &[Kind::GiftCard], 200),
        "PATCH /v1/gift-cards/{id}" => {
            needs(write, &[Kind::GiftCard], 200).body(|_, _| json(json!({"status": "disabled"}))).uses()
        }
        "POST /v1/gift-cards/balance" => {
            needs("checkout:write", &[], 404).body(|_, _| json(json!({"code": "N0TH-1NGH-ASTH-1SC0"})))
        }
        "GET /v1/ledger/accounts"
        | "GET /v1/ledger/entries"
        | "GET /v1/ledger/trial-balance"
        | "GET /v1/ledger/reconciliations" => needs("ledger:read", &[], 200),
        "GET /v1/ledger/accounts/{account}" => needs("ledger:read", &[Kind::Account], 200),
        _ => return None,
    })
}
