//! Requests for the routes of what a store charges: price lists, shipping, taxes.

use serde_json::json;

use super::{
    place::Place,
    requests::{Kind, Sample, json, needs, sample},
    world::{Body, World},
};

/// A request for the route, as API Gateway names it.
pub(super) fn of_route(route: &str) -> Option<Sample> {
    let lists = |ids: &[Kind], good| needs("catalog:write", ids, good);
    let (reads, writes) = ("settings:read", "settings:write");
    let changed = |_: &World, _: &Place| -> Body { json(json!({"name": "Changed"})) };
    Some(match route {
        "GET /v1/price-lists" => lists(&[], 200),
        "GET /v1/price-lists/{id}" | "GET /v1/price-lists/{id}/entries" => lists(&[Kind::PriceList], 200),
        // Of these a store has some only.
        "POST /v1/price-lists" => sample(Some("catalog:write"), &[], &[201, 409])
            .body(|_, _| json(json!({"name": "New", "currency": "EUR"}))),
        "PATCH /v1/price-lists/{id}" => lists(&[Kind::PriceList], 200).body(changed).uses(),
        "PATCH /v1/price-lists/{id}/entries" => lists(&[Kind::PriceList], 200)
            .body(|_, _| {
                let tiers = json!([{"price": {"amount": 100, "currency": "EUR"}}]);
                json(json!({"set": [{"sku": "MUG", "tiers": tiers}]}))
            })
            .uses(),
        "DELETE /v1/price-lists/{id}" => lists(&[Kind::PriceList], 204).uses(),
        "GET /v1/shipping/zones" => needs(reads, &[], 200),
        "GET /v1/shipping/zones/{id}" => needs(reads, &[Kind::Zone], 200),
        "POST /v1/shipping/zones" => {
            sample(Some(writes), &[], &[201, 409]).body(|_, _| json(json!({"name": "New"})))
        }
        "PATCH /v1/shipping/zones/{id}" => needs(writes, &[Kind::Zone], 200).body(changed).uses(),
        "DELETE /v1/shipping/zones/{id}" => needs(writes, &[Kind::Zone], 204).uses(),
        "GET /v1/tax-rates" => needs(reads, &[], 200),
        "GET /v1/tax-rates/{id}" => needs(reads, &[Kind::TaxRate], 200),
        "POST /v1/tax-rates" => needs(writes, &[], 201)
            .body(|_, _| json(json!({"name": "New", "place": {"country": "DE"}, "rate": "19"}))),
        "POST /v1/tax-rates/import" => {
            needs(writes, &[], 200).body(|_, _| json(json!({"table": "eu-standard"})))
        }
        "PATCH /v1/tax-rates/{id}" => needs(writes, &[Kind::TaxRate], 200).body(changed).uses(),
        "DELETE /v1/tax-rates/{id}" => needs(writes, &[Kind::TaxRate], 204).uses(),
        _ => return None,
    })
}
