//! Errors as callers see them: RFC 9457, with a stable code.

use http::StatusCode;
use lambda_http::{Body, Response};
use serde::Serialize;
use utoipa::{
    PartialSchema, ToSchema,
    openapi::{
        ObjectBuilder, RefOr,
        schema::{Schema, Type},
    },
};

use crate::{
    money::MoneyError,
    principal::Scope,
    store::{StoreError, WriteError},
};

macro_rules! codes {
    ($($(#[doc = $doc:literal])* $code:ident = $text:literal, $status:ident;)*) => {
        /// What went wrong, for programs: stable across versions. `docs/errors.md` is made from this list.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
        pub enum Code {
            $($(#[doc = $doc])* #[serde(rename = $text)] $code,)*
        }

        impl Code {
            /// All of them, in the order of the documentation.
            pub const ALL: &'static [Self] = &[$(Self::$code,)*];

            /// As it stands in a problem's `code`.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$code => $text,)* }
            }

            /// The status it is answered with.
            pub const fn status(self) -> StatusCode {
                match self { $(Self::$code => StatusCode::$status,)* }
            }

            /// What it means: the same for every occurrence.
            pub fn title(self) -> &'static str {
                match self { $(Self::$code => concat!($($doc),*).trim(),)* }
            }
        }
    };
}

impl PartialSchema for Code {
    fn schema() -> RefOr<Schema> {
        ObjectBuilder::new()
            .schema_type(Type::String)
            .description(Some("What went wrong, for programs: stable across versions."))
            .enum_values(Some(Self::ALL.iter().map(|code| code.as_str())))
            .into()
    }
}

impl ToSchema for Code {}

codes! {
    /// The body is not JSON.
    MalformedJson = "malformed_json", BAD_REQUEST;
    /// A query parameter can't be used.
    InvalidQuery = "invalid_query", BAD_REQUEST;
    /// A header can't be used.
    InvalidHeader = "invalid_header", BAD_REQUEST;
    /// The cursor was not made for this list.
    InvalidCursor = "invalid_cursor", BAD_REQUEST;
    /// This request needs an Idempotency-Key header.
    IdempotencyKeyMissing = "idempotency_key_missing", BAD_REQUEST;
    /// The signature does not match.
    InvalidSignature = "invalid_signature", BAD_REQUEST;
    /// The request carries neither an API key nor an access token.
    Unauthenticated = "unauthenticated", UNAUTHORIZED;
    /// The API key or access token is not known, or no longer good.
    InvalidKey = "invalid_key", UNAUTHORIZED;
    /// Email address and password don't belong together.
    InvalidCredentials = "invalid_credentials", UNAUTHORIZED;
    /// The refresh token is not known, was used before, or its session has ended.
    InvalidRefreshToken = "invalid_refresh_token", UNAUTHORIZED;
    /// The password is right, and the account asks for a second factor as well.
    SecondFactorNeeded = "second_factor_needed", UNAUTHORIZED;
    /// The caller may not do this.
    MissingScope = "missing_scope", FORBIDDEN;
    /// The store does not take calls from pages of this origin.
    OriginRefused = "origin_refused", FORBIDDEN;
    /// The store's quota is used up.
    QuotaExceeded = "quota_exceeded", FORBIDDEN;
    /// Nobody gives rights that they don't have, or changes what has more rights than they.
    BeyondOwnRights = "beyond_own_rights", FORBIDDEN;
    /// The store asks for a second factor, and the account has none yet.
    SecondFactorMissing = "second_factor_missing", FORBIDDEN;
    /// There is nothing here.
    NotFound = "not_found", NOT_FOUND;
    /// The resource changed since it was read.
    PreconditionFailed = "precondition_failed", PRECONDITION_FAILED;
    /// The body is too large.
    BodyTooLarge = "body_too_large", PAYLOAD_TOO_LARGE;
    /// The body is not declared as JSON.
    UnsupportedMediaType = "unsupported_media_type", UNSUPPORTED_MEDIA_TYPE;
    /// Something in the request can't be used.
    InvalidRequest = "invalid_request", UNPROCESSABLE_ENTITY;
    /// A field holds what looks like a card number, which Souk never takes.
    CardNumberRefused = "card_number_refused", UNPROCESSABLE_ENTITY;
    /// The Idempotency-Key was used for another request.
    IdempotencyKeyReused = "idempotency_key_reused", UNPROCESSABLE_ENTITY;
    /// The cart lacks what an order needs.
    CartIncomplete = "cart_incomplete", UNPROCESSABLE_ENTITY;
    /// The link does not work, or no longer.
    InvalidLink = "invalid_link", UNPROCESSABLE_ENTITY;
    /// The store does not sell this.
    UnknownSku = "unknown_sku", UNPROCESSABLE_ENTITY;
    /// The store has no such location.
    UnknownLocation = "unknown_location", UNPROCESSABLE_ENTITY;
    /// The store has no such role.
    UnknownRole = "unknown_role", UNPROCESSABLE_ENTITY;
    /// This code is wrong, has expired or was used before.
    InvalidCode = "invalid_code", UNPROCESSABLE_ENTITY;
    /// The store does not take this payment method.
    UnknownPaymentMethod = "unknown_payment_method", UNPROCESSABLE_ENTITY;
    /// The issuer can't be used: it can't be reached, or is not what it says.
    IssuerUnusable = "issuer_unusable", UNPROCESSABLE_ENTITY;
    /// Another request changed the resource at the same moment.
    Conflict = "conflict", CONFLICT;
    /// A store that has owners keeps at least one.
    LastOwner = "last_owner", CONFLICT;
    /// This address belongs to a member of the staff already.
    AlreadyMember = "already_member", CONFLICT;
    /// Members of the staff have this role.
    RoleInUse = "role_in_use", CONFLICT;
    /// The account's second factor is not in a state that allows this.
    SecondFactorState = "second_factor_state", CONFLICT;
    /// Another product has this SKU.
    SkuTaken = "sku_taken", CONFLICT;
    /// The issuer is trusted for this audience already.
    IssuerTaken = "issuer_taken", CONFLICT;
    /// The cart comes to something else than the shopper agreed to.
    PriceChanged = "price_changed", CONFLICT;
    /// Another gift card has this code.
    GiftCardTaken = "gift_card_taken", CONFLICT;
    /// The gift card or the store credit does not suffice, or can't be used any more.
    TenderRefused = "tender_refused", CONFLICT;
    /// The store has as many of these as it may have.
    LimitReached = "limit_reached", CONFLICT;
    /// There is not enough in stock.
    OutOfStock = "out_of_stock", CONFLICT;
    /// Another promotion has this code.
    CodeTaken = "code_taken", CONFLICT;
    /// The promotion or its code is used up.
    PromotionUsedUp = "promotion_used_up", CONFLICT;
    /// The shopper used the promotion as often as they may.
    PromotionLimitReached = "promotion_limit_reached", CONFLICT;
    /// The cart became an order and can't be changed.
    CartOrdered = "cart_ordered", CONFLICT;
    /// The draft became an order and can't be changed.
    DraftCompleted = "draft_completed", CONFLICT;
    /// The order is not in a state that allows this.
    OrderState = "order_state", CONFLICT;
    /// What was known of this person was erased.
    Erased = "erased", GONE;
    /// Too many log-ins or proofs were wrong: the next one is looked at after `Retry-After`.
    TooManyFailures = "too_many_failures", TOO_MANY_REQUESTS;
    /// Too many requests came.
    RateLimited = "rate_limited", TOO_MANY_REQUESTS;
    /// The store's requests of this day or month are used up.
    RequestQuotaExceeded = "request_quota_exceeded", TOO_MANY_REQUESTS;
    /// Too much is going on; try again shortly.
    Busy = "busy", SERVICE_UNAVAILABLE;
    /// Something failed inside.
    Internal = "internal", INTERNAL_SERVER_ERROR;
}

/// An error answer. What the caller is told and what the log is told are two fields.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    code: Code,
    detail: String,
    param: Option<String>,
    scope: Option<Scope>,
    retry_after: Option<u32>,
    log: Option<String>,
}

/// The body of an error answer: `application/problem+json`, RFC 9457.
#[derive(Debug, Serialize, ToSchema)]
pub struct ProblemBody<'a> {
    /// `urn:souk:problem:` and the code.
    #[serde(rename = "type")]
    kind: String,
    /// What the code means.
    title: &'a str,
    /// The HTTP status.
    #[schema(value_type = u16)]
    status: u16,
    /// What happened this time.
    detail: &'a str,
    /// What happened, for programs.
    code: Code,
    /// The field, parameter or header at fault.
    #[serde(skip_serializing_if = "Option::is_none")]
    param: Option<&'a str>,
    /// The scope that the caller lacks.
    #[serde(skip_serializing_if = "Option::is_none")]
    scope: Option<Scope>,
    /// Names the request to an operator.
    request_id: &'a str,
    /// Every field at fault.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    errors: Vec<FieldError<'a>>,
}

/// One field at fault.
#[derive(Debug, Serialize, ToSchema)]
pub struct FieldError<'a> {
    /// The field, such as `lines[0].quantity`.
    param: &'a str,
    /// What is wrong with it.
    detail: &'a str,
}

impl Problem {
    /// A problem of this kind; `detail` says what happened this time.
    pub fn new(code: Code, detail: impl Into<String>) -> Self {
        Self { code, detail: detail.into(), param: None, scope: None, retry_after: None, log: None }
    }

    /// Something that failed inside. The caller learns nothing of it; `log` goes to the function's log.
    pub fn internal(log: impl std::fmt::Display) -> Self {
        let problem =
            Self::new(Code::Internal, "The request failed inside. Try again; the request id names it.");
        Self { log: Some(log.to_string()), ..problem }
    }

    /// What is not there, and what is there but another's: they look the same.
    pub fn not_found() -> Self {
        Self::new(Code::NotFound, "No such resource.")
    }

    /// A field that can't be used.
    pub fn invalid(param: impl Into<String>, detail: impl Into<String>) -> Self {
        Self::new(Code::InvalidRequest, detail).at(param)
    }

    /// A right that the caller lacks.
    pub fn missing_scope(scope: Scope) -> Self {
        let detail = format!("The caller lacks the scope {scope}.");
        Self { scope: Some(scope), ..Self::new(Code::MissingScope, detail) }
    }

    /// A right that the caller would give, or that what they would change has, and that they lack themselves.
    pub fn beyond_own_rights(scope: Scope) -> Self {
        let detail = format!("This takes the scope {scope}, which you don't have yourself.");
        Self { scope: Some(scope), ..Self::new(Code::BeyondOwnRights, detail) }
    }

    /// Names the field, parameter or header at fault.
    #[must_use]
    pub fn at(self, param: impl Into<String>) -> Self {
        Self { param: Some(param.into()), ..self }
    }

    /// Says after how many seconds another try makes sense.
    #[must_use]
    pub fn retry_after(self, seconds: u32) -> Self {
        Self { retry_after: Some(seconds), ..self }
    }

    /// What kind of problem it is.
    pub fn code(&self) -> Code {
        self.code
    }

    /// What happened this time.
    pub fn detail(&self) -> &str {
        &self.detail
    }

    /// After how many seconds another try makes sense, where that is known.
    pub fn wait(&self) -> Option<u32> {
        self.retry_after
    }

    /// What the log should say and the caller must not see.
    pub fn log(&self) -> Option<&str> {
        self.log.as_deref()
    }

    /// The answer.
    pub(crate) fn into_response(self, request_id: &str) -> Response<Body> {
        let field = |param| FieldError { param, detail: &self.detail };
        let body = ProblemBody {
            kind: format!("urn:souk:problem:{}", self.code.as_str()),
            title: self.code.title(),
            status: self.code.status().as_u16(),
            detail: &self.detail,
            code: self.code,
            param: self.param.as_deref(),
            scope: self.scope,
            request_id,
            errors: self.param.as_deref().map(field).into_iter().collect(),
        };
        let text = serde_json::to_string(&body).unwrap_or_default();
        let mut response = Response::new(Body::Text(text));
        *response.status_mut() = self.code.status();
        let headers = response.headers_mut();
        headers.insert("content-type", http::HeaderValue::from_static("application/problem+json"));
        headers.insert("cache-control", http::HeaderValue::from_static("no-store"));
        if self.code.status() == StatusCode::UNAUTHORIZED {
            headers.insert("www-authenticate", http::HeaderValue::from_static("Bearer realm=\"souk\""));
        }
        let again = self.retry_after.or((self.code == Code::Busy).then_some(1));
        if let Some(seconds) = again {
            headers.insert("retry-after", seconds.into());
        }
        response
    }
}

impl From<StoreError> for Problem {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Busy(_) => {
                let problem =
                    Self::new(Code::Busy, "Too many requests for the same thing. Try again shortly.");
                Self { log: Some(error.to_string()), ..problem }
            }
            _ => Self::internal(error),
        }
    }
}

impl From<WriteError> for Problem {
    fn from(error: WriteError) -> Self {
        match error {
            WriteError::Refused(_) => {
                Self::new(Code::Conflict, "Another request changed the same thing. Read it again and retry.")
            }
            WriteError::Store(error) => error.into(),
        }
    }
}

impl From<MoneyError> for Problem {
    fn from(error: MoneyError) -> Self {
        Self::new(Code::InvalidRequest, format!("The amounts can't be reckoned: {error}."))
    }
}
