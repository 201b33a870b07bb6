//! What an order takes of promotions: in the transaction that places it, so that no limit is passed, whatever happens at
//! the same moment; and given back once, if the order is canceled.

use serde::{Deserialize, Serialize};

use super::{Evaluation, Shopper, engine::Given, model::Tally, rules::in_currency};
use crate::{
    http::{Code, Problem},
    id::{OrderId, PromotionId},
    money::{Money, MoneyError},
    pricing::PromotionCode,
    runtime::App,
    store::{self, StoreError, Write, WriteError, keys},
    tenant::Tenant,
};

/// Counters of a promotion that has no limit over all orders: so many orders at once don't meet there.
const PARTS: u128 = 16;

/// How often giving back is tried again that met another one.
const TRIES: usize = 3;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum State {
    Held,
    Released,
}

/// What an order took of one promotion.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Claim {
    pub promotion: PromotionId,
    /// The code that the order used up.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<PromotionCode>,
    /// Which of the promotion's counters has it.
    part: u8,
    pub amount: Money,
    /// Whether the shopper's own counter has it too.
    pub of_shopper: bool,
}

/// What an order took of promotions.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Record {
    state: State,
    /// Whose uses it counts among: an id, or a keyed hash.
    shopper: String,
    first_order: bool,
    pub claims: Vec<Claim>,
}

impl Record {
    /// Whether it was given back.
    pub fn is_released(&self) -> bool {
        self.state == State::Released
    }
}

/// Why a write may be refused.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Guard {
    /// It may not, but by the same order.
    Record,
    Tally,
    Uses,
    Code,
    FirstOrder,
}

/// The writes that take what an order uses of promotions. Commit them with the order.
#[derive(Clone, Debug, Default)]
pub struct Claims {
    /// The writes. None, where no promotion gives anything.
    pub writes: Vec<Write>,
    /// For each write, what it guards, and the code or else the name of what it is of.
    guards: Vec<(Guard, Option<PromotionCode>, String)>,
}

/// Why claims can't be written down.
#[derive(Debug, thiserror::Error)]
pub enum ClaimError {
    /// Amounts are past all bounds.
    #[error(transparent)]
    Money(#[from] MoneyError),
    /// They make no item.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<ClaimError> for Problem {
    fn from(error: ClaimError) -> Self {
        match error {
            ClaimError::Money(error) => error.into(),
            ClaimError::Store(error) => error.into(),
        }
    }
}

/// The writes that take what `order` uses of the promotions that `evaluation` applied. Where sending is part of the
/// order, its price must be known to the evaluation.
///
/// # Errors
/// [`ClaimError`].
pub fn claims(
    tenant: Tenant,
    order: OrderId,
    evaluation: &Evaluation,
    shopper: Shopper,
) -> Result<Claims, ClaimError> {
    let given: Vec<&Given> = evaluation.giving().collect();
    let mut claims = Claims::default();
    if given.is_empty() {
        return Ok(claims);
    }
    let (shopper, first_order) = (shopper.to_string(), given.iter().any(|given| given.first_order));
    let mut taken = Vec::with_capacity(given.len());
    for given in &given {
        taken.push(claims.take(tenant, order, given, &shopper)?);
    }
    if first_order {
        let mark = Mark { order };
        let write = Write::create("first_order", keys::first_order(tenant, &shopper), &mark)?;
        let of = given.iter().find(|given| given.first_order);
        claims.add(write, Guard::FirstOrder, of.and_then(|given| given.code.clone()), "first order");
    }
    let record = Record { state: State::Held, shopper, first_order, claims: taken };
    let write = Write::create("promotion_claims", keys::promotion_claims(tenant, order), &record)?;
    claims.add(write, Guard::Record, None, "order");
    Ok(claims)
}

#[derive(Serialize, Deserialize)]
struct Mark {
    order: OrderId,
}

impl Claims {
    fn add(&mut self, write: Write, guard: Guard, code: Option<PromotionCode>, name: &str) {
        self.writes.push(write);
        self.guards.push((guard, code, name.to_owned()));
    }

    fn take(
        &mut self,
        tenant: Tenant,
        order: OrderId,
        given: &Given,
        shopper: &str,
    ) -> Result<Claim, ClaimError> {
        let amount = given.amount()?;
        let part = match given.tally {
            Tally::One => 0,
            Tally::Spread => u8::try_from(order.bits() % PARTS).unwrap_or(0),
        };
        let (code, name) = (given.code.clone(), given.name.as_str());
        self.add(tally(tenant, given, part, amount)?, Guard::Tally, code.clone(), name);
        if let Some(limit) = given.limits.uses_per_customer {
            let key = keys::promotion_uses_of(tenant, given.id, shopper);
            let write = counted(Write::update(key, "SET #kind = :kind ADD used :one"), "promotion_uses")
                .when("attribute_not_exists(used) OR used < :limit")
                .number(":limit", limit);
            self.add(write, Guard::Uses, code.clone(), name);
        }
        let used_up = code.clone().filter(|_| given.single_use);
        if let Some(code) = &used_up {
            let write = Write::update(keys::promotion_code(tenant, code.as_str()), "SET used_by = :order")
                .when("promotion = :promotion AND attribute_not_exists(used_by)")
                .text(":promotion", given.id.to_string())
                .text(":order", order.to_string());
            self.add(write, Guard::Code, Some(code.clone()), name);
        }
        let of_shopper = given.limits.uses_per_customer.is_some();
        Ok(Claim { promotion: given.id, code: used_up, part, amount, of_shopper })
    }

    /// What to tell the shopper, where some of the writes were refused: `refused` tells of the write at a place of
    /// [`Claims::writes`]. Nothing, where it was not these.
    pub fn refusal(&self, refused: impl Fn(usize) -> bool) -> Option<Problem> {
        // What says most comes first: a code that is gone is gone for everybody.
        let order = [Guard::Code, Guard::Tally, Guard::Uses, Guard::FirstOrder];
        let place = order.iter().find_map(|guard| {
            (0..self.guards.len()).find(|&place| self.guards[place].0 == *guard && refused(place))
        })?;
        let (guard, code, name) = &self.guards[place];
        let what =
            code.as_ref().map_or_else(|| format!("The promotion {name}"), |code| format!("The code {code}"));
        let (kind, detail) = match guard {
            Guard::Uses => (Code::PromotionLimitReached, "was used as often as one customer may"),
            Guard::FirstOrder => (Code::PromotionLimitReached, "is for a first order, and there was one"),
            _ => (Code::PromotionUsedUp, "is used up"),
        };
        let problem = Problem::new(kind, format!("{what} {detail}. Check out again without it."));
        Some(if code.is_some() { problem.at("codes") } else { problem })
    }
}

fn counted(write: Write, kind: &str) -> Write {
    write.name("#kind", "kind").text(":kind", kind).number(":one", 1)
}

/// The attribute of a counter that sums up what was taken off.
pub(super) fn spent_in(amount: Money) -> String {
    format!("spent_{}", amount.currency())
}

/// The write that counts a use, and what it takes off, on condition that the limits leave room for both.
fn tally(tenant: Tenant, given: &Given, part: u8, amount: Money) -> Result<Write, MoneyError> {
    let key = keys::promotion_tally(tenant, given.id, part);
    let write = Write::update(key, "SET #kind = :kind ADD used :one, #spent :amount");
    let mut write =
        counted(write, "promotion_tally").name("#spent", spent_in(amount)).number(":amount", amount.amount());
    if let Some(limit) = given.limits.uses {
        let room = if limit > 0 { "attribute_not_exists(used) OR used < :limit" } else { "used < :limit" };
        write = write.when(room).number(":limit", limit);
    }
    if let Some(budget) = in_currency(&given.limits.budgets, amount.currency()) {
        let room = budget.minus(amount)?;
        // Where one use alone is more than the budget, nothing was spent yet is no room either.
        let condition = if room.amount() < 0 {
            "#spent <= :room"
        } else {
            "attribute_not_exists(#spent) OR #spent <= :room"
        };
        write = write.when(condition).number(":room", room.amount());
    }
    Ok(write)
}

/// Gives back what `order` took, for good. Does nothing where it took nothing, or gave it back before. May be repeated.
///
/// # Errors
/// [`StoreError`].
pub async fn release(app: &App, tenant: Tenant, order: OrderId) -> Result<(), StoreError> {
    let key = keys::promotion_claims(tenant, order);
    for _ in 0..TRIES {
        let record: Option<Record> = store::get(app, "promotion_claims", &key).await?;
        let Some(record) = record.filter(|record| record.state == State::Held) else {
            return Ok(());
        };
        match store::commit(app, giving_back(tenant, order, &record)).await {
            Ok(()) => return Ok(()),
            // Somebody else gave it back meanwhile: look again.
            Err(error) if error.refused(0) => {}
            Err(WriteError::Refused(_)) => {
                return Err(StoreError::unreadable(
                    "promotion_claims",
                    &"what was claimed is not the order's",
                ));
            }
            Err(WriteError::Store(error)) => return Err(error),
        }
    }
    Err(StoreError::Busy("the claims keep changing".to_owned()))
}

fn giving_back(tenant: Tenant, order: OrderId, record: &Record) -> Vec<Write> {
    let done = Write::update(keys::promotion_claims(tenant, order), "SET #state = :released")
        .name("#state", "state")
        .when("#state = :held")
        .text(":held", "held")
        .text(":released", "released");
    let mut writes = vec![done];
    for claim in &record.claims {
        let tally = keys::promotion_tally(tenant, claim.promotion, claim.part);
        writes.push(
            Write::update(tally, "ADD used :less, #spent :back")
                .name("#spent", spent_in(claim.amount))
                .number(":less", -1)
                .number(":back", -claim.amount.amount()),
        );
        if claim.of_shopper {
            let uses = keys::promotion_uses_of(tenant, claim.promotion, &record.shopper);
            writes.push(Write::update(uses, "ADD used :less").number(":less", -1));
        }
        if let Some(code) = &claim.code {
            writes.push(
                Write::update(keys::promotion_code(tenant, code.as_str()), "REMOVE used_by")
                    .when("used_by = :order")
                    .text(":order", order.to_string()),
            );
        }
    }
    if record.first_order {
        writes.push(
            Write::delete(keys::first_order(tenant, &record.shopper))
                .when("attribute_not_exists(pk) OR #order = :order")
                .name("#order", "order")
                .text(":order", order.to_string()),
        );
    }
    writes
}
