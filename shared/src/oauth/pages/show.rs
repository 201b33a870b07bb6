//! The pages, in their order.

use http::StatusCode;

use super::{
    consent,
    html::{self, Page},
    log_in,
    request::{self, Request, Unfit},
    seal::Seal,
};
use crate::{
    http::{Call, Nothing, Problem, Reply},
    oauth::fields::Fields,
    runtime::App,
    staff,
};

/// `GET /oauth/authorize`: the log-in.
///
/// # Errors
/// [`Problem`] where something fails inside. What is wrong with the request is a page, or told to the integration.
pub async fn show<B, Q>(app: &App, call: &Call<B, Q>) -> Result<Reply<Nothing>, Problem> {
    let fields = Fields::of_pairs(call.raw_query.clone());
    let request = match request::read(app, call.issuer(app), &fields).await {
        Ok(request) => request,
        // Nothing was typed yet, so this answers no form: a plain redirect.
        Err(Unfit::Told(address)) => {
            return Ok(Reply::see_other(address).header("referrer-policy", "no-referrer"));
        }
        Err(Unfit::Shown(why)) => return Ok(stop(StatusCode::BAD_REQUEST, why)),
        Err(Unfit::Problem(problem)) => return Err(problem),
    };
    let (seal, _) = Seal::of(app, call).await?;
    log_in::page(app, &seal, &request, None).await
}

/// `POST /oauth/authorize`: the answer to a page.
///
/// # Errors
/// As [`show`].
pub async fn answer<B, Q>(app: &App, call: &Call<B, Q>) -> Result<Reply<Nothing>, Problem> {
    let stale =
        "This page is out of date, or was not sent by you. Go back to the application and begin again.";
    let Ok(Ok(fields)) = Fields::of_form(&call.headers, &call.raw_body).map(Fields::once_each) else {
        return Ok(stop(StatusCode::BAD_REQUEST, "This is no answer to a page."));
    };
    let (seal, is_known) = Seal::of(app, call).await?;
    let (page, text) = (fields.get("page").unwrap_or_default(), fields.get("request").unwrap_or_default());
    if !is_known || is_from_elsewhere(call) || !seal.is_form_code(fields.get("form_code"), page, text) {
        return Ok(stop(StatusCode::FORBIDDEN, stale));
    }
    // Read again: the integration may be gone by now.
    let request = match request::read(app, call.issuer(app), &Fields::of_text(text.as_bytes())).await {
        Ok(request) => request,
        Err(Unfit::Told(_)) => return Ok(stop(StatusCode::BAD_REQUEST, stale)),
        Err(Unfit::Shown(why)) => return Ok(stop(StatusCode::BAD_REQUEST, why)),
        Err(Unfit::Problem(problem)) => return Err(problem),
    };
    match (page, fields.get("answer")) {
        (log_in::PAGE, Some("log_in")) => try_log_in(app, call, &seal, &request, &fields).await,
        (consent::PAGE, Some(answer)) => {
            let Some(who) = seal.proven(fields.get("proof"), app.now(), text) else {
                return Ok(stop(StatusCode::FORBIDDEN, stale));
            };
            match answer {
                "approve" => {
                    let back = consent::approve(app, call, &request, who).await?;
                    Ok(back.unwrap_or_else(|| stop(StatusCode::FORBIDDEN, stale)))
                }
                _ => Ok(consent::deny(&request)),
            }
        }
        _ => Ok(stop(StatusCode::BAD_REQUEST, "This is no answer to a page.")),
    }
}

async fn try_log_in<B, Q>(
    app: &App,
    call: &Call<B, Q>,
    seal: &Seal,
    request: &Request,
    fields: &Fields,
) -> Result<Reply<Nothing>, Problem> {
    let Some(attempt) = log_in::attempt(fields) else {
        let page = log_in::page(app, seal, request, Some("Email and password are needed.")).await?;
        return Ok(page.status(StatusCode::UNPROCESSABLE_ENTITY));
    };
    match staff::log_in(app, call, request.client.tenant(), &attempt).await {
        Ok(logged_in) => consent::page(app, seal, request, &logged_in).await,
        Err(problem) if problem.code().status().is_client_error() => {
            let page = log_in::page(app, seal, request, Some(problem.detail())).await?;
            let page = page.status(problem.code().status());
            Ok(match problem.wait() {
                Some(seconds) => page.header("retry-after", seconds.to_string()),
                None => page,
            })
        }
        Err(problem) => Err(problem),
    }
}

/// Whether the browser says that another site sent the form. Not all of them say: the form's code is what counts.
fn is_from_elsewhere<B, Q>(call: &Call<B, Q>) -> bool {
    let site = call.headers.get("sec-fetch-site").and_then(|site| site.to_str().ok());
    site.is_some_and(|site| site != "same-origin")
}

/// A page on which the way ends.
fn stop(status: StatusCode, why: &str) -> Reply<Nothing> {
    let body = format!("<h1>This can’t go on</h1>\n<p>{}</p>", html::text(why));
    Page { title: "This can’t go on".to_owned(), body, onward: None }.reply().status(status)
}
