//! Logging in on the pages.

use super::{
    html::{self, Page},
    request::Request,
    seal::Seal,
};
use crate::{
    http::{Nothing, Problem, Reply},
    identity::StoreProfile,
    oauth::fields::Fields,
    runtime::App,
    staff::LogIn,
};

/// The page's name, in the code of its form.
pub(super) const PAGE: &str = "log in";

/// What was typed, as far as it can be tried.
pub(super) fn attempt(fields: &Fields) -> Option<LogIn> {
    Some(LogIn {
        email: fields.get("email")?.trim().parse().ok()?,
        password: fields.get("password")?.to_owned().try_into().ok()?,
        // Nothing typed is no code.
        code: fields
            .get("code")
            .map(|code| code.split_whitespace().collect())
            .filter(|code: &String| !code.is_empty()),
        device: None,
    })
}

/// The page, with what was wrong with the attempt before.
pub(super) async fn page(
    app: &App,
    seal: &Seal,
    request: &Request,
    wrong: Option<&str>,
) -> Result<Reply<Nothing>, Problem> {
    let store = StoreProfile::of(app, request.client.tenant()).await?.name;
    let (store, client) = (html::text(store.as_str()), html::text(request.client.name.as_str()));
    let wrong = wrong.map(|wrong| format!("<p role=\"alert\">{}</p>", html::text(wrong))).unwrap_or_default();
    let form_code = seal.form_code(PAGE, &request.text);
    let hidden = html::hidden(&[("page", PAGE), ("request", &request.text), ("form_code", &form_code)]);
    let body = format!(
        "<h1>Log in to {store}</h1>\n<p><b>{client}</b> asks for access to the store.</p>\n{wrong}\n\
         <form method=\"post\" action=\"/oauth/authorize\">\n{hidden}\
         <label>Email <input type=\"email\" name=\"email\" autocomplete=\"username\" required autofocus></label>\n\
         <label>Password <input type=\"password\" name=\"password\" autocomplete=\"current-password\" required></label>\n\
         <label>Code of your authenticator, if you use one <input name=\"code\" inputmode=\"numeric\" \
         autocomplete=\"one-time-code\" maxlength=\"20\"></label>\n\
         <button name=\"answer\" value=\"log_in\">Log in</button>\n</form>"
    );
    Ok(Page { title: format!("Log in to {store}"), body, onward: None }
        .reply()
        .header("set-cookie", seal.set_cookie()))
}
