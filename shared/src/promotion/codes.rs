//! Codes that work once each: made by the thousand, each an item of its own, so that no two orders can use one.

use ring::hmac;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{Promotion, PromotionStatus, Trigger, candidates::CodeItem};
use crate::{
    http::{Call, Code, Problem, Reply},
    id::{OrderId, PromotionId},
    pricing::PromotionCode,
    runtime::App,
    store::{self, Page, Query, StoreError, Write, WriteError, keys},
    tenant::Tenant,
    text::hex,
};

/// Codes that one request may make.
const MOST: usize = 1000;

/// Codes that one transaction makes: each is two writes, and the last one holds the answer and the note of it as well.
const AT_ONCE: usize = 45;

/// How often codes are looked at again that somebody else made meanwhile.
const TRIES: usize = 3;

/// Capitals and digits that nobody takes for each other.
const ALPHABET: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";

/// Codes to be made: one of the two.
#[derive(Clone, Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = NewPromotionCodes)]
pub struct NewCodes {
    /// So many that nobody can guess: 1 to 1000.
    #[serde(default)]
    pub generate: Option<usize>,
    /// These: at most 1000.
    #[serde(default)]
    pub codes: Vec<PromotionCode>,
}

/// Codes that were made.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = MadePromotionCodes)]
pub struct MadeCodes {
    /// The codes.
    pub codes: Vec<PromotionCode>,
}

/// A single-use code.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = PromotionCodeState)]
pub struct CodeView {
    /// The code.
    pub code: PromotionCode,
    /// The order that used it; null while it is good.
    pub used_by: Option<OrderId>,
}

/// The mark that a code is a promotion's.
#[derive(Debug, Serialize, Deserialize)]
struct CodeMark {
    code: PromotionCode,
}

/// Makes codes for `promotion` and answers them. A request that is repeated makes the same ones: also one that ended
/// half-way, which the next try takes up.
///
/// # Errors
/// 422 where the promotion has no such codes, 409 where a code is another one's.
pub async fn make(
    app: &App,
    call: &Call<NewCodes>,
    promotion: &Promotion,
) -> Result<Reply<MadeCodes>, Problem> {
    let tenant = call.tenant()?;
    if promotion.trigger != (Trigger::SingleUseCodes {}) || promotion.status == PromotionStatus::Archived {
        return Err(Problem::invalid(
            "id",
            "Only a promotion by single-use codes that is not archived gets some.",
        ));
    }
    let batch = Batch::of(app, call, promotion.id).await?;
    let codes = batch.codes(&call.body)?;
    let made = MadeCodes { codes: codes.clone() };
    let location = format!("/v1/promotions/{}/codes", promotion.id);
    let (last, before) = match codes.chunks(AT_ONCE).collect::<Vec<_>>().split_last() {
        Some((last, before)) => (last.to_vec(), before.iter().map(|chunk| chunk.to_vec()).collect()),
        None => (Vec::new(), Vec::new()),
    };
    for chunk in before {
        commit_chunk(app, tenant, &batch, &chunk).await?;
    }
    for _ in 0..TRIES {
        let mut writes = batch.missing(app, tenant, &last).await?;
        // Something is written even where all of them are there already: the answer to the request, and its note.
        writes.push(Write::put(
            "promotion_batch",
            keys::promotion_batch(tenant, promotion.id),
            &batch.note(app),
        )?);
        match call.commit(app, writes, Reply::created(&location, made.clone())).await {
            Err(crate::http::CommitError::Refused(_)) => {}
            outcome => return Ok(outcome?),
        }
    }
    Err(Problem::new(Code::Conflict, "Others make the same codes. Try again."))
}

async fn commit_chunk(
    app: &App,
    tenant: Tenant,
    batch: &Batch,
    chunk: &[PromotionCode],
) -> Result<(), Problem> {
    for _ in 0..TRIES {
        match store::commit(app, batch.missing(app, tenant, chunk).await?).await {
            Err(WriteError::Refused(_)) => {}
            outcome => return Ok(outcome?),
        }
    }
    Err(Problem::new(Code::Conflict, "Others make the same codes. Try again."))
}

/// The codes of one request.
struct Batch {
    promotion: PromotionId,
    /// Names the request.
    name: String,
    key: hmac::Key,
}

/// When codes were last made.
#[derive(Serialize)]
struct BatchNote {
    batch: String,
    at: jiff::Timestamp,
}

impl Batch {
    async fn of(app: &App, call: &Call<NewCodes>, promotion: PromotionId) -> Result<Self, Problem> {
        let request = call.headers.get("idempotency-key").map(http::HeaderValue::as_bytes);
        let request = request.ok_or_else(|| Problem::internal("the route asks for an idempotency key"))?;
        let who = format!("{} {} {promotion} ", call.tenant()?, call.principal()?.who());
        let secret = app.derived_key("promotion-codes").await.map_err(Problem::internal)?;
        let own = hmac::sign(&secret, &[who.as_bytes(), request].concat());
        let key = hmac::Key::new(hmac::HMAC_SHA256, own.as_ref());
        let name = hex(&hmac::sign(&key, b"name").as_ref()[..16]);
        Ok(Self { promotion, name, key })
    }

    fn note(&self, app: &App) -> BatchNote {
        BatchNote { batch: self.name.clone(), at: app.now() }
    }

    /// The codes that are asked for.
    fn codes(&self, ask: &NewCodes) -> Result<Vec<PromotionCode>, Problem> {
        match (ask.generate, ask.codes.as_slice()) {
            (Some(count), []) if (1..=MOST).contains(&count) => {
                (0..count).map(|n| self.generated(n)).collect()
            }
            (Some(_), []) => Err(Problem::invalid("generate", format!("Must be from 1 to {MOST}."))),
            (None, [_, ..]) if ask.codes.len() <= MOST => {
                let mut codes = ask.codes.clone();
                codes.sort();
                codes.dedup();
                Ok(codes)
            }
            (None, [_, ..]) => Err(Problem::invalid("codes", format!("There may be at most {MOST}."))),
            _ => Err(Problem::invalid("codes", "Give codes, or how many to generate.")),
        }
    }

    /// The `n`th code: 60 bits that only the root secret and the request's own key lead to.
    fn generated(&self, n: usize) -> Result<PromotionCode, Problem> {
        let bits = hmac::sign(&self.key, &(n as u64).to_be_bytes());
        let digits = bits.as_ref()[..12].iter().enumerate().flat_map(|(place, byte)| {
            let hyphen = (place > 0 && place % 4 == 0).then_some('-');
            hyphen.into_iter().chain([char::from(ALPHABET[usize::from(byte & 31)])])
        });
        digits.collect::<String>().parse().map_err(Problem::internal)
    }

    /// The writes that make those of `codes` that this request has not made yet. Never one that was: it may have been
    /// used since.
    async fn missing(
        &self,
        app: &App,
        tenant: Tenant,
        codes: &[PromotionCode],
    ) -> Result<Vec<Write>, Problem> {
        let wanted: Vec<_> = codes.iter().map(|code| keys::promotion_code(tenant, code.as_str())).collect();
        let found: Vec<Option<CodeItem>> = store::get_many(app, "promotion_code", &wanted, true).await?;
        let mut writes = Vec::with_capacity(2 * codes.len());
        for ((code, key), found) in codes.iter().zip(wanted).zip(found) {
            match found {
                Some(item) if item.batch.as_deref() == Some(self.name.as_str()) => continue,
                Some(_) => {
                    let detail = format!("The code {code} is in use already.");
                    return Err(Problem::new(Code::CodeTaken, detail).at("codes"));
                }
                None => {}
            }
            let item = CodeItem {
                code: code.clone(),
                promotion: self.promotion,
                single_use: true,
                batch: Some(self.name.clone()),
                used_by: None,
            };
            writes.push(Write::create("promotion_code", key, &item)?);
            let mark = CodeMark { code: code.clone() };
            let key = keys::code_of_promotion(tenant, self.promotion, code.as_str());
            writes.push(Write::put("promotion_code_mark", key, &mark)?);
        }
        Ok(writes)
    }
}

/// A page of a promotion's single-use codes, in the order of the alphabet.
///
/// # Errors
/// [`StoreError`].
pub async fn list(
    app: &App,
    tenant: Tenant,
    id: PromotionId,
    limit: usize,
    from: Option<&[(String, String)]>,
) -> Result<Page<CodeView>, StoreError> {
    let query = Query::partition(keys::codes_of_promotion(tenant, id));
    let page: Page<CodeMark> = query.page(app, "promotion_code_mark", limit, from).await?;
    let wanted: Vec<_> =
        page.items.iter().map(|mark| keys::promotion_code(tenant, mark.code.as_str())).collect();
    let items: Vec<Option<CodeItem>> = store::get_many(app, "promotion_code", &wanted, false).await?;
    let view = |item: CodeItem| CodeView { code: item.code, used_by: item.used_by };
    Ok(Page { items: items.into_iter().flatten().map(view).collect(), next: page.next })
}
