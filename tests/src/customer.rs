//! Somebody who is logged in, as the functions behind the gateway see it.

use serde_json::{Value, json, value::RawValue};
use souk::{
    id::CustomerId,
    principal::{Principal, Scope, Who},
    tenant::Mode,
};

use crate::{Answer, TestMarket};

/// A customer whom the authorizer has verified.
pub struct Customer<'m> {
    market: &'m TestMarket,
    /// Who it is.
    pub id: CustomerId,
}

impl TestMarket {
    /// The store's customer with these bits for an id.
    pub fn customer(&self, bits: u128) -> Customer<'_> {
        Customer { market: self, id: CustomerId::from_bits(bits) }
    }
}

impl Customer<'_> {
    /// Calls `route`, such as `GET /v1/orders/{id}`, with this id in its path.
    pub async fn call(&self, route: &str, id: &str, body: Value) -> Answer {
        let scopes = Scope::PUBLISHABLE.into_iter().chain([Scope::AccountOwn]);
        let store = self.market.store.parse().unwrap();
        let principal = Principal::new(store, Mode::Test, Who::Customer(self.id), None, scopes);
        self.market.call_as(&principal, route, id, body).await
    }
}

impl TestMarket {
    /// Calls `route`, such as `GET /v1/orders/{id}`, with this id in its path, past the gateway: as `principal`, whom the
    /// authorizer has verified.
    pub async fn call_as(&self, principal: &Principal, route: &str, id: &str, body: Value) -> Answer {
        let (method, path) = route.split_once(' ').unwrap();
        let path = path.replace("{id}", id);
        let body = if body.is_null() { Value::Null } else { body.to_string().into() };
        let key = format!("test-{:032x}", rand::random::<u128>());
        let event = json!({
            "version": "2.0", "routeKey": route, "rawPath": path, "rawQueryString": "",
            "headers": {"content-type": "application/json", "host": "localhost", "idempotency-key": key},
            "requestContext": {
                "accountId": "000000000000", "apiId": "localmarket", "domainName": "localhost",
                "domainPrefix": "localhost", "requestId": "req", "routeKey": route, "stage": "$default",
                "time": "01/Mar/2026:09:00:00 +0000", "timeEpoch": 1_772_355_600_000_i64,
                "authorizer": {"lambda": principal.to_context()},
                "http": {"method": method, "path": path, "protocol": "HTTP/1.1", "sourceIp": "127.0.0.1", "userAgent": "test"},
            },
            "pathParameters": {"id": id}, "body": body, "isBase64Encoded": false,
        });
        let api = self.market.stack().api.as_ref().unwrap();
        let function = &api.routes.iter().find(|known| known.key == route).unwrap().function;
        let event = RawValue::from_string(event.to_string()).unwrap();
        let answer = self.market.invoke(function, event).await.unwrap();
        let answer: Value = serde_json::from_str(answer.get()).unwrap();
        let headers = answer["headers"].as_object().into_iter().flatten();
        let headers = headers.map(|(name, value)| {
            (name.parse::<http::HeaderName>().unwrap(), value.as_str().unwrap().parse().unwrap())
        });
        let text = answer["body"].as_str().unwrap_or_default().to_owned();
        Answer {
            status: u16::try_from(answer["statusCode"].as_u64().unwrap()).unwrap().try_into().unwrap(),
            headers: headers.collect(),
            json: serde_json::from_str(&text).unwrap_or(Value::Null),
            text,
        }
    }
}
