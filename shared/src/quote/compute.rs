//! What a basket costs: a pure function of the basket and of the store's rules.
//!
//! In this order: promotions take off the lines; what is left decides what sending costs; promotions take off that; taxes
//! are reckoned on what is left of both.

use crate::{
    money::{Currency, Money, MoneyError},
    pricing::{
        Basket, Destination, Item, PricePolicy, Priced, PricedLine, PricedShipping, Pricing, Tax,
        TaxCategory, TaxPayer,
    },
    promotion::{Candidate, Evaluation, Gift, evaluate},
    shipping::{Parcel, ShippingOption},
    tax::{TaxOrigin, TaxRules, Taxable, Taxes, taxes},
    totals::Totals,
};

/// What a store's rules say to a basket.
#[derive(Clone, Copy, Debug)]
pub struct Rules<'a> {
    /// The promotions that may apply.
    pub promotions: &'a [Candidate],
    /// The taxes.
    pub taxes: &'a TaxRules,
    /// Where the store is taxed, where it says.
    pub origin: Option<&'a TaxOrigin>,
    /// How prices are meant.
    pub policy: PricePolicy,
    /// Whether the business that buys owes the tax itself: then prices are charged without the tax that they hold.
    pub reversed: bool,
}

impl<'a> Rules<'a> {
    /// Those of a store that says `policy`, as far as they are about `basket`.
    pub fn of(
        basket: &Basket,
        promotions: &'a [Candidate],
        taxes: &'a TaxRules,
        origin: Option<&'a TaxOrigin>,
        policy: PricePolicy,
    ) -> Self {
        let reversed = taxes.reverse_charge(&basket.tax_payer, basket.destination.as_ref());
        Self { promotions, taxes, origin, policy, reversed }
    }

    /// How prices are meant for this basket.
    fn policy(&self) -> PricePolicy {
        PricePolicy { prices_include_tax: self.policy.prices_include_tax && !self.reversed, ..self.policy }
    }

    /// What is charged of a price of the store.
    fn charged(&self, price: Money, category: Option<&TaxCategory>, to: Option<&Destination>) -> Money {
        match to {
            Some(to) if self.reversed && self.policy.prices_include_tax => {
                self.taxes.net(price, category, to)
            }
            _ => price,
        }
    }
}

/// A basket with what promotions take off its lines. What sending costs is asked next.
#[derive(Clone, Debug)]
pub struct Discounted<'a> {
    rules: Rules<'a>,
    basket: Basket,
    /// The items of the lines.
    items: Vec<Item>,
    lines: Vec<PricedLine>,
    evaluation: Evaluation,
    parcel: Parcel,
}

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

/// Takes off what promotions do. `gift` says what would be given away, as an item of its own, where the store has it.
///
/// # Errors
/// [`MoneyError`] where an amount is past all bounds, or rules and basket differ in currency.
pub fn discounted<'a>(
    basket: &Basket,
    rules: Rules<'a>,
    gift: impl Fn(&Gift) -> Option<Item>,
) -> Result<Discounted<'a>, MoneyError> {
    let mut basket = basket.clone();
    for item in &mut basket.items {
        let (category, to) = (item.tax_category.as_ref(), basket.destination.as_ref());
        let charged = |price| rules.charged(price, category, to);
        (item.list_price, item.unit_price) = (charged(item.list_price), charged(item.unit_price));
    }
    let evaluation = evaluate(&basket, rules.promotions)?;
    let mut lines = Vec::with_capacity(basket.items.len());
    for (item, discounts) in basket.items.iter().zip(&evaluation.items) {
        lines.push(PricedLine { discounts: discounts.clone(), ..line(item, item.unit_price)? });
    }
    let mut items = basket.items.clone();
    for given in evaluation.gifts.iter().filter_map(gift) {
        lines.push(line(&given, Money::zero(basket.currency))?);
        items.push(given);
    }
    let mut subtotal = Money::zero(basket.currency);
    for line in &lines {
        subtotal = subtotal.plus(line.total)?.minus(line.discount()?)?;
    }
    let quantity = |item: &Item| u64::from(item.quantity.get());
    let parcel = Parcel {
        subtotal,
        weight_grams: items.iter().map(|item| quantity(item) * u64::from(item.weight_grams)).sum(),
        items: items.iter().map(quantity).sum(),
    };
    Ok(Discounted { rules, basket, items, lines, evaluation, parcel })
}

impl Discounted<'_> {
    /// Where something is to be sent, and what. Nothing, while nobody knows where to, or where there is nothing to send.
    pub fn sending(&self) -> Option<(&Destination, &Parcel)> {
        let to = self.basket.destination.as_ref().filter(|_| !self.items.is_empty())?;
        Some((to, &self.parcel))
    }

    /// What it costs, where it can be sent by `options`.
    ///
    /// # Errors
    /// [`MoneyError`].
    pub fn priced(self, mut options: Vec<ShippingOption>) -> Result<Computed, MoneyError> {
        let Self { rules, basket, items, mut lines, mut evaluation, .. } = self;
        for option in &mut options {
            option.price = rules.charged(option.price, None, basket.destination.as_ref());
        }
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
        // What is picked up is taxed where the store is.
        let at_store = chosen.and_then(|option| option.pickup.as_ref()).and(rules.origin);
        let to = at_store.map(TaxOrigin::destination).or_else(|| basket.destination.clone());
        let found = tax(&lines, &items, shipping.as_ref(), &rules, &basket.tax_payer, to.as_ref())?;
        for (line, taxes) in lines.iter_mut().zip(found.lines) {
            line.taxes = taxes;
        }
        if let Some(shipping) = &mut shipping {
            shipping.taxes = found.shipping;
        }
        let policy = rules.policy();
        let totals = totals(&lines, shipping.as_ref(), policy, basket.currency)?;
        let pricing = Pricing {
            policy,
            at: basket.at,
            group: basket.group.clone(),
            destination: to.as_ref().map(Destination::in_the_open),
            shipping,
            promotions: evaluation.applied()?,
            taxes: found.totals,
            reverse_charge: found.reverse_charge,
        };
        Ok(Computed { priced: Priced { lines, pricing, totals }, evaluation, options })
    }
}

impl Computed {
    /// Whether it is picked up at the store, and never leaves for the buyer's country.
    pub fn is_picked_up(&self) -> bool {
        self.priced.pricing.shipping.as_ref().is_some_and(|sent| sent.pickup.is_some())
    }
}

fn line(item: &Item, unit_price: Money) -> Result<PricedLine, MoneyError> {
    let total = unit_price.times(item.quantity.get())?;
    Ok(PricedLine {
        sku: item.sku.clone(),
        product_id: item.product,
        name: item.name.clone(),
        options: item.options.clone(),
        quantity: item.quantity,
        unit_price,
        total,
        list_price: (item.list_price != unit_price).then_some(item.list_price),
        price_list: item.price_list.filter(|_| unit_price == item.unit_price),
        discounts: Vec::new(),
        by_hand: item.by_hand.as_ref().map(|by_hand| by_hand.on(total)).transpose()?,
        taxes: Vec::new(),
    })
}

fn tax(
    lines: &[PricedLine],
    items: &[Item],
    shipping: Option<&PricedShipping>,
    rules: &Rules<'_>,
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
    taxes(rules.taxes, &taxable, sending, rules.policy(), payer, to)
}

fn totals(
    lines: &[PricedLine],
    shipping: Option<&PricedShipping>,
    policy: PricePolicy,
    currency: Currency,
) -> Result<Totals, MoneyError> {
    let none = Money::zero(currency);
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
