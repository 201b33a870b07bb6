//! The store that the sample events talk about: a catalog, carts at every stage, orders at every stage.
//!
//! It is played by the functions themselves, in process. Ids that the samples name are the same in every run,
//! since they follow from a fixed time and from fixed "randomness". That time is far ahead, so that no cart or
//! reservation has expired whenever this runs.

use std::collections::BTreeMap;

use lambda_runtime::Context;
use serde_json::{Value, json, value::RawValue};
use souk::{
    event::Cause,
    id::StoreId,
    identity,
    order::{advance, project},
    runtime::{App, Clock, Entropy, Function, Invocation, MetricSink, Settings, Transport},
    tenant::{Mode, Tenant},
};
use souk_local::seed::{PUBLISHABLE_KEY, SECRET_KEY, STORE};

/// 2100-01-01T00:00:00Z.
const TIME: i64 = 4_102_444_800;

/// Plays the market up to the moment at which the samples happen.
pub struct Scene {
    functions: Vec<Function>,
    environments: BTreeMap<String, BTreeMap<String, String>>,
    transport: Transport,
}

impl Scene {
    /// On the services that `transport` reaches, with each function's environment.
    pub fn new(environments: BTreeMap<String, BTreeMap<String, String>>, transport: Transport) -> Self {
        Self { functions: souk_local::functions(), environments, transport }
    }

    /// Plays all of it. Answers what the samples may name.
    ///
    /// # Errors
    /// The step that failed, and why.
    pub async fn play(&self) -> Result<Vec<(&'static str, String)>, String> {
        self.open_store().await?;
        let mut named = vec![
            ("store", STORE.to_owned()),
            ("product/coffee", self.stock_up().await?),
            ("promotion/welcome", self.promote().await?),
            ("cart/shopping", self.cart("cart/shopping", 1, false).await?),
            ("cart/ready", self.cart("cart/ready", 2, true).await?),
            ("order/pending", self.order("cart/pending", json!({})).await?),
        ];
        for (name, cart, how) in [
            ("order/confirmed", "cart/confirmed", json!({})),
            ("order/held", "cart/held", json!({ "capture_method": "manual" })),
            ("order/regretted", "cart/regretted", json!({ "capture_method": "manual" })),
            ("order/risky", "cart/risky", json!({ "payment_method": "pm_card_riskLevelElevated" })),
            ("order/riskier", "cart/riskier", json!({ "payment_method": "pm_card_riskLevelElevated" })),
        ] {
            let order = self.order(cart, how).await?;
            self.advance(&order).await?;
            named.push((name, order));
        }
        Ok(named)
    }

    async fn open_store(&self) -> Result<(), String> {
        let store = serde_json::from_value(json!({
            "name": "Karawane Coffee",
            "currency": "EUR",
            "locations": [{ "id": "berlin", "name": "Berlin" }, { "id": "rotterdam", "name": "Rotterdam" }],
        }));
        let app = self.app("provision-store", None);
        let keys = Some((PUBLISHABLE_KEY, SECRET_KEY));
        let id: StoreId = STORE.parse().map_err(text)?;
        identity::provision(&app, store.map_err(text)?, Some(id), keys).await.map(drop).map_err(text)
    }

    async fn stock_up(&self) -> Result<String, String> {
        let coffee = json!({
            "name": "Yirgacheffe", "description": "Washed, floral.", "tags": ["coffee"],
            "variants": [{ "sku": "COF-YRG-250", "options": { "size": "250 g" }, "prices": [{ "amount": 1690, "currency": "EUR" }] }],
        });
        let coffee = self.call("products", "POST /v1/products", &[], &coffee, Some("product/coffee")).await?;
        let delivery = json!({ "location": "berlin", "change": 40, "reason": "received" });
        self.call("stock", "POST /v1/stock/{sku}/movements", &[("sku", "COF-YRG-250")], &delivery, None)
            .await?;
        Ok(coffee["id"].as_str().unwrap_or_default().to_owned())
    }

    /// Something off the first order of whoever has a code, which are made later.
    async fn promote(&self) -> Result<String, String> {
        let welcome = json!({
            "name": "Welcome", "trigger": { "type": "single_use_codes" }, "rules": { "first_order": true },
            "actions": [{ "type": "percent_off", "percent": "10" }],
        });
        let name = "promotion/welcome";
        let welcome = self.call("promotions", "POST /v1/promotions", &[], &welcome, Some(name)).await?;
        Ok(welcome["id"].as_str().unwrap_or_default().to_owned())
    }

    /// A cart with some coffee in it, and if it is to be `ready`, with an address.
    async fn cart(&self, name: &str, quantity: u32, ready: bool) -> Result<String, String> {
        let cart =
            self.call("carts", "POST /v1/carts", &[], &json!({ "currency": "EUR" }), Some(name)).await?;
        let id = cart["id"].as_str().unwrap_or_default().to_owned();
        let line = json!({ "sku": "COF-YRG-250", "quantity": quantity });
        self.call("carts", "POST /v1/carts/{id}/lines", &[("id", &id)], &line, None).await?;
        if ready {
            let contact = json!({
                "email": "layla@example.com",
                "shipping_address": { "name": "Layla Haddad", "line1": "Oranienstraße 12", "city": "Berlin",
                                      "postal_code": "10999", "country": "DE" },
            });
            self.call("carts", "PATCH /v1/carts/{id}", &[("id", &id)], &contact, None).await?;
        }
        Ok(id)
    }

    /// A cart that is checked out: the order's id, which follows from the cart's.
    async fn order(&self, name: &str, how: Value) -> Result<String, String> {
        let cart = self.cart(name, 2, true).await?;
        let mut checkout = json!({ "payment_method": "pm_card_visa" });
        if let (Some(checkout), Value::Object(how)) = (checkout.as_object_mut(), how) {
            checkout.extend(how);
        }
        let order =
            self.call("checkout", "POST /v1/carts/{id}/checkout", &[("id", &cart)], &checkout, None).await?;
        Ok(order["id"].as_str().unwrap_or_default().to_owned())
    }

    /// Carries an order as far as it gets, and into the lists.
    async fn advance(&self, order: &str) -> Result<(), String> {
        let tenant = Tenant::of_own_record(STORE.parse().map_err(text)?, Mode::Test);
        let order = order.parse().map_err(text)?;
        let cause = Cause::of_request("scene");
        advance(&self.app("advance-orders", None), tenant, order, &cause, None).await.map_err(text)?;
        project(&self.app("project-orders", None), tenant, order).await.map_err(text)
    }

    /// One call of the API, as the gateway would hand it over. `named` makes the ids that it gives foreseeable.
    async fn call(
        &self,
        function: &str,
        route: &str,
        parameters: &[(&str, &str)],
        body: &Value,
        named: Option<&str>,
    ) -> Result<Value, String> {
        let (method, path) = route.split_once(' ').unwrap_or_default();
        let path = parameters
            .iter()
            .fold(path.to_owned(), |path, (name, value)| path.replace(&format!("{{{name}}}"), value));
        let scopes = "catalog:read catalog:write promotions:write carts:write checkout:write orders:read orders:write stock:read stock:write";
        let event = json!({
            "version": "2.0", "routeKey": route, "rawPath": path, "rawQueryString": "",
            "headers": { "content-type": "application/json", "idempotency-key": format!("{function}{path}{}", named.unwrap_or_default()) },
            "requestContext": {
                "accountId": "000000000000", "apiId": "scene", "domainName": "localhost", "domainPrefix": "localhost",
                "authorizer": { "lambda": { "store": STORE, "mode": "test", "who": "key_01m6dsg7e0fcrr59pbb1kpbm0z", "scopes": scopes } },
                "http": { "method": method, "path": path, "protocol": "HTTP/1.1", "sourceIp": "203.0.113.24", "userAgent": "scene" },
                "requestId": "scene", "routeKey": route, "stage": "$default",
                "time": "01/Jan/2100:00:00:00 +0000", "timeEpoch": TIME * 1000,
            },
            "pathParameters": parameters.iter().copied().collect::<BTreeMap<_, _>>(),
            "body": body.to_string(), "isBase64Encoded": false,
        });
        let event = RawValue::from_string(event.to_string()).map_err(text)?;
        let code = self.functions.iter().find(|code| code.name() == function).ok_or("no such function")?;
        let answer =
            code.invoke(self.app(function, named), Invocation { event, context: Context::default() }).await;
        let answer: Value = serde_json::from_str(answer.map_err(text)?.get()).map_err(text)?;
        if answer["statusCode"].as_u64().is_none_or(|status| status >= 300) {
            return Err(format!("{route}: {answer}"));
        }
        serde_json::from_str(answer["body"].as_str().unwrap_or_default()).map_err(text)
    }

    fn app(&self, function: &str, named: Option<&str>) -> App {
        let environment = self.environments.get(function).cloned().unwrap_or_default();
        let time = jiff::Timestamp::from_second(TIME).unwrap_or_default();
        let entropy = match named.map(str::to_owned) {
            Some(name) => Entropy::from_fn(move |bytes| {
                bytes.iter_mut().zip(name.bytes().cycle()).for_each(|(byte, letter)| *byte = letter);
            }),
            None => Entropy::system(),
        };
        // What the scene would measure is of no interest.
        let metrics = MetricSink::from_fn(|_| {});
        App::with_metrics(
            environment.into_iter().collect::<Settings>(),
            self.transport.clone(),
            Clock::from_fn(move || time),
            entropy,
            metrics,
        )
    }
}

fn text(error: impl std::fmt::Display) -> String {
    error.to_string()
}
