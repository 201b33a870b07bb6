//! A request, parsed: what a handler gets.

use std::{collections::HashMap, fmt, str::FromStr, sync::Arc};

use http::HeaderMap;

use super::{Code, Idempotency, Nothing, Problem, issuer};
use crate::{
    audit::{Action, Network},
    event::Cause,
    limit::Address,
    principal::{Principal, Scope},
    runtime::App,
    tenant::Tenant,
};

/// A request of a route whose body is a `B` and whose query is a `Q`.
pub struct Call<B = Nothing, Q = Nothing> {
    /// Names the request, in the answer, in every log line and on every event it causes.
    pub request_id: String,
    /// The headers, names in lower case.
    pub headers: Arc<HeaderMap>,
    /// The cookies, each as `name=value`.
    pub cookies: Vec<String>,
    /// The parsed body.
    pub body: B,
    /// The body as it came, for signatures.
    pub raw_body: Vec<u8>,
    /// The parsed query.
    pub query: Q,
    /// The query as it came, decoded.
    pub raw_query: Vec<(String, String)>,
    pub(super) domain: String,
    /// Where it comes from, as the gateway saw it.
    pub address: Address,
    pub(super) route: &'static str,
    pub(super) path: String,
    pub(super) from: Option<Network>,
    pub(super) audited: Option<Action>,
    pub(super) path_parameters: HashMap<String, String>,
    pub(super) principal: Option<Principal>,
    pub(super) idempotency: Option<Idempotency>,
}

impl Call<(), ()> {
    /// The same call, with its body and query parsed.
    pub(super) fn parsed<B, Q>(self, body: B, query: Q, idempotency: Option<Idempotency>) -> Call<B, Q> {
        Call {
            request_id: self.request_id,
            headers: self.headers,
            address: self.address,
            cookies: self.cookies,
            body,
            raw_body: self.raw_body,
            query,
            raw_query: self.raw_query,
            domain: self.domain,
            route: self.route,
            path: self.path,
            from: self.from,
            audited: self.audited,
            path_parameters: self.path_parameters,
            principal: self.principal,
            idempotency,
        }
    }
}

// Headers hold credentials, and bodies, queries and paths what people say of themselves.
impl<B, Q> fmt::Debug for Call<B, Q> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Call({}, {})", self.route, self.request_id)
    }
}

impl<B, Q> Call<B, Q> {
    /// The cookie `name`.
    pub fn cookie(&self, name: &str) -> Option<&str> {
        self.cookies.iter().find_map(|cookie| cookie.strip_prefix(name)?.strip_prefix('='))
    }

    /// Whose data the request may touch.
    ///
    /// # Errors
    /// 401 on a public route, which has no tenant.
    pub fn tenant(&self) -> Result<Tenant, Problem> {
        self.principal().map(Principal::tenant)
    }

    /// Who is calling.
    ///
    /// # Errors
    /// 401 on a public route, which has no principal.
    pub fn principal(&self) -> Result<&Principal, Problem> {
        let missing = || Problem::new(Code::Unauthenticated, "This needs an API key or an access token.");
        self.principal.as_ref().ok_or_else(missing)
    }

    /// Whether the caller may also do what `scope` says.
    pub fn may(&self, scope: Scope) -> bool {
        self.principal.as_ref().is_some_and(|principal| principal.may(scope))
    }

    /// The path parameter `name`, parsed.
    ///
    /// # Errors
    /// 404 where it does not parse: nothing can be there.
    pub fn path<T: FromStr>(&self, name: &str) -> Result<T, Problem> {
        let text = self.path_parameters.get(name).ok_or_else(Problem::not_found)?;
        super::check_text(text).map_err(|problem| problem.at(name))?;
        text.parse().map_err(|_| Problem::not_found())
    }

    /// This deployment's own address: see [`issuer()`](super::issuer).
    pub fn issuer(&self, app: &App) -> String {
        issuer(app.settings(), &self.domain, |name| self.headers.get(name)?.to_str().ok())
    }

    /// What the request leads to is caused by it.
    pub fn cause(&self) -> Cause {
        Cause::of_request(&self.request_id)
    }

    /// Seconds that the client would rather wait than poll (`Prefer: wait=N`, RFC 7240), at most `most`.
    pub fn wait_seconds(&self, most: u64) -> u64 {
        let preferences = self.headers.get_all("prefer").into_iter().filter_map(|value| value.to_str().ok());
        let waits = preferences.flat_map(|value| value.split(',')).filter_map(|preference| {
            let (name, value) = preference.split_once('=')?;
            name.trim()
                .eq_ignore_ascii_case("wait")
                .then(|| value.trim().trim_matches('"').parse::<u64>().ok())?
        });
        waits.max().unwrap_or(0).min(most)
    }
}
