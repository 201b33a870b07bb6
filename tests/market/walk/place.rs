//! A store in one mode, with one of everything that a path can name, and more where a request uses it up.

use std::collections::BTreeMap;

use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};
use serde_json::{Value, json};
use souk::{
    id::{ClientId, PriceListId, SessionId, ShippingMethodId, ShippingZoneId},
    price_list::PriceList,
    principal::{Scope, Who},
    session::{self, NewSession},
    shipping::Zone,
    store,
    tenant::Tenant,
};
use souk_tests::{Answer, Api, Member, PASSWORD, mailed_token};

use super::{requests::Kind, world::World};
use crate::issuers;

/// Of which the store has enough for a walk.
const PLENTY: i64 = 1_000_000;

/// A store in one mode.
pub struct Place {
    pub number: usize,
    pub name: String,
    pub store: String,
    pub mode: String,
    pub pk: String,
    pub sk: String,
    /// What the first customer logs in with.
    pub email: String,
    /// The claims of its customers' tokens.
    pub customers: Vec<Value>,
    /// A role that lets its members see products, which everybody may give who sees them.
    pub lookers: String,
    /// How its carts are sent.
    parcel: String,
    /// One of each kind, by whose it is where it is a customer's.
    known: BTreeMap<(Kind, Option<usize>), String>,
}

fn claims_of(answer: &Answer) -> Value {
    let payload = answer.text_at("/access_token").split('.').nth(1).unwrap();
    serde_json::from_slice(&BASE64_URL_SAFE_NO_PAD.decode(payload).unwrap()).unwrap()
}

impl Place {
    /// What an operator says of a new store.
    pub fn new_store(name: &str) -> Value {
        json!({
            "name": name, "currency": "EUR", "review_above": {"amount": 500_000, "currency": "EUR"},
            "locations": [{"id": "berlin", "name": "Berlin"}, {"id": "hamburg", "name": "Hamburg"}],
        })
    }

    /// The store, stocked and staffed.
    pub async fn open(
        world: &World,
        number: usize,
        name: &str,
        (store, mode): (&str, &str),
        (pk, sk): (&str, &str),
    ) -> Self {
        let text = str::to_owned;
        let mut place = Self {
            number,
            name: text(name),
            store: text(store),
            mode: text(mode),
            pk: text(pk),
            sk: text(sk),
            email: format!("shopper-{number}-0@example.com"),
            customers: Vec::new(),
            lookers: String::new(),
            parcel: String::new(),
            known: BTreeMap::new(),
        };
        // Whatever zones callers add: there is always a way.
        let free = json!([{"currency": "EUR", "tiers": [{"price": {"amount": 0, "currency": "EUR"}}]}]);
        let zone = json!({"name": "Everywhere", "methods": [{"name": "Parcel", "rates": free}]});
        let zone = place.keeper(world).post("/v1/shipping/zones", zone).await.expect(201);
        place.parcel = text(zone.text_at("/methods/0/id"));
        for (sku, price) in [(place.sku(), 1250), (place.dear(), 600_000)] {
            let id = place.product(world, &sku, price).await;
            place.known.insert((Kind::Product, None), id);
            let movement = json!({"location": "berlin", "change": PLENTY, "reason": "received"});
            place.keeper(world).post(&format!("/v1/stock/{sku}/movements"), movement).await.expect(201);
        }
        for customer in 0..2 {
            let email = format!("shopper-{number}-{customer}@example.com");
            let new = json!({"email": email, "password": PASSWORD, "name": "Ada Lovelace"});
            place.storefront(world).post("/v1/customers", new).await.expect(201);
            let log_in = json!({"email": email, "password": PASSWORD});
            let tokens = place.storefront(world).post("/v1/sessions", log_in).await.expect(201);
            place.customers.push(claims_of(&tokens));
        }
        place.lookers = place.role(world, &["catalog:read"]).await;
        if number == 0 {
            for provider in [issuers::customers(), issuers::staff()] {
                place.keeper(world).post("/v1/identity-providers", provider).await.expect(201);
            }
        }
        for kind in Kind::ALL {
            let whose = if kind.is_customers() { &[None, Some(0), Some(1)][..] } else { &[None] };
            for whose in whose {
                if let Some(id) = place.fresh(world, kind, *whose, None).await {
                    place.known.insert((kind, *whose), id);
                }
            }
        }
        place
    }

    /// The one of its kind that is not used up.
    pub fn known(&self, kind: Kind, whose: Option<usize>) -> Option<&str> {
        self.known.get(&(kind, whose)).map(String::as_str)
    }

    /// What tells an answer about it from one about another place.
    pub fn marks(&self) -> Vec<String> {
        let customers = self.customers.iter().map(|claims| claims["sub"].as_str().unwrap().to_owned());
        let ids = self.known.iter().filter(|((kind, _), _)| !kind.is_everybodys()).map(|(_, id)| id.clone());
        customers.chain(ids).chain([self.dear(), format!("shopper-{}-", self.number)]).collect()
    }

    /// What it sells.
    pub fn sku(&self) -> String {
        format!("MUG-{}", self.number)
    }

    /// What it sells and sends after a second look only.
    pub fn dear(&self) -> String {
        format!("GOLD-{}", self.number)
    }

    /// Whoever holds the secret key.
    pub fn keeper(&self, world: &World) -> Api {
        Api::of_market(&world.market.market, &self.sk)
    }

    fn storefront(&self, world: &World) -> Api {
        Api::of_market(&world.market.market, &self.pk)
    }

    fn tenant(&self) -> Tenant {
        Tenant::of_own_record(self.store.parse().unwrap(), self.mode.parse().unwrap())
    }

    async fn made(&self, world: &World, path: &str, body: Value) -> String {
        self.keeper(world).post(path, body).await.expect(201).text_at("/id").to_owned()
    }

    async fn product(&self, world: &World, sku: &str, price: i64) -> String {
        let price = json!({"amount": price, "currency": "EUR"});
        let product = json!({"name": sku, "variants": [{"sku": sku, "price": price}]});
        self.made(world, "/v1/products", product).await
    }

    /// A role of its own.
    pub async fn role(&self, world: &World, scopes: &[&str]) -> String {
        self.made(world, "/v1/roles", json!({"name": "A role", "scopes": scopes})).await
    }

    /// An integration of its own.
    pub async fn client(&self, world: &World, scopes: &[&str]) -> String {
        let client = json!({
            "name": "Ledgerly", "type": "confidential", "scopes": scopes,
            "redirect_uris": ["https://app.example.com/callback"],
            "grant_types": ["authorization_code", "refresh_token", "client_credentials"],
        });
        self.made(world, "/v1/oauth-clients", client).await
    }

    /// The claims of an integration that acts for itself.
    pub async fn of_client(&self, _: &World, client: &str) -> Value {
        let mut claims = self.customers[0].clone();
        claims.as_object_mut().unwrap().remove("sid");
        (claims["sub"], claims["client_id"]) = (client.into(), client.into());
        claims["scope"] = Scope::ALL.iter().map(|scope| scope.as_str()).collect::<Vec<_>>().join(" ").into();
        claims
    }

    /// Somebody who joins the staff and logs in: the claims of their token.
    pub async fn join(&self, world: &World, role: &str) -> Value {
        let member = self.member(world, role).await;
        claims_of(&member.try_log_in(PASSWORD, None).await.expect(201))
    }

    async fn member(&self, world: &World, role: &str) -> Member {
        let email = format!("staff-{}@example.com", world.next());
        let invitation = json!({"email": email, "role": role});
        self.keeper(world).post("/v1/staff/invitations", invitation).await.expect(201);
        let token = mailed_token(&world.market, &email).await;
        Member::accepted(&world.market, &self.storefront(world), &email, &token).await
    }

    async fn begin(&self, world: &World, claims: &Value, client: Option<ClientId>) -> SessionId {
        let app = world.market.app();
        let who: Who = claims["sub"].as_str().unwrap().parse().unwrap();
        let new = NewSession { who, client, scopes: None, device: None };
        let (session, _, writes) = session::begin(&app, self.tenant(), new).unwrap();
        store::commit(&app, writes).await.unwrap();
        session.id
    }

    /// The claims of another log-in of the same person.
    pub async fn another_session(&self, world: &World, claims: &Value) -> Value {
        let mut claims = claims.clone();
        claims["sid"] = self.begin(world, &claims, None).await.to_string().into();
        claims
    }

    /// The claims of what somebody grants an integration.
    pub async fn grant(&self, world: &World, claims: &Value, client: &str, scopes: &[&str]) -> Value {
        let mut claims = claims.clone();
        let session = self.begin(world, &claims, Some(client.parse().unwrap())).await;
        (claims["sid"], claims["client_id"]) = (session.to_string().into(), client.into());
        claims["scope"] = scopes.join(" ").into();
        claims
    }

    /// Ends a log-in.
    pub async fn end(&self, world: &World, claims: &Value) {
        let (who, id) = (claims["sub"].as_str().unwrap(), claims["sid"].as_str().unwrap());
        let app = world.market.app();
        session::end(&app, self.tenant(), who.parse().unwrap(), id.parse().unwrap()).await.unwrap();
    }

    /// Something of a kind that nobody has touched yet: of nobody in particular, or of one of the customers. `caller` are
    /// the claims of whoever is to use it, where it has to be theirs. Nothing where the place can have none.
    pub async fn fresh(
        &self,
        world: &World,
        kind: Kind,
        whose: Option<usize>,
        caller: Option<&Value>,
    ) -> Option<String> {
        let number = world.next();
        Some(match kind {
            Kind::Product => self.product(world, &format!("SKU-{number}"), 100).await,
            Kind::Sku => self.sku(),
            Kind::Promotion => {
                let promotion = json!({
                    "name": format!("Sale {number}"), "trigger": {"type": "single_use_codes"},
                    "actions": [{"type": "percent_off", "percent": "10"}],
                });
                self.made(world, "/v1/promotions", promotion).await
            }
            Kind::Cart => self.cart(world, &self.sku(), whose).await,
            Kind::Draft => self.draft(world).await,
            Kind::Order | Kind::HeldOrder | Kind::ReviewedOrder | Kind::SentOrder => {
                return self.order(world, kind, whose).await;
            }
            Kind::Return => kind.nothing().to_owned(),
            Kind::Customer => self.customers[0]["sub"].as_str().unwrap().to_owned(),
            Kind::Session => {
                let claims = caller.unwrap_or(&self.customers[whose.unwrap_or(0)]);
                self.begin(world, claims, None).await.to_string()
            }
            Kind::ApiKey => {
                let key = json!({"name": "A key", "scopes": ["catalog:read"]});
                self.made(world, "/v1/api-keys", key).await
            }
            Kind::Member => self.member(world, &self.lookers).await.id,
            Kind::Role => self.role(world, &["catalog:read"]).await,
            Kind::Invitation => {
                let email = format!("invited-{number}@example.com");
                let invitation = json!({"email": email, "role": self.lookers});
                self.made(world, "/v1/staff/invitations", invitation).await
            }
            Kind::Client => self.client(world, &["catalog:read"]).await,
            Kind::Provider => {
                let mut provider = issuers::customers();
                provider["audiences"] = json!([format!("audience-{number}")]);
                self.made(world, "/v1/identity-providers", provider).await
            }
            Kind::Export => {
                let export = json!({"customer": self.email});
                let made = self.keeper(world).post("/v1/privacy/exports", export).await.expect(202);
                made.text_at("/id").to_owned()
            }
            Kind::Erasure => {
                let email = format!("leaving-{number}@example.com");
                let leaving = json!({"email": email, "password": PASSWORD, "name": "Gone"});
                self.storefront(world).post("/v1/customers", leaving).await.expect(201);
                let erasure = json!({"customer": email});
                let made = self.keeper(world).post("/v1/privacy/erasures", erasure).await.expect(202);
                made.text_at("/id").to_owned()
            }
            Kind::PriceList => self.price_list(world).await,
            Kind::Zone => self.zone(world).await,
            Kind::TaxRate => {
                let rate = json!({"name": "VAT", "place": {"country": "DE"}, "rate": "19"});
                self.made(world, "/v1/tax-rates", rate).await
            }
            Kind::Asset => "souk.svg".to_owned(),
            Kind::PaymentProvider => "sandbox".to_owned(),
            Kind::PaymentMethod => "pm_saved1".to_owned(),
            Kind::Store => self.store.clone(),
            Kind::Account => "sales".to_owned(),
            Kind::GiftCard => {
                let card = json!({"amount": {"amount": 5000, "currency": "EUR"}});
                self.made(world, "/v1/gift-cards", card).await
            }
        })
    }

    /// Beside the count: a store has some of these only, and a walk uses up many.
    async fn price_list(&self, world: &World) -> String {
        let app = world.market.app();
        let new = serde_json::from_value(json!({"name": "A list", "currency": "EUR"})).unwrap();
        let list = PriceList::new(PriceListId::new(&app), new, app.now()).unwrap();
        let key = store::keys::price_list(self.tenant(), list.id);
        let write = store::Write::create("price_list", key, &list).unwrap();
        store::commit(&app, vec![write]).await.unwrap();
        list.id.to_string()
    }

    /// As [`Place::price_list`].
    async fn zone(&self, world: &World) -> String {
        let app = world.market.app();
        let new = serde_json::from_value(json!({"name": "A zone"})).unwrap();
        let next = || ShippingMethodId::new(&app);
        let zone = Zone::new(ShippingZoneId::new(&app), new, &[], next, app.now()).unwrap();
        let key = store::keys::shipping_zone(self.tenant(), zone.id);
        let write = store::Write::create("shipping_zone", key, &zone).unwrap();
        store::commit(&app, vec![write]).await.unwrap();
        zone.id.to_string()
    }

    fn caller(&self, world: &World, whose: Option<usize>) -> Api {
        let Some(number) = whose else { return self.storefront(world) };
        let now = world.market.clock().now().as_second();
        let mut claims = self.customers[number].clone();
        (claims["iat"], claims["exp"]) = (now.into(), (now + 600).into());
        let token = crate::forge::token(&world.header, &claims, &world.own_key);
        self.storefront(world).with_key(Some(&token))
    }

    async fn cart(&self, world: &World, sku: &str, whose: Option<usize>) -> String {
        let api = self.caller(world, whose);
        let cart = api.post("/v1/carts", json!({})).await.expect(201).text_at("/id").to_owned();
        let path = format!("/v1/carts/{cart}");
        api.post(&format!("{path}/lines"), json!({"sku": sku, "quantity": 1})).await.expect(200);
        let contact = json!({
            "email": format!("guest-{}@example.com", self.number), "shipping_method": self.parcel,
            "shipping_address": {
                "name": "Ada Lovelace", "line1": "12 Row", "city": "Berlin", "postal_code": "10115", "country": "DE",
            },
        });
        api.patch(&path, contact).await.expect(200);
        cart
    }

    async fn draft(&self, world: &World) -> String {
        let draft = json!({
            "email": format!("guest-{}@example.com", self.number), "shipping_method": self.parcel,
            "shipping_address": {"line1": "12 Row", "city": "Berlin", "postal_code": "10115", "country": "DE"},
            "lines": [{"sku": self.sku(), "quantity": 1}],
        });
        self.made(world, "/v1/drafts", draft).await
    }

    /// The sandbox that takes the money exists in test mode only.
    async fn order(&self, world: &World, kind: Kind, whose: Option<usize>) -> Option<String> {
        if self.mode == "live" {
            return None;
        }
        let sku = if kind == Kind::ReviewedOrder { self.dear() } else { self.sku() };
        let cart = self.cart(world, &sku, whose).await;
        let capture = if kind == Kind::HeldOrder { "manual" } else { "automatic" };
        let checkout = json!({"payment_method": "pm_card_visa", "capture_method": capture});
        let path = format!("/v1/carts/{cart}/checkout");
        let placed = self.caller(world, whose).post(&path, checkout).await.expect(202);
        world.market.market.settled().await;
        if kind == Kind::SentOrder {
            let path = format!("/v1/orders/{}/fulfillments", placed.text_at("/id"));
            self.keeper(world).post(&path, json!({})).await.expect(201);
        }
        Some(placed.text_at("/id").to_owned())
    }
}
