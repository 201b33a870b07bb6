//! The engine, by example and by generated baskets.

mod examples;
mod properties;

use jiff::Timestamp;

use super::*;
use crate::{
    catalog::Options,
    id::ProductId,
    money::Currency,
    pricing::{Item, TaxPayer},
    promotion::{Rules, Selection, Tier},
};

fn currency(code: &str) -> Currency {
    code.parse().unwrap()
}

fn eur(amount: i64) -> Money {
    Money::new(amount, currency("EUR"))
}

/// `count` of `sku`, tagged `tag`, for `price` each.
fn item(sku: &str, tag: &str, count: i64, price: Money) -> Item {
    Item {
        sku: sku.parse().unwrap(),
        product: ProductId::from_bits(u128::from(sku.as_bytes()[0])),
        name: "Thing".parse().unwrap(),
        options: Options::default(),
        tags: [tag.parse().unwrap()].into(),
        tax_category: None,
        weight_grams: 0,
        quantity: Quantity::try_from(count).unwrap(),
        list_price: price,
        unit_price: price,
        price_list: None,
        by_hand: None,
    }
}

fn basket(items: Vec<Item>) -> Basket {
    Basket {
        currency: items.first().map_or(currency("EUR"), |item| item.unit_price.currency()),
        items,
        customer: None,
        group: None,
        first_order: false,
        codes: Vec::new(),
        destination: None,
        tax_payer: TaxPayer::Person,
        shipping_method: None,
        at: Timestamp::from_second(1_800_000_000).unwrap(),
    }
}

fn promotion(id: u128, actions: Vec<Action>) -> Promotion {
    Promotion {
        id: PromotionId::from_bits(id),
        name: "Sale".parse().unwrap(),
        status: PromotionStatus::Active,
        trigger: Trigger::Automatic {},
        starts_at: None,
        ends_at: None,
        priority: 0,
        stacking: Stacking::default(),
        rules: Rules::default(),
        actions,
        tiers: Vec::new(),
        limits: Limits::default(),
        tally: Tally::Spread,
        metadata: crate::metadata::Metadata::default(),
        version: 1,
        created_at: Timestamp::UNIX_EPOCH,
        updated_at: Timestamp::UNIX_EPOCH,
    }
}

fn automatic(promotion: Promotion) -> Candidate {
    Candidate { promotion, code: None, usage: Usage::default() }
}

fn coded(promotion: Promotion, code: &str) -> Candidate {
    let code: PromotionCode = code.parse().unwrap();
    let trigger = Trigger::Code { code: code.clone() };
    Candidate { promotion: Promotion { trigger, ..promotion }, code: Some(code), usage: Usage::default() }
}

fn percent_off(text: &str) -> Action {
    Action::PercentOff { percent: text.parse().unwrap(), of: Selection::default(), at_most: Vec::new() }
}

fn amount_off(amount: i64) -> Action {
    Action::AmountOff { amounts: vec![eur(amount)], of: Selection::default() }
}

fn skus(names: &[&str]) -> Selection {
    Selection { skus: names.iter().map(|name| name.parse().unwrap()).collect(), ..Selection::default() }
}

/// What is taken off each item, in minor units.
fn off(basket: &Basket, candidates: &[Candidate]) -> Vec<i64> {
    per_item(&evaluate(basket, candidates).unwrap())
}

fn per_item(evaluation: &Evaluation) -> Vec<i64> {
    let sum = |discounts: &Vec<Discount>| discounts.iter().map(|one| one.amount.amount()).sum();
    evaluation.items.iter().map(sum).collect()
}
