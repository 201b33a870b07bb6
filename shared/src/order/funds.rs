//! An order's money: what was taken, what went back, and what is left of it.

use super::{
    model::{Order, PaymentStatus},
    refund::{Refund, RefundCause, RefundShare, RefundTo, RefundWay},
};
use crate::{
    money::{Money, MoneyError},
    payment::RefundStatus,
    pricing::PricePolicy,
};

/// What was taken by one of an order's payments.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Charged {
    /// Which payment; 1 is the order's own.
    pub number: u32,
    /// How much was taken.
    pub captured: Money,
    /// What a cancellation gave back of it without a refund of its own, as those of the first versions did.
    pub returned: Money,
    /// Whether it was only known of when it had gone back.
    pub late: bool,
}

impl Order {
    /// Nothing, in the order's currency.
    pub(super) fn nothing(&self) -> Money {
        Money::zero(self.total().currency())
    }

    fn sum(&self, parts: impl IntoIterator<Item = Money>) -> Result<Money, MoneyError> {
        Money::sum(parts, self.total().currency())
    }

    /// How the store's prices were meant.
    pub fn policy(&self) -> PricePolicy {
        self.pricing.as_ref().map(|pricing| pricing.policy).unwrap_or_default()
    }

    /// What was paid without the payment provider.
    ///
    /// # Errors
    /// [`MoneyError`].
    pub fn tendered(&self) -> Result<Money, MoneyError> {
        self.placed.paid_already()
    }

    /// What the provider's payments come to.
    pub fn due(&self) -> Money {
        // The tenders of an order are no more than it came to; an edit may have made it less.
        self.tendered().and_then(|tendered| self.total().minus(tendered)).unwrap_or(self.total()).or_zero()
    }

    /// What can be refunded now.
    pub fn refundable(&self) -> Money {
        if self.own_charge().is_none() {
            return self.nothing();
        }
        self.kept().unwrap_or(self.nothing())
    }

    /// What the order's own payment takes when it is captured: what the order comes to, less what was paid otherwise,
    /// and no more than is held.
    ///
    /// # Errors
    /// [`MoneyError`].
    pub fn capturable(&self) -> Result<Money, MoneyError> {
        let others = self.captured_by_provider()?;
        self.total().minus(self.tendered()?)?.minus(others)?.or_zero().least(self.held)
    }

    /// Whether anything was taken, even if it was nothing because gift cards had paid for all.
    pub fn was_captured(&self) -> bool {
        self.charges.iter().any(|charge| !charge.late)
    }

    /// What the order's own payment took, once it has.
    pub fn own_charge(&self) -> Option<Money> {
        self.charges.iter().find(|charge| charge.number == 1).map(|charge| charge.captured)
    }

    /// Whether it was recorded what a payment took.
    pub fn knows_charge(&self, number: u32) -> bool {
        self.charges.iter().any(|charge| charge.number == number && !charge.late)
    }

    fn gone(&self) -> impl Iterator<Item = &RefundShare> {
        self.refunds.iter().flat_map(Refund::gone)
    }

    /// What the store has of the order's money and can still give back, on whichever way.
    ///
    /// # Errors
    /// [`MoneyError`].
    pub fn kept(&self) -> Result<Money, MoneyError> {
        let gone = self.gone().filter(|share| share.way.gives_money());
        let gone = self.sum(gone.map(|share| share.amount))?;
        let returned = self.sum(self.charges.iter().map(|charge| charge.returned))?;
        let taken = self.captured_by_provider()?;
        taken.plus(self.tendered()?)?.minus(returned)?.minus(gone)
    }

    /// What the provider took.
    pub(super) fn captured_by_provider(&self) -> Result<Money, MoneyError> {
        self.sum(self.charges.iter().map(|charge| charge.captured))
    }

    /// What the provider gave back, or is giving back.
    pub(super) fn refunded_by_provider(&self) -> Result<Money, MoneyError> {
        let shares = self.gone().filter(|share| share.way.is_payment()).map(|share| share.amount);
        self.sum(shares.chain(self.charges.iter().map(|charge| charge.returned)))
    }

    /// The ways on which money came, and what of it can go back there: the provider's payments, then what was paid
    /// without one.
    fn sources(&self) -> Result<Vec<RefundShare>, MoneyError> {
        let mut sources: Vec<RefundShare> = Vec::new();
        for charge in &self.charges {
            let way = RefundWay::Payment { number: charge.number };
            sources.push(RefundShare { way, amount: charge.captured.minus(charge.returned)? });
        }
        for tender in &self.placed.tenders {
            let way = RefundWay::from(tender.kind);
            match sources.iter_mut().find(|source| source.way == way) {
                Some(source) => source.amount = source.amount.plus(tender.amount)?,
                None => sources.push(RefundShare { way, amount: tender.amount }),
            }
        }
        if let Some(paid) = &self.placed.paid_outside {
            sources.push(RefundShare { way: RefundWay::Outside, amount: paid.amount });
        }
        for source in &mut sources {
            let gone = self.gone().filter(|share| share.way == source.way).map(|share| share.amount);
            source.amount = source.amount.minus(self.sum(gone)?)?.or_zero();
        }
        Ok(sources)
    }

    /// How `amount`, which is no more than is kept, goes back.
    pub(super) fn shares(&self, to: RefundTo, amount: Money) -> Result<Vec<RefundShare>, MoneyError> {
        let way = match to {
            RefundTo::Original => return self.shares_of_sources(amount),
            RefundTo::GiftCard { id } => RefundWay::GiftCard { id },
            RefundTo::StoreCredit { customer } => RefundWay::StoreCredit { customer },
        };
        Ok(vec![RefundShare { way, amount }])
    }

    fn shares_of_sources(&self, amount: Money) -> Result<Vec<RefundShare>, MoneyError> {
        let (mut shares, mut missing) = (Vec::new(), amount);
        for source in self.sources()? {
            let amount = source.amount.least(missing)?;
            missing = missing.minus(amount)?;
            if !amount.is_zero() {
                shares.push(RefundShare { way: source.way, amount });
            }
        }
        debug_assert!(missing.is_zero(), "what is kept came from somewhere");
        Ok(shares)
    }

    /// What goes back to gift cards and store credit when the order is canceled before anything was taken.
    ///
    /// # Errors
    /// [`MoneyError`].
    pub fn tenders_to_give_back(&self) -> Result<Vec<RefundShare>, MoneyError> {
        // Otherwise a refund of what was left saw to it.
        if self.was_captured() {
            return Ok(Vec::new());
        }
        let sources = self.sources()?.into_iter();
        Ok(sources.filter(|share| share.way.tender().is_some() && !share.amount.is_zero()).collect())
    }

    /// What was given back of what the order comes to, in money or in other goods. What an edit made cheaper is not among
    /// it: the order comes to less since.
    fn given(&self) -> Result<Money, MoneyError> {
        let of_edits = |refund: &&Refund| matches!(refund.request.cause, RefundCause::Edited { .. });
        let given = self.refunds.iter().filter(|refund| !of_edits(refund)).flat_map(Refund::gone);
        self.sum(given.map(|share| share.amount))
    }

    /// What of its total is paid: what is kept of it, and what was given back of it.
    pub(super) fn settled(&self) -> Result<Money, MoneyError> {
        self.kept()?.plus(self.given()?)
    }

    /// What an order that got cheaper has been paid beyond what it comes to now.
    pub(super) fn overpaid(&self) -> Result<Money, MoneyError> {
        Ok(self.settled()?.minus(self.total())?.or_zero())
    }

    /// Where the payment of an order stands whose money was taken, by what of it has come back.
    pub(super) fn status_of_taken(&self) -> Result<PaymentStatus, MoneyError> {
        let back = self.refunds.iter().flat_map(Refund::back).filter(|share| share.way.gives_money());
        let back = back.map(|share| share.amount);
        let back = self.sum(back.chain(self.charges.iter().map(|charge| charge.returned)))?;
        let taken = self.captured_by_provider()?.plus(self.tendered()?)?;
        Ok(if back.is_zero() {
            PaymentStatus::Captured
        } else if back == taken {
            PaymentStatus::Refunded
        } else {
            PaymentStatus::PartiallyRefunded
        })
    }

    /// Whether a refund is under way.
    pub fn has_pending_refund(&self) -> bool {
        self.refunds.iter().any(|refund| refund.status == RefundStatus::Pending)
    }

    /// Whether the rest of a canceled order's money could not be given back the way it came.
    pub(super) fn rest_was_refused(&self) -> bool {
        let failed = |refund: &&Refund| {
            refund.request.cause == RefundCause::Canceled && refund.status == RefundStatus::Failed
        };
        self.refunds.iter().any(|refund| failed(&refund))
    }
}
