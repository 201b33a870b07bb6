//! A request for every route that there is, and who is meant to send it. A route that is not here fails the walk.

use serde_json::json;
use souk_tests::PASSWORD;

use super::{
    money,
    place::Place,
    world::{Body, World},
};
use crate::issuers;

/// What a path parameter names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    Product,
    Sku,
    /// One by single-use codes.
    Promotion,
    Cart,
    Draft,
    /// One whose money was taken.
    Order,
    /// One whose money is held.
    HeldOrder,
    /// One that somebody has to look at.
    ReviewedOrder,
    /// One that was sent.
    SentOrder,
    /// A return that there is not: which one is of which order is not the walk's to know.
    Return,
    Customer,
    /// A log-in of whoever calls.
    Session,
    ApiKey,
    Member,
    Role,
    Invitation,
    Client,
    Provider,
    Export,
    Erasure,
    PriceList,
    Zone,
    TaxRate,
    Asset,
    PaymentProvider,
    PaymentMethod,
    Store,
    GiftCard,
    Account,
}

impl Kind {
    pub const ALL: [Self; 29] = [
        Self::Product,
        Self::Sku,
        Self::Promotion,
        Self::Cart,
        Self::Draft,
        Self::Order,
        Self::HeldOrder,
        Self::ReviewedOrder,
        Self::SentOrder,
        Self::Return,
        Self::Customer,
        Self::Session,
        Self::ApiKey,
        Self::Member,
        Self::Role,
        Self::Invitation,
        Self::Client,
        Self::Provider,
        Self::Export,
        Self::Erasure,
        Self::PriceList,
        Self::Zone,
        Self::TaxRate,
        Self::Asset,
        Self::PaymentProvider,
        Self::PaymentMethod,
        Self::Store,
        Self::GiftCard,
        Self::Account,
    ];

    /// Whether one customer's is none of another's business.
    pub fn is_customers(self) -> bool {
        matches!(self, Self::Cart | Self::Order | Self::Session)
    }

    /// Whether it is the same wherever one asks.
    pub fn is_everybodys(self) -> bool {
        matches!(
            self,
            Self::Asset | Self::PaymentProvider | Self::PaymentMethod | Self::Account | Self::Return
        )
    }

    /// An id of its shape that names nothing.
    pub fn nothing(self) -> &'static str {
        match self {
            Self::Product => "prod_00000000000000000000000001",
            Self::Sku => "NO-SUCH-SKU",
            Self::Promotion => "promo_00000000000000000000000001",
            Self::Cart => "cart_00000000000000000000000001",
            Self::Draft => "draft_00000000000000000000000001",
            Self::Order | Self::HeldOrder | Self::ReviewedOrder | Self::SentOrder => {
                "ord_00000000000000000000000001"
            }
            Self::Return => "ret_00000000000000000000000001",
            Self::Customer => "cus_00000000000000000000000001",
            Self::Session => "ses_00000000000000000000000001",
            Self::ApiKey => "key_00000000000000000000000001",
            Self::Member => "stf_00000000000000000000000001",
            Self::Role => "role_00000000000000000000000001",
            Self::Invitation => "inv_00000000000000000000000001",
            Self::Client => "cli_00000000000000000000000001",
            Self::Provider => "idp_00000000000000000000000001",
            Self::Export | Self::Erasure => "prv_00000000000000000000000001",
            Self::PriceList => "plist_00000000000000000000000001",
            Self::Zone => "zone_00000000000000000000000001",
            Self::TaxRate => "rate_00000000000000000000000001",
            Self::Asset => "nothing.js",
            Self::PaymentProvider => "nobody",
            Self::PaymentMethod => "pm_nobodys",
            Self::Store => "store_00000000000000000000000001",
            Self::Account => "wages",
            Self::GiftCard => "gift_00000000000000000000000001",
        }
    }
}

/// Whose account a route is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Of {
    Anybody,
    /// The caller's, who is a customer.
    Customers,
    /// The caller's, who is one of the staff.
    Staff,
}

/// A request for a route.
pub struct Sample {
    /// What it needs; nothing where it is open to everybody.
    pub scope: Option<&'static str>,
    /// What its path names, in order.
    pub ids: Vec<Kind>,
    pub body: fn(&World, &Place) -> Body,
    /// How whoever may is answered.
    pub good: Vec<u16>,
    pub of: Of,
    /// Whether it lets somebody see products, which only who sees them can do.
    pub gives: bool,
    /// Whether it uses up or changes what it names.
    pub uses: bool,
    /// How a store in live mode answers, which takes no payments yet.
    pub live: Option<u16>,
    /// How another issuer's customer is answered, who has no account here.
    pub outsiders: u16,
}

impl Sample {
    pub(super) fn body(mut self, body: fn(&World, &Place) -> Body) -> Self {
        self.body = body;
        self
    }

    pub(super) fn of(mut self, of: Of) -> Self {
        self.of = of;
        self
    }

    fn gives(mut self) -> Self {
        self.gives = true;
        self
    }

    pub(super) fn uses(mut self) -> Self {
        self.uses = true;
        self
    }

    fn outsiders(mut self, status: u16) -> Self {
        self.outsiders = status;
        self
    }

    fn live(mut self, status: u16) -> Self {
        self.live = Some(status);
        self
    }
}

pub(super) fn sample(scope: Option<&'static str>, ids: &[Kind], good: &[u16]) -> Sample {
    let (ids, good, of) = (ids.to_vec(), good.to_vec(), Of::Anybody);
    Sample {
        scope,
        ids,
        body: |_, _| Body::None,
        good,
        of,
        gives: false,
        uses: false,
        live: None,
        outsiders: 404,
    }
}

/// A route for whoever has `scope`.
pub(super) fn needs(scope: &'static str, ids: &[Kind], good: u16) -> Sample {
    sample(Some(scope), ids, &[good])
}

/// A route for everybody.
fn open(ids: &[Kind], good: &[u16]) -> Sample {
    sample(None, ids, good)
}

pub(super) fn json(value: serde_json::Value) -> Body {
    Body::Json(value)
}

fn empty(_: &World, _: &Place) -> Body {
    json(json!({}))
}

/// A request for the route, as API Gateway names it.
pub fn of_route(route: &str) -> Option<Sample> {
    let group = route.split('/').nth(1).filter(|group| *group == "v1").and_then(|_| route.split('/').nth(2));
    match group {
        Some("api-keys" | "oauth-clients" | "identity-providers" | "store" | "audit-log") => settings(route),
        Some("price-lists" | "shipping" | "tax-rates") => super::rates::of_route(route),
        Some("customers" | "sessions" | "password-resets") => accounts(route),
        Some("staff" | "roles") => staff(route),
        Some("privacy") => privacy(route),
        Some("drafts" | "payment-links") => super::drafts::of_route(route),
        Some("gift-cards" | "ledger") => money::of_route(route),
        Some(_) => shop(route),
        None => pages(route),
    }
}

fn pages(route: &str) -> Option<Sample> {
    Some(match route {
        "GET /" | "GET /openapi.json" | "GET /health" => open(&[], &[200]),
        "GET /reference/{asset}" => open(&[Kind::Asset], &[200]),
        "GET /.well-known/oauth-authorization-server" | "GET /.well-known/jwks.json" => open(&[], &[200]),
        "GET /oauth/authorize" => open(&[], &[400]),
        "POST /oauth/authorize" => open(&[], &[403]).body(|_, _| Body::Form("page=log+in")),
        "POST /oauth/token" => {
            open(&[], &[400, 401]).body(|_, _| Body::Form("grant_type=client_credentials"))
        }
        "POST /oauth/revoke" | "POST /oauth/introspect" => {
            open(&[], &[401]).body(|_, _| Body::Form("token=rt_x"))
        }
        _ => return None,
    })
}

fn shop(route: &str) -> Option<Sample> {
    let order = |kind, good| needs("orders:write", &[kind], good).body(empty).uses();
    Some(match route {
        "GET /v1/products" => needs("catalog:read", &[], 200),
        "GET /v1/products/{id}" => needs("catalog:read", &[Kind::Product], 200),
        "POST /v1/products" => needs("catalog:write", &[], 201).body(|world, _| {
            let price = json!({"amount": 100, "currency": "EUR"});
            json(json!({"name": "New", "variants": [{"sku": format!("NEW-{}", world.next()), "price": price}]}))
        }),
        "PATCH /v1/products/{id}" => {
            needs("catalog:write", &[Kind::Product], 200).body(|_, _| json(json!({"name": "Changed"}))).uses()
        }
        "DELETE /v1/products/{id}" => needs("catalog:write", &[Kind::Product], 204).uses(),
        "GET /v1/promotions" => needs("promotions:read", &[], 200),
        "GET /v1/promotions/{id}" => needs("promotions:read", &[Kind::Promotion], 200),
        "POST /v1/promotions" => needs("promotions:write", &[], 201).body(|world, _| {
            let trigger = json!({"type": "code", "code": format!("NEW-{}", world.next())});
            json(json!({"name": "New", "trigger": trigger, "actions": [{"type": "free_shipping"}]}))
        }),
        "PATCH /v1/promotions/{id}" => needs("promotions:write", &[Kind::Promotion], 200)
            .body(|_, _| json(json!({"name": "Changed"})))
            .uses(),
        "DELETE /v1/promotions/{id}" => needs("promotions:write", &[Kind::Promotion], 204).uses(),
        "GET /v1/promotions/{id}/codes" => needs("promotions:read", &[Kind::Promotion], 200),
        "POST /v1/promotions/{id}/codes" => needs("promotions:write", &[Kind::Promotion], 201)
            .body(|_, _| json(json!({"generate": 2})))
            .uses(),
        "GET /v1/stock/{sku}" => needs("stock:read", &[Kind::Sku], 200),
        "PATCH /v1/stock/{sku}" => needs("stock:write", &[Kind::Sku], 200).body(|_, _| json(json!({"buckets": 3}))),
        "POST /v1/stock/{sku}/movements" => needs("stock:write", &[Kind::Sku], 201)
            .body(|_, _| json(json!({"location": "berlin", "change": 1, "reason": "received"}))),
        "POST /v1/carts" => needs("carts:write", &[], 201).body(empty),
        "GET /v1/carts/{id}" => needs("carts:write", &[Kind::Cart], 200),
        "PATCH /v1/carts/{id}" => needs("carts:write", &[Kind::Cart], 200)
            .body(|_, _| json(json!({"email": "new@example.com"})))
            .uses(),
        "POST /v1/carts/{id}/lines" => needs("carts:write", &[Kind::Cart], 200)
            .body(|_, place| json(json!({"sku": place.sku(), "quantity": 1})))
            .uses(),
        "PATCH /v1/carts/{id}/lines/{sku}" => needs("carts:write", &[Kind::Cart, Kind::Sku], 200)
            .body(|_, _| json(json!({"quantity": 2})))
            .uses(),
        "DELETE /v1/carts/{id}/lines/{sku}" => needs("carts:write", &[Kind::Cart, Kind::Sku], 200).uses(),
        "POST /v1/carts/{id}/checkout" => needs("checkout:write", &[Kind::Cart], 202)
            .body(|_, _| json(json!({"payment_method": "pm_card_visa"})))
            .uses()
            .live(422),
        "GET /v1/orders" => needs("orders:read", &[], 200),
        "GET /v1/orders/{id}" => needs("orders:read_own", &[Kind::Order], 200),
        "GET /v1/orders/{id}/invoice" => needs("orders:read_own", &[Kind::Order], 200),
        "GET /v1/invoices" => needs("orders:read", &[], 200),
        // Its link is its proof, and there is none in the request.
        "GET /v1/invoices/document" => open(&[], &[404]),
        "GET /v1/orders/{id}/explain" => needs("orders:read_own", &[Kind::Order], 200),
        "POST /v1/orders/{id}/cancel" => order(Kind::Order, 202),
        "POST /v1/orders/{id}/captures" => order(Kind::HeldOrder, 201),
        "POST /v1/orders/{id}/fulfillments" => order(Kind::Order, 201),
        "POST /v1/orders/{id}/refunds" => needs("refunds:write", &[Kind::Order], 201).body(empty).uses(),
        "POST /v1/orders/{id}/edits" => needs("orders:write", &[Kind::Order], 201)
            .body(|_, place| json(json!({"lines": [{"sku": place.sku(), "quantity": 2}]})))
            .uses(),
        "POST /v1/orders/{id}/returns" => needs("orders:write", &[Kind::SentOrder], 201)
            .body(|_, place| {
                json(json!({"lines": [{"sku": place.sku(), "quantity": 1, "reason": "damaged"}]}))
            })
            .uses(),
        // Which return is of which order is not the walk's to know: `returns.rs` tells of those that are there.
        "POST /v1/orders/{id}/returns/{return}/receive" => {
            needs("orders:write", &[Kind::Order, Kind::Return], 404)
                .body(|_, place| json(json!({"lines": [{"sku": place.sku(), "quantity": 1}]})))
        }
        // The store of the walk lets shoppers return nothing.
        "POST /v1/orders/{id}/return-requests" => {
            needs("orders:read_own", &[Kind::SentOrder], 409).body(|_, place| {
                json(json!({"lines": [{"sku": place.sku(), "quantity": 1, "reason": "damaged"}]}))
            })
        }
        "POST /v1/orders/{id}/returns/{return}/approve" => {
            needs("orders:write", &[Kind::Order, Kind::Return], 404).body(empty)
        }
        "POST /v1/orders/{id}/returns/{return}/exchange" => {
            needs("refunds:write", &[Kind::Order, Kind::Return], 404)
                .body(|_, place| json(json!({"lines": [{"sku": place.sku(), "quantity": 1}]})))
        }
        "POST /v1/orders/{id}/returns/{return}/reject" => {
            needs("orders:write", &[Kind::Order, Kind::Return], 404).body(empty)
        }
        "POST /v1/orders/{id}/approve" | "POST /v1/orders/{id}/reject" => order(Kind::ReviewedOrder, 202),
        "POST /v1/payment-events/{provider}/{store}" => {
            open(&[Kind::PaymentProvider, Kind::Store], &[400]).body(empty)
        }
        _ => return None,
    })
}

fn accounts(route: &str) -> Option<Sample> {
    let own = |ids: &[Kind], good| needs("account:own", ids, good);
    Some(match route {
        "GET /v1/customers" => needs("customers:read", &[], 200),
        "GET /v1/customers/{id}" => needs("customers:read", &[Kind::Customer], 200),
        "PATCH /v1/customers/{id}" => {
            needs("customers:write", &[Kind::Customer], 200).body(|_, _| json(json!({"group": "vip"})))
        }
        "POST /v1/customers" => needs("accounts:write", &[], 201).body(|world, _| {
            let email = format!("new-{}@example.com", world.next());
            json(json!({"email": email, "password": PASSWORD, "name": "New"}))
        }),
        // Another issuer's customer gets an account with the first of these.
        "GET /v1/customers/me" | "GET /v1/customers/me/orders" => {
            own(&[], 200).of(Of::Customers).outsiders(200)
        }
        "PATCH /v1/customers/me" => {
            own(&[], 200).of(Of::Customers).outsiders(200).body(|_, _| json(json!({"name": "Ada King"})))
        }
        // Nobody in particular placed it.
        "POST /v1/customers/me/orders/{id}/returns" => {
            own(&[Kind::SentOrder], 404).of(Of::Customers).body(|_, place| {
                json(json!({"lines": [{"sku": place.sku(), "quantity": 1, "reason": "damaged"}]}))
            })
        }
        "GET /v1/customers/me/payment-methods" => own(&[], 200).of(Of::Customers).outsiders(200),
        // The walk's stores are at a provider that saves none.
        "DELETE /v1/customers/me/payment-methods/{id}" => {
            own(&[Kind::PaymentMethod], 404).of(Of::Customers).outsiders(404)
        }
        "POST /v1/customers/me/password" => own(&[], 204)
            .of(Of::Customers)
            .outsiders(401)
            .body(|_, _| json(json!({"current_password": PASSWORD, "password": PASSWORD}))),
        "GET /v1/customers/{id}/store-credit" => needs("gift_cards:read", &[Kind::Customer], 200),
        "POST /v1/customers/{id}/store-credit" => needs("gift_cards:write", &[Kind::Customer], 201)
            .body(|_, _| json(json!({"amount": {"amount": 500, "currency": "EUR"}, "reason": "late"}))),
        "GET /v1/customers/me/store-credit" => own(&[], 200).of(Of::Customers).outsiders(200),
        "POST /v1/customers/me/verification" => own(&[], 202).of(Of::Customers).outsiders(202).body(empty),
        "POST /v1/customers/verifications" => {
            open(&[], &[422]).body(|_, _| json(json!({"token": "store_x.lnk_x.x"})))
        }
        "POST /v1/sessions" => needs("accounts:write", &[], 201)
            .body(|_, place| json(json!({"email": place.email, "password": PASSWORD}))),
        "POST /v1/sessions/refresh" => {
            open(&[], &[401]).body(|_, _| json(json!({"refresh_token": format!("rt_{:064}", 1)})))
        }
        "GET /v1/sessions" => own(&[], 200),
        "DELETE /v1/sessions/{id}" => own(&[Kind::Session], 204).uses(),
        "POST /v1/password-resets" => {
            needs("accounts:write", &[], 202).body(|_, place| json(json!({"email": place.email})))
        }
        "POST /v1/password-resets/confirm" => {
            open(&[], &[422]).body(|_, _| json(json!({"token": "store_x.lnk_x.x", "password": PASSWORD})))
        }
        _ => return None,
    })
}

fn staff(route: &str) -> Option<Sample> {
    let own = |good: &[u16]| sample(Some("account:own"), &[], good).of(Of::Staff);
    Some(match route {
        "GET /v1/staff" | "GET /v1/staff/invitations" | "GET /v1/roles" => needs("staff:read", &[], 200),
        "GET /v1/staff/me" => own(&[200]),
        "GET /v1/staff/{id}" => needs("staff:read", &[Kind::Member], 200),
        "PATCH /v1/staff/{id}" => needs("staff:write", &[Kind::Member], 200)
            .gives()
            .body(|_, place| json(json!({"role": place.lookers}))),
        "DELETE /v1/staff/{id}" => needs("staff:write", &[Kind::Member], 204).gives().uses(),
        "POST /v1/staff/invitations" => needs("staff:write", &[], 201).gives().body(|world, place| {
            json(json!({"email": format!("invited-{}@example.com", world.next()), "role": place.lookers}))
        }),
        "DELETE /v1/staff/invitations/{id}" => needs("staff:write", &[Kind::Invitation], 204).uses(),
        "POST /v1/staff/invitations/accept" => open(&[], &[422])
            .body(|_, _| json(json!({"token": "store_x.lnk_x.x", "name": "Grace", "password": PASSWORD}))),
        "POST /v1/staff/sessions" => needs("accounts:write", &[], 401).body(|world, _| {
            let email = format!("nobody-{}@example.com", world.next());
            json(json!({"email": email, "password": PASSWORD}))
        }),
        "POST /v1/staff/me/totp" => own(&[201]).body(|_, _| json(json!({"password": PASSWORD}))),
        "POST /v1/staff/me/password" => {
            own(&[204]).body(|_, _| json(json!({"current_password": PASSWORD, "password": PASSWORD})))
        }
        "POST /v1/staff/password-resets" => needs("accounts:write", &[], 202)
            .body(|world, _| json(json!({"email": format!("nobody-{}@example.com", world.next())}))),
        "POST /v1/staff/password-resets/confirm" => {
            open(&[], &[422]).body(|_, _| json(json!({"token": "store_x.lnk_x.x", "password": PASSWORD})))
        }
        "POST /v1/staff/me/totp/confirm" => own(&[409, 422]).body(|_, _| json(json!({"code": "000000"}))),
        "DELETE /v1/staff/me/totp" => own(&[409]).body(|_, _| json(json!({"password": PASSWORD}))),
        "POST /v1/roles" => needs("staff:write", &[], 201)
            .gives()
            .body(|_, _| json(json!({"name": "New", "scopes": ["catalog:read"]}))),
        "PATCH /v1/roles/{id}" => {
            needs("staff:write", &[Kind::Role], 200).gives().body(|_, _| json(json!({"name": "Changed"})))
        }
        "DELETE /v1/roles/{id}" => needs("staff:write", &[Kind::Role], 204).gives().uses(),
        _ => return None,
    })
}

fn privacy(route: &str) -> Option<Sample> {
    let needs = |ids: &[Kind], good| needs("privacy:write", ids, good);
    Some(match route {
        "POST /v1/privacy/exports" => needs(&[], 202).body(|_, place| json(json!({"customer": place.email}))),
        "GET /v1/privacy/exports/{id}" | "GET /v1/privacy/exports/{id}/archive" => {
            needs(&[Kind::Export], 200)
        }
        // Of somebody who isn't there: whoever is, is needed for the rest of the walk.
        "POST /v1/privacy/erasures" => needs(&[], 404)
            .body(|world, _| json(json!({"customer": format!("nobody-{}@example.com", world.next())}))),
        "GET /v1/privacy/erasures/{id}" => needs(&[Kind::Erasure], 200),
        _ => return None,
    })
}

fn settings(route: &str) -> Option<Sample> {
    let (keys, clients) = ("api_keys:write", "oauth_clients:write");
    Some(match route {
        "GET /v1/api-keys" => needs("api_keys:read", &[], 200),
        "GET /v1/api-keys/{id}" => needs("api_keys:read", &[Kind::ApiKey], 200),
        "POST /v1/api-keys" => needs(keys, &[], 201)
            .gives()
            .body(|_, _| json(json!({"name": "New", "scopes": ["catalog:read"]}))),
        "PATCH /v1/api-keys/{id}" => {
            needs(keys, &[Kind::ApiKey], 200).body(|_, _| json(json!({"name": "Changed"})))
        }
        "POST /v1/api-keys/{id}/roll" => needs(keys, &[Kind::ApiKey], 201).gives().body(empty),
        "DELETE /v1/api-keys/{id}" => needs(keys, &[Kind::ApiKey], 204).uses(),
        "GET /v1/oauth-clients" => needs("oauth_clients:read", &[], 200),
        "GET /v1/oauth-clients/{id}" => needs("oauth_clients:read", &[Kind::Client], 200),
        "POST /v1/oauth-clients" => needs(clients, &[], 201).gives().body(|_, _| {
            json(json!({
                "name": "New", "type": "confidential", "scopes": ["catalog:read"],
                "grant_types": ["client_credentials"],
            }))
        }),
        "POST /v1/oauth-clients/{id}/secret" => needs(clients, &[Kind::Client], 201).gives().body(empty),
        "DELETE /v1/oauth-clients/{id}" => needs(clients, &[Kind::Client], 204).uses(),
        "GET /v1/identity-providers" => needs("settings:read", &[], 200),
        "GET /v1/identity-providers/{id}" => needs("settings:read", &[Kind::Provider], 200),
        "POST /v1/identity-providers" => needs("settings:write", &[], 201).body(|world, _| {
            let mut provider = issuers::customers();
            provider["audiences"] = json!([format!("audience-{}", world.next())]);
            json(provider)
        }),
        "PATCH /v1/identity-providers/{id}" => {
            needs("settings:write", &[Kind::Provider], 200).body(|_, _| json(json!({"name": "Changed"})))
        }
        "DELETE /v1/identity-providers/{id}" => needs("settings:write", &[Kind::Provider], 204).uses(),
        "GET /v1/store" => needs("settings:read", &[], 200),
        "PATCH /v1/store" => needs("settings:write", &[], 200).body(|_, _| json(json!({"name": "Changed"}))),
        "GET /v1/audit-log" | "GET /v1/audit-log/export" | "GET /v1/audit-log/head" => {
            needs("audit:read", &[], 200)
        }
        _ => return None,
    })
}
