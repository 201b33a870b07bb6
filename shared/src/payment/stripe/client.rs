//! Calls to Stripe's API. <https://docs.stripe.com/api>

use std::{fmt::Write as _, time::Duration};

use http::{Method, Request, StatusCode};
use serde::de::DeserializeOwned;

use super::{
    secrets::Secrets,
    shapes::{Fault, FaultBody},
};
use crate::{
    payment::ProviderError,
    runtime::{App, web},
};

/// The shape of requests and answers that this code was written for. Stripe keeps to it for ever.
const VERSION: &str = "2024-06-20";

/// Where Stripe is. Only who deploys Souk can say otherwise.
const BASE_URL: &str = "STRIPE_BASE_URL";

/// How long one call may take. Banks take seconds to authorize.
const PATIENCE: Duration = Duration::from_secs(8);

/// How the error begins where Stripe does not take the key.
const REFUSED_KEY: &str = "Stripe answered 401";

/// Parameters, in the order in which they are sent.
pub(super) type Form = Vec<(String, String)>;

/// Stripe's answer, where it answered.
#[derive(Debug)]
pub(super) enum Answer<T> {
    Done(T),
    /// Stripe did not do what it was asked, and says why.
    Refused(StatusCode, Box<Fault>),
}

/// Encodes as browsers do with forms.
/// <https://url.spec.whatwg.org/#application/x-www-form-urlencoded>
fn encode(form: &Form) -> String {
    url::form_urlencoded::Serializer::new(String::new()).extend_pairs(form).finish()
}

/// Asks Stripe. `idempotency` makes a POST happen once, however often it is sent within a day.
///
/// # Errors
/// [`ProviderError::Unknown`] where it may have been done, [`ProviderError::Unavailable`] where it was not.
pub(super) async fn call<T: DeserializeOwned>(
    app: &App,
    secrets: &Secrets,
    method: Method,
    path: &str,
    form: &Form,
    idempotency: Option<&str>,
) -> Result<Answer<T>, ProviderError> {
    let unavailable = |reason: &str| ProviderError::Unavailable(reason.to_owned());
    let base = app.settings().require(BASE_URL).map_err(|error| unavailable(&error.to_string()))?;
    let mut url = format!("{}{path}", base.trim_end_matches('/'));
    let mut request = Request::builder()
        .method(method.clone())
        .header("authorization", format!("Bearer {}", secrets.secret_key))
        .header("stripe-version", VERSION);
    let mut body = Vec::new();
    if method == Method::GET {
        if !form.is_empty() {
            let _ = write!(url, "?{}", encode(form));
        }
    } else {
        body = encode(form).into_bytes();
        request = request.header("content-type", "application/x-www-form-urlencoded");
    }
    if let Some(key) = idempotency {
        request = request.header("idempotency-key", key);
    }
    // A key that can't be a header's value would be quoted by the reason.
    let request = request.body(body).map_err(|_| unavailable("the request can't be made"))?;
    let answer =
        web::send_within(app.outside(), &url, request, PATIENCE).await.map_err(|error| match error {
            web::WebError::Url(_) | web::WebError::NotPublic => ProviderError::Unavailable(error.to_string()),
            _ => ProviderError::Unknown(error.to_string()),
        })?;
    of_answer(answer.status(), answer.body())
}

/// What an answer means. Of what Stripe says, only codes go into errors.
fn of_answer<T: DeserializeOwned>(status: StatusCode, body: &[u8]) -> Result<Answer<T>, ProviderError> {
    if status.is_success() {
        let done = serde_json::from_slice(body);
        return done.map(Answer::Done).map_err(|error| {
            ProviderError::Unknown(format!("Stripe's answer can't be read: {:?} error", error.classify()))
        });
    }
    let fault = serde_json::from_slice::<FaultBody>(body).unwrap_or_default().error;
    let code = fault.code.clone().or_else(|| fault.kind.clone()).unwrap_or_default();
    let told = format!("Stripe answered {}: {code}", status.as_u16());
    match status.as_u16() {
        400 | 402 | 404 => Ok(Answer::Refused(status, Box::new(fault))),
        // The key is wrong or may not do this, or Stripe has too much to do: nothing was done.
        401 | 403 | 429 => Err(ProviderError::Unavailable(told)),
        // 409: the same is being done right now. 5xx: Stripe itself does not know.
        _ => Err(ProviderError::Unknown(told)),
    }
}

/// Whether Stripe did not take the key.
pub(super) fn refuses_the_key(error: &ProviderError) -> bool {
    matches!(error, ProviderError::Unavailable(told) if told.starts_with(REFUSED_KEY))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::payment::stripe::shapes::Named;

    fn answer(status: u16, body: &str) -> Result<Answer<Named>, ProviderError> {
        of_answer(StatusCode::from_u16(status).unwrap(), body.as_bytes())
    }

    #[test]
    fn forms_are_encoded_as_browsers_do() {
        let form = vec![
            ("metadata[souk_order]".to_owned(), "ord_1".to_owned()),
            ("expand[]".to_owned(), "a b&c".to_owned()),
        ];
        assert_eq!(encode(&form), "metadata%5Bsouk_order%5D=ord_1&expand%5B%5D=a+b%26c");
    }

    #[test]
    fn an_answer_says_whether_something_was_done() {
        assert!(matches!(answer(200, r#"{"id":"pi_1","new_field":[1]}"#), Ok(Answer::Done(_))));
        assert!(matches!(answer(200, "<html>"), Err(ProviderError::Unknown(_))));
        let declined = r#"{"error":{"type":"card_error","code":"card_declined"}}"#;
        assert!(matches!(answer(402, declined), Ok(Answer::Refused(_, fault)) if fault.code.is_some()));
        assert!(matches!(answer(400, "{}"), Ok(Answer::Refused(..))));
        for nothing_done in [401, 403, 429] {
            assert!(
                matches!(answer(nothing_done, "{}"), Err(ProviderError::Unavailable(_))),
                "{nothing_done}"
            );
        }
        for unknown in [301, 409, 500, 502, 503, 504] {
            assert!(matches!(answer(unknown, ""), Err(ProviderError::Unknown(_))), "{unknown}");
        }
    }

    #[test]
    fn a_refused_key_is_told_from_other_failures() {
        let refused = |status| answer(status, "{}").is_err_and(|error| refuses_the_key(&error));
        assert!(refused(401) && !refused(403) && !refused(429) && !refused(500));
    }

    #[test]
    fn an_error_quotes_codes_only() {
        let body = r#"{"error":{"type":"invalid_request_error","message":"No such key: sk_test_canary"}}"#;
        assert_eq!(
            answer(401, body).unwrap_err().to_string(),
            "the provider did nothing: Stripe answered 401: invalid_request_error"
        );
    }
}
