//! What is paid with gift cards and store credit, before the payment provider is asked for the rest.

use super::Wanted;
use crate::{
    gift_card::{self, GiftCard},
    http::Problem,
    money::Money,
    pricing::{Tender, TenderKind},
    runtime::App,
    tenant::Tenant,
};

/// What is paid with what.
#[derive(Clone, Debug)]
pub struct Purse {
    /// The gift cards, each with what it pays, in the order in which they are used up. One that can't be used
    /// pays nothing.
    pub cards: Vec<(GiftCard, Money)>,
    /// What store credit pays, where that is asked for.
    pub credit: Option<Money>,
    /// All that pays something.
    pub tenders: Vec<Tender>,
    /// What is left for the payment provider.
    pub due: Money,
}

/// What `total` is paid with.
pub(super) async fn purse(
    app: &App,
    tenant: Tenant,
    wanted: &Wanted<'_>,
    total: Money,
) -> Result<Purse, Problem> {
    let none = Money::zero(total.currency());
    let mut purse = Purse { cards: Vec::new(), credit: None, tenders: Vec::new(), due: total };
    for &id in wanted.gift_cards {
        let Some(card) = gift_card::load(app, tenant, id).await? else { continue };
        let usable = card.usable(app.now()).is_ok() && card.currency == total.currency();
        let paid = if usable { purse.pay(TenderKind::GiftCard { id }, card.balance())? } else { none };
        purse.cards.push((card, paid));
    }
    if let Some(customer) = wanted.customer.filter(|_| wanted.store_credit) {
        let kind = TenderKind::StoreCredit { customer };
        let balance = gift_card::balance(app, tenant, &kind, total.currency()).await?;
        purse.credit = Some(purse.pay(kind, balance)?);
    }
    Ok(purse)
}

impl Purse {
    /// Pays as much as there is of what is left.
    fn pay(&mut self, kind: TenderKind, balance: Money) -> Result<Money, Problem> {
        let amount = balance.least(self.due)?.or_zero();
        if !amount.is_zero() {
            self.due = self.due.minus(amount)?;
            self.tenders.push(Tender { kind, amount });
        }
        Ok(amount)
    }
}
