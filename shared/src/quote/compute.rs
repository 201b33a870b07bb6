//! What a basket costs: a pure function of the basket and of the store's rules.
//!
//! In this order: promotions take off the lines; what is left decides what sending costs; promotions take off that; taxes
//! are reckoned on what is left of both.

use crate::{
    money::{Money, MoneyError},
    pricing::{
        Basket, Destination, Item, PricePolicy, Priced, PricedLine, PricedShipping, Pricing, Tax, TaxPayer,
    },
    promotion::{Candidate, Evaluation, Gift, evaluate},
    shipping::{Parcel, ShippingOption},
    tax::{TaxOrigin, TaxRules, Taxable, Taxes, taxes},
    totals::Totals,
};

/// What a store's rules say to a basket.
#[derive(Clone, Debug)]
pub struct Rules<'a> {
    /// The promotions that may apply.
    pub promotions: &'a [Candidate],
    /// The taxes.
    pub taxes: &'a TaxRules,
    /// Where the store is taxed, where it says.
    pub origin: Option<&'a TaxOrigin>,
    /// How prices are meant.
    pub policy: PricePolicy,
}

/// Who says how a parcel can be sent, and what that costs.
pub type Ship<'a> = dyn Fn(&Destination, &Parcel) -> Vec<ShippingOption> + Sync + 'a;

/// What would be given away, as an item of its own, where the store has it.
pub type Gifts<'a> = dyn Fn(&Gift) -> Option<Item> + Sync + 'a;

/// What a basket costs, and why.
#[derive(Clone, Debug)]
pub struct Computed {
    /// The answer.
    pub priced: Priced,
    /// What promotions did, for what they have to answer for when the order is placed.
    pub evaluation: Evaluation,
    /// How it can be sent; nothing while nobody knows where to.
    pub options: Vec<ShippingOption>,
}

/// Reckons what `basket` costs. `gift` says what would be given away, as an item of its own, where the store has it.
///
/// # Errors
/// [`MoneyError`] where an amount is past all bounds, or rules and basket differ in currency.
pub fn compute(
    basket: &Basket,
    rules: &Rules<'_>,
    ship: &Ship<'_>,
    gift: &Gifts<'_>,
) -> Result<Computed, MoneyError> {
    let reversed = rules.taxes.reverse_charge(&basket.tax_payer, basket.destination.as_ref());
    let computed = reckon(basket, rules, ship, gift, reversed)?;
    let picked_up = computed.priced.pricing.shipping.as_ref().is_some_and(|sent| sent.pickup.is_some());
    // What is picked up at the store never leaves for the buyer's country.
    if reversed && picked_up { reckon(basket, rules, ship, gift, false) } else { Ok(computed) }
}

/// As [`compute`]. Where the buyer owes the tax (`reversed`), prices are charged without the tax that they hold.
fn reckon(
    basket: &Basket,
    rules: &Rules<'_>,
    ship: &Ship<'_>,
    gift: &Gifts<'_>,
    reversed: bool,
) -> Result<Computed, MoneyError> {
    let net = reversed && rules.policy.prices_include_tax;
    let policy = PricePolicy { prices_include_tax: rules.policy.prices_include_tax && !net, ..rules.policy };
    let without_tax = |price: Money, item: Option<&Item>| match &basket.destination {
        Some(to) if net => rules.taxes.net(price, item.and_then(|item| item.tax_category.as_ref()), to),
        _ => price,
    };
    let mut basket = basket.clone();
    for item in &mut basket.items {
        (item.list_price, item.unit_price) =
            (without_tax(item.list_price, Some(item)), without_tax(item.unit_price, Some(item)));
    }
    let basket = &basket;

    let mut evaluation = evaluate(basket, rules.promotions)?;
    let mut lines = Vec::with_capacity(basket.items.len());
    for (item, discounts) in basket.items.iter().zip(&evaluation.items) {
        lines.push(PricedLine { discounts: discounts.clone(), ..line(item, item.unit_price)? });
    }
    let mut items = basket.items.clone();
    for given in evaluation.gifts.iter().filter_map(gift) {
        lines.push(line(&given, Money::zero(basket.currency))?);
        items.push(given);
    }
    let discounted = Money::sum(
        lines.iter().map(|line| line.total.minus(line.discount()?)).collect::<Result<Vec<_>, _>>()?,
        basket.currency,
    )?;

    let options = options(basket, &items, discounted, ship, &without_tax);
    let chosen = options.iter().find(|option| Some(option.method) == basket.shipping_method);
    let mut shipping = match chosen {
        Some(option) => Some(PricedShipping {
            method: option.method,
            name: option.name.clone(),
            pickup: option.pickup.clone(),
            price: option.price,
            discounts: evaluation.of_shipping(option.price)?,
            taxes: Vec::new(),
        }),
        None => None,
    };

    let (payer, to) = taxed(basket, chosen, rules.origin);
    let found = tax(&lines, &items, shipping.as_ref(), rules.taxes, policy, payer, to.as_ref())?;
    for (line, taxes) in lines.iter_mut().zip(found.lines) {
        line.taxes = taxes;
    }
    if let Some(shipping) = &mut shipping {
        shipping.taxes = found.shipping;
    }
    let totals = totals(&lines, shipping.as_ref(), policy, basket)?;
    let pricing = Pricing {
        policy,
        at: basket.at,
        group: basket.group.clone(),
        // The rest of it is personal.
        destination: to.map(|to| Destination { postal_code: None, ..to }),
        shipping,
        promotions: evaluation.applied()?,
        taxes: found.totals,
        reverse_charge: found.reverse_charge,
    };
    Ok(Computed { priced: Priced { lines, pricing, totals }, evaluation, options })
}

fn line(item: &Item, unit_price: Money) -> Result<PricedLine, MoneyError> {
    Ok(PricedLine {
        sku: item.sku.clone(),
        product_id: item.product,
        name: item.name.clone(),
        options: item.options.clone(),
        quantity: item.quantity,
        unit_price,
        total: unit_price.times(item.quantity.get())?,
        list_price: (item.list_price != unit_price).then_some(item.list_price),
        price_list: item.price_list.filter(|_| unit_price == item.unit_price),
        discounts: Vec::new(),
        taxes: Vec::new(),
    })
}

/// How it can be sent. Whoever knows where to, and has something to send, is offered something.
fn options(
    basket: &Basket,
    items: &[Item],
    subtotal: Money,
    ship: &Ship<'_>,
    without_tax: &dyn Fn(Money, Option<&Item>) -> Money,
) -> Vec<ShippingOption> {
    let Some(destination) = basket.destination.as_ref().filter(|_| !items.is_empty()) else {
        return Vec::new();
    };
    let quantity = |item: &Item| u64::from(item.quantity.get());
    let parcel = Parcel {
        subtotal,
        weight_grams: items.iter().map(|item| quantity(item) * u64::from(item.weight_grams)).sum(),
        items: items.iter().map(quantity).sum(),
    };
    let mut options = ship(destination, &parcel);
    for option in &mut options {
        option.price = without_tax(option.price, None);
    }
    options
}

/// Who is taxed, and where. What is picked up is taxed where the store is, and nobody has it sent abroad.
fn taxed<'a>(
    basket: &'a Basket,
    chosen: Option<&ShippingOption>,
    origin: Option<&TaxOrigin>,
) -> (&'a TaxPayer, Option<Destination>) {
    let picked_up = chosen.is_some_and(|option| option.pickup.is_some());
    let at_store = origin.filter(|_| picked_up).map(TaxOrigin::destination);
    (&basket.tax_payer, at_store.or_else(|| basket.destination.clone()))
}

fn tax(
    lines: &[PricedLine],
    items: &[Item],
    shipping: Option<&PricedShipping>,
    rules: &TaxRules,
    policy: PricePolicy,
    payer: &TaxPayer,
    to: Option<&Destination>,
) -> Result<Taxes, MoneyError> {
    let mut taxable = Vec::with_capacity(lines.len());
    for (line, item) in lines.iter().zip(items) {
        let amount = line.total.minus(line.discount()?)?;
        taxable.push(Taxable { category: item.tax_category.as_ref(), amount });
    }
    let sending = match shipping {
        Some(shipping) => Some(shipping.price.minus(shipping.discount()?)?),
        None => None,
    };
    taxes(rules, &taxable, sending, policy, payer, to)
}

fn totals(
    lines: &[PricedLine],
    shipping: Option<&PricedShipping>,
    policy: PricePolicy,
    basket: &Basket,
) -> Result<Totals, MoneyError> {
    let none = Money::zero(basket.currency);
    let (mut subtotal, mut discount, mut tax) = (none, none, none);
    for line in lines {
        subtotal = subtotal.plus(line.total)?;
        discount = discount.plus(line.discount()?)?;
        tax = sum(tax, &line.taxes)?;
    }
    let mut sending = none;
    if let Some(shipping) = shipping {
        sending = shipping.price;
        discount = discount.plus(shipping.discount()?)?;
        tax = sum(tax, &shipping.taxes)?;
    }
    let (added, included) = if policy.prices_include_tax { (none, Some(tax)) } else { (tax, None) };
    let total = subtotal.minus(discount)?.plus(sending)?.plus(added)?;
    Ok(Totals { subtotal, discount, shipping: sending, tax: added, total, tax_included: included })
}

fn sum(so_far: Money, taxes: &[Tax]) -> Result<Money, MoneyError> {
    taxes.iter().try_fold(so_far, |sum, tax| sum.plus(tax.amount))
}
