//! Requests that may be repeated: `Idempotency-Key`.
//!
//! The answer is stored in the same transaction as the effect. So there is no time at which one exists without
//! the other: a crash before leaves nothing, a crash after leaves both, and of two requests at once with one
//! key, one commits and the other finds its answer. See `docs/decisions/idempotency-in-the-transaction.md`.
//!
//! Answers hold personal data, and belong to no one person that could be erased. They are sealed with a key that is
//! derived from the text of the client's own key, of which only a hash is stored: whoever can't repeat the request
//! can't read its answer.

use std::sync::Arc;

use aws_sdk_dynamodb::types::AttributeValue;
use base64::{Engine as _, prelude::BASE64_STANDARD_NO_PAD};
use http::{HeaderMap, HeaderName, StatusCode};
use jiff::SignedDuration;
use ring::{
    digest::{SHA256, digest},
    hmac,
};
use serde::{Deserialize, Serialize};

use super::{Call, Code, Problem, Reply, reply::Payload};
use crate::{
    principal::Principal,
    runtime::App,
    store::{self, Bytes, Key, Write, WriteError, keys, pack, unpack},
    vault::Cipher,
};

/// How long an answer can be repeated. The promise is a day; the second one covers a late retry of a late one.
const KEPT: SignedDuration = SignedDuration::from_hours(48);

/// Characters that a key may have.
const MOST_CHARACTERS: usize = 255;

/// A request's key, and what the key stands for.
#[derive(Clone, Debug)]
pub struct Idempotency {
    record: Key,
    fingerprint: String,
    cipher: Arc<Cipher>,
    /// Whether what the request changes keeps its mark, and no answer is stored.
    kept: bool,
}

/// What a request leaves in what it changes, so that it is known again when it is sent again. Tells nothing of the request
/// to who does not have it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mark {
    /// Of the key, and of who sent it.
    key: Bytes,
    /// Of all that was sent.
    request: Bytes,
}

impl Mark {
    /// Whether it is the same request that left `earlier`.
    ///
    /// # Errors
    /// 422 where it is another one, with the same key.
    pub fn repeats(&self, earlier: &Self) -> Result<bool, Problem> {
        if self.key != earlier.key {
            return Ok(false);
        }
        if self.request == earlier.request { Ok(true) } else { Err(reused()) }
    }
}

fn reused() -> Problem {
    let detail = "This key was used for another request. Use a new key for a new request.";
    Problem::new(Code::IdempotencyKeyReused, detail).at("Idempotency-Key")
}

#[derive(Serialize, Deserialize)]
struct Record {
    fingerprint: String,
    status: u16,
    headers: Vec<(String, String)>,
    /// The sealed body, packed before.
    sealed: Bytes,
    expires: i64,
}

/// Why an effect and its answer were not committed.
#[derive(Debug)]
pub enum CommitError {
    /// The conditions of the writes at these places did not hold. Nothing was changed.
    Refused(Vec<usize>),
    /// Answer this.
    Problem(Problem),
}

impl CommitError {
    /// Whether the condition of the write at `place` did not hold.
    pub fn refused(&self, place: usize) -> bool {
        matches!(self, Self::Refused(places) if places.contains(&place))
    }
}

impl From<CommitError> for Problem {
    fn from(error: CommitError) -> Self {
        match error {
            CommitError::Refused(places) => WriteError::Refused(places).into(),
            CommitError::Problem(problem) => problem,
        }
    }
}

impl From<crate::store::StoreError> for CommitError {
    fn from(error: crate::store::StoreError) -> Self {
        Self::Problem(error.into())
    }
}

impl Idempotency {
    /// The key that a request carries, if any.
    pub(super) fn of_request(
        headers: &HeaderMap,
        principal: &Principal,
        (method, path, body): (&str, &str, &[u8]),
        kept: bool,
    ) -> Result<Option<Self>, Problem> {
        let Some(value) = headers.get("idempotency-key") else {
            return Ok(None);
        };
        let invalid = || {
            let detail = format!("The key must be 1 to {MOST_CHARACTERS} visible ASCII characters.");
            Problem::new(Code::InvalidHeader, detail).at("Idempotency-Key")
        };
        let key = value.to_str().map_err(|_| invalid())?;
        if key.is_empty() || key.len() > MOST_CHARACTERS {
            return Err(invalid());
        }
        let record = keys::idempotency(principal.tenant(), &principal.who().to_string(), key);
        let text = hmac::Key::new(hmac::HMAC_SHA256, key.as_bytes());
        let derived = |purpose: &[u8]| hmac::sign(&text, purpose);
        // Keyed, so that it can't be used to try out what a short body may have said.
        let of_request = hmac::Key::new(hmac::HMAC_SHA256, derived(b"idempotency/fingerprint").as_ref());
        let request = [method.as_bytes(), b" ", path.as_bytes(), b"\n", body].concat();
        let fingerprint = BASE64_STANDARD_NO_PAD.encode(hmac::sign(&of_request, &request));
        let cipher = Cipher::new(derived(b"idempotency/answer").as_ref()).map_err(Problem::internal)?;
        Ok(Some(Self { record, fingerprint, cipher: Arc::new(cipher), kept }))
    }

    /// The answer that was given already, if any.
    pub(super) async fn earlier<R>(&self, app: &App) -> Result<Option<Reply<R>>, Problem> {
        let record: Option<Record> = store::get(app, "answer", &self.record).await?;
        let Some(record) = record.filter(|record| record.expires > app.now().as_second()) else {
            return Ok(None);
        };
        if record.fingerprint != self.fingerprint {
            return Err(reused());
        }
        let body = self.open(&record).ok_or_else(|| Problem::internal("the stored answer does not open"))?;
        let status = StatusCode::from_u16(record.status).map_err(Problem::internal)?;
        let mut headers = Vec::new();
        for (name, value) in record.headers {
            headers.push((name.parse::<HeaderName>().map_err(Problem::internal)?, value));
        }
        let reply = Reply::written(status, headers, body);
        Ok(Some(reply.header("idempotent-replayed", "true")))
    }

    fn mark(&self) -> Mark {
        let short = |text: &str| Bytes(digest(&SHA256, text.as_bytes()).as_ref()[..16].to_vec());
        Mark { key: short(self.record.pk()), request: short(&self.fingerprint) }
    }

    /// What an answer is bound to: the key's record, and the request that it answers.
    fn context(&self) -> Vec<u8> {
        format!("{} {}", self.record.pk(), self.fingerprint).into_bytes()
    }

    fn open(&self, record: &Record) -> Option<String> {
        let packed = self.cipher.open(&self.context(), &record.sealed.0).ok()?;
        String::from_utf8(unpack(&packed)?).ok()
    }

    fn write<R: Serialize>(&self, app: &App, reply: &Reply<R>) -> Result<Write, Problem> {
        let body = match &reply.body {
            Payload::Fresh(body) => serde_json::to_string(body).map_err(Problem::internal)?,
            Payload::Written(text) => text.clone(),
            Payload::Bytes(..) | Payload::Empty => String::new(),
        };
        let headers =
            reply.all_headers().into_iter().map(|(name, value)| (name.to_string(), value)).collect();
        let now = app.now();
        let expires = (now + KEPT).as_second();
        let (fingerprint, status) = (self.fingerprint.clone(), reply.status.as_u16());
        let sealed = self.cipher.seal(app.entropy(), &self.context(), &pack(body.as_bytes()));
        let sealed = Bytes(sealed.map_err(Problem::internal)?);
        let record = Record { fingerprint, status, headers, sealed, expires };
        Ok(Write::put("answer", self.record.clone(), &record)?
            .when("attribute_not_exists(pk) OR expires <= :now")
            .value(":now", AttributeValue::N(now.as_second().to_string())))
    }
}

impl<B, Q> Call<B, Q> {
    /// Makes `writes` happen and gives `reply`: together, where the request has an idempotency key. Where the route is
    /// audited, so is what they change.
    ///
    /// # Errors
    /// [`CommitError::Refused`] where a condition of `writes` did not hold; nothing was changed then.
    pub async fn commit<R: Serialize>(
        &self,
        app: &App,
        mut writes: Vec<Write>,
        reply: Reply<R>,
    ) -> Result<Reply<R>, CommitError> {
        let effects = writes.len();
        let note = self.route_note(app, &writes, &reply).map_err(CommitError::Problem)?;
        let idempotency = self.idempotency.as_ref().filter(|idempotency| !idempotency.kept);
        if let Some(idempotency) = idempotency {
            writes.push(idempotency.write(app, &reply).map_err(CommitError::Problem)?);
        }
        writes.extend(note);
        let Err(error) = store::commit(app, writes).await else {
            return Ok(reply);
        };
        // The same request, sent twice at once, or whose first answer was lost: give the first one's answer.
        // A lost answer also shows as a refused condition, because the first try changed what the second expects.
        if let (WriteError::Refused(_), Some(idempotency)) = (&error, idempotency)
            && let Some(earlier) = idempotency.earlier(app).await.map_err(CommitError::Problem)?
        {
            return Ok(earlier);
        }
        Err(match error {
            WriteError::Refused(places) => {
                CommitError::Refused(places.into_iter().filter(|&place| place < effects).collect())
            }
            WriteError::Store(error) => CommitError::Problem(error.into()),
        })
    }

    /// What this request leaves in what it changes, where the route keeps that ([`Keys::Kept`]).
    ///
    /// [`Keys::Kept`]: super::Keys::Kept
    pub fn mark(&self) -> Option<Mark> {
        self.idempotency.as_ref().filter(|idempotency| idempotency.kept).map(Idempotency::mark)
    }

    /// The answer that was given to the same request before, where its key was kept ([`Keys::Followed`]).
    ///
    /// # Errors
    /// 422 where the key was used for another request, and [`Problem`] where storage fails.
    ///
    /// [`Keys::Followed`]: super::Keys::Followed
    pub async fn earlier<R>(&self, app: &App) -> Result<Option<Reply<R>>, Problem> {
        match &self.idempotency {
            Some(idempotency) => idempotency.earlier(app).await,
            None => Ok(None),
        }
    }
}
