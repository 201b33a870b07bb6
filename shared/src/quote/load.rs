//! Brings together what a store's rules say to what somebody wants, and has it reckoned.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;
use utoipa::ToSchema;

use super::{
    compute::{Computed, Rules, discounted},
    tender::{Purse, purse},
};
use crate::{
    catalog::{self, Offer, ProductStatus, Sku},
    contact::Address,
    customer,
    http::Problem,
    id::{CustomerId, GiftCardId, ShippingMethodId},
    identity::StoreProfile,
    inventory,
    money::Currency,
    order,
    price_list::{self, Prices},
    pricing::{Basket, ByHand, CustomerGroup, Destination, Item, PromotionCode, TaxPayer, VatId},
    promotion::{self, Action, Candidate, Shopper},
    quantity::Quantity,
    runtime::App,
    shipping::{Carrier, Zones},
    store::Edition,
    tax::{TaxAsk, TaxProvider, TaxTable},
    tenant::Tenant,
    vault::EmailHash,
};

/// Why something can't be bought.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum LineProblem {
    /// The store does not sell it any more.
    Unavailable,
    /// It has no price in the cart's currency.
    NoPrice,
}

/// What somebody wants to buy, and how.
#[derive(Clone, Debug)]
pub struct Wanted<'a> {
    /// What they pay in.
    pub currency: Currency,
    /// What, and how much of it: one line for each SKU.
    pub lines: Vec<(Sku, Quantity)>,
    /// What staff say of prices, by SKU.
    pub by_hand: &'a BTreeMap<Sku, ByHand>,
    /// Who they are, where they are logged in.
    pub customer: Option<CustomerId>,
    /// The hash of their email address, once that is known.
    pub email: Option<EmailHash>,
    /// The codes that they typed.
    pub codes: &'a [PromotionCode],
    /// Where it goes, once that is known.
    pub address: Option<&'a Address>,
    /// The VAT id of the business that buys.
    pub vat_id: Option<&'a VatId>,
    /// How it is sent, once that is chosen.
    pub shipping_method: Option<ShippingMethodId>,
    /// The gift cards to pay with, in the order in which they are used up.
    pub gift_cards: &'a [GiftCardId],
    /// Whether to pay with the customer's store credit.
    pub store_credit: bool,
}

/// What it costs here and now.
#[derive(Clone, Debug)]
pub struct Quote {
    /// For each line, why it can't be bought; the others are priced, in the same order.
    pub problems: Vec<Option<LineProblem>>,
    /// What they cost, and why.
    pub computed: Computed,
    /// Whether a way of sending has to be chosen.
    pub must_ship: bool,
    /// What it is paid with before the payment provider is asked.
    pub purse: Purse,
    /// Whose uses of promotions are counted, once that is known.
    pub shopper: Option<Shopper>,
}

/// Reckons what `wanted` costs by an edition of a store's rules. What else decides is read as `app` reads.
///
/// # Errors
/// [`Problem`] where storage fails, or amounts are past all bounds.
pub async fn quote(app: &App, edition: &Edition, wanted: &Wanted<'_>) -> Result<Quote, Problem> {
    let tenant = edition.tenant();
    let skus: Vec<Sku> = wanted.lines.iter().map(|(sku, _)| sku.clone()).collect();
    let shopper = Shopper::of(wanted.customer, wanted.email);
    let (profile, offers, group, candidates) = futures::try_join!(
        StoreProfile::under(edition),
        async { Ok::<_, Problem>(catalog::offers(app, tenant, &skus).await?) },
        group(app, tenant, wanted.customer),
        async { Ok(promotion::candidates(app, edition, wanted.codes, shopper).await?) },
    )?;
    let destination = wanted.address.map(|address| Destination {
        country: address.country.clone(),
        region: address.state.clone(),
        postal_code: address.postal_code.clone(),
    });
    let given = given(&candidates);
    let all: Vec<Sku> = skus.iter().chain(&given).cloned().collect();
    let at = app.now();
    let taxes = TaxTable(edition);
    let ask = TaxAsk { origin: profile.tax_origin.as_ref(), destination: destination.as_ref(), at };
    let (prices, gifts, first_order, taxes) = futures::try_join!(
        async {
            Ok::<_, Problem>(price_list::load(app, edition, wanted.currency, &all, group.as_ref(), at).await?)
        },
        gifts(app, tenant, &given),
        first_order(app, tenant, &candidates, shopper),
        async { Ok(taxes.rules(ask).await?) },
    )?;

    let mut basket = Basket {
        currency: wanted.currency,
        items: Vec::with_capacity(wanted.lines.len()),
        customer: wanted.customer,
        group,
        first_order,
        codes: wanted.codes.to_vec(),
        destination,
        tax_payer: wanted.vat_id.cloned().map_or(TaxPayer::Person, TaxPayer::Business),
        shipping_method: wanted.shipping_method,
        at,
    };
    let mut problems = Vec::with_capacity(wanted.lines.len());
    for ((sku, quantity), offer) in wanted.lines.iter().zip(offers) {
        problems.push(match priced_item(offer, *quantity, &prices, wanted.by_hand.get(sku))? {
            Ok(item) => {
                basket.items.push(item);
                None
            }
            Err(problem) => Some(problem),
        });
    }
    let gift = |gift: &promotion::Gift| {
        let (offer, available) = gifts.get(&gift.sku)?;
        let enough = *available >= u64::from(gift.quantity.get());
        let item = enough.then(|| priced_item(Some(offer.clone()), gift.quantity, &prices, None).ok()?.ok());
        item.flatten()
    };
    let carrier = Zones(edition);
    let mut rules =
        Rules::of(&basket, &candidates, &taxes, profile.tax_origin.as_ref(), profile.price_policy);
    let (mut computed, must_ship) = reckoned(&basket, rules, gift, &carrier).await?;
    if rules.reversed && computed.is_picked_up() {
        rules.reversed = false;
        (computed, _) = reckoned(&basket, rules, gift, &carrier).await?;
    }
    let purse = purse(app, tenant, wanted, computed.priced.totals.total).await?;
    Ok(Quote { problems, computed, must_ship, purse, shopper })
}

/// The group that a customer is in.
async fn group(
    app: &App,
    tenant: Tenant,
    customer: Option<CustomerId>,
) -> Result<Option<CustomerGroup>, Problem> {
    match customer {
        Some(id) => Ok(customer::load(app, tenant, id).await?.and_then(|customer| customer.group)),
        None => Ok(None),
    }
}

/// What it costs, and whether a way of sending has to be chosen.
async fn reckoned(
    basket: &Basket,
    rules: Rules<'_>,
    gift: impl Fn(&promotion::Gift) -> Option<Item>,
    carrier: &impl Carrier,
) -> Result<(Computed, bool), Problem> {
    let discounted = discounted(basket, rules, gift)?;
    let options = match discounted.sending() {
        Some((to, parcel)) => carrier.quotes(to, parcel).await.map_err(Problem::internal)?,
        None => None,
    };
    let must_ship = options.is_some();
    Ok((discounted.priced(options.unwrap_or_default())?, must_ship))
}

/// What is offered under a SKU as an item with its price, or why it can't be bought.
fn priced_item(
    offer: Option<Offer>,
    quantity: Quantity,
    prices: &Prices,
    by_hand: Option<&ByHand>,
) -> Result<Result<Item, LineProblem>, Problem> {
    let Some(offer) = offer.filter(|offer| offer.status == ProductStatus::Active) else {
        return Ok(Err(LineProblem::Unavailable));
    };
    let catalog = offer.variant.price_in(prices.currency);
    let resolved = prices.of(catalog, &offer.variant.sku, quantity)?;
    let said = by_hand.and_then(|by_hand| by_hand.unit_price);
    let Some(unit_price) = said.or(resolved.as_ref().map(|resolved| resolved.unit_price)) else {
        return Ok(Err(LineProblem::NoPrice));
    };
    Ok(Ok(Item {
        sku: offer.variant.sku,
        product: offer.product,
        name: offer.name,
        options: offer.variant.options,
        tags: offer.tags,
        tax_category: offer.tax_category,
        weight_grams: offer.variant.weight_grams.unwrap_or(0),
        quantity,
        list_price: catalog.unwrap_or(unit_price),
        unit_price,
        price_list: resolved.and_then(|resolved| resolved.price_list).filter(|_| said.is_none()),
        by_hand: by_hand.cloned(),
    }))
}

/// What promotions might give away.
fn given(candidates: &[Candidate]) -> BTreeSet<Sku> {
    let promotions = candidates.iter().map(|candidate| &candidate.promotion);
    let actions = promotions.flat_map(|promotion| {
        promotion.actions.iter().chain(promotion.tiers.iter().flat_map(|tier| &tier.actions))
    });
    let skus = actions.filter_map(|action| match action {
        Action::Gift { sku, .. } => Some(sku.clone()),
        _ => None,
    });
    skus.collect()
}

/// What is offered of those, and how many there are.
async fn gifts(
    app: &App,
    tenant: Tenant,
    given: &BTreeSet<Sku>,
) -> Result<BTreeMap<Sku, (Offer, u64)>, Problem> {
    let skus: Vec<Sku> = given.iter().cloned().collect();
    if skus.is_empty() {
        return Ok(BTreeMap::new());
    }
    let offers = catalog::offers(app, tenant, &skus).await?;
    let available = inventory::available(app, tenant, &skus, true).await?;
    let left = |sku: &Sku| available.get(sku).copied().unwrap_or(0);
    Ok(skus
        .into_iter()
        .zip(offers)
        .filter_map(|(sku, offer)| Some((sku.clone(), (offer?, left(&sku)))))
        .collect())
}

/// Whether the shopper has not ordered here before, as far as somebody asks. Who is not known yet has not.
async fn first_order(
    app: &App,
    tenant: Tenant,
    candidates: &[Candidate],
    shopper: Option<Shopper>,
) -> Result<bool, Problem> {
    let asked = candidates.iter().any(|candidate| candidate.promotion.rules.first_order);
    match shopper {
        Some(Shopper::Customer(id)) if asked => {
            Ok(!order::has_ordered(app, tenant, order::Of::Customer(id)).await?)
        }
        Some(Shopper::Guest(email)) if asked => {
            Ok(!order::has_ordered(app, tenant, order::Of::Email(email)).await?)
        }
        _ => Ok(true),
    }
}
