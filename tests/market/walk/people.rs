//! Everybody who calls: every kind of principal, in every role, and those who have no business here any more.

use std::sync::atomic::{AtomicU32, Ordering};

use serde_json::{Value, json};
use souk_tests::Api;

use super::{
    place::Place,
    rights::{GRANTABLE, OWN, ROLES, Rights, of_customer, of_role, of_storefront},
    world::World,
};
use crate::{
    forge::{Key, token},
    issuers,
};

/// What a request carries.
#[derive(Clone)]
pub enum Credential {
    /// Nothing.
    None,
    /// This text.
    Text(String),
    /// A token of our own with these claims, made anew for each request.
    Own(Value),
    /// A token of another issuer with these claims, made anew for each request.
    External(Value),
}

/// An address that nobody else calls from.
fn next_address() -> String {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    let [.., high, low] = NEXT.fetch_add(1, Ordering::Relaxed).to_be_bytes();
    format!("172.16.{high}.{low}")
}

/// Of what kind somebody is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Is {
    /// Nobody whom Souk knows, or no longer.
    Nobody,
    /// The holder of an API key, or an integration.
    Machine,
    /// A shopper: which of their store's, where they registered.
    Customer(Option<usize>),
    /// One of the staff, who logged in here.
    Staff,
    /// Somebody whom a grant or another issuer makes one of the staff.
    ActingStaff,
}

/// Somebody who calls.
#[derive(Clone)]
pub struct Person {
    /// As a fault names them.
    pub name: String,
    /// Which place is theirs.
    pub place: usize,
    pub is: Is,
    pub credential: Credential,
    pub rights: Rights,
    /// Where they call from.
    address: String,
}

impl Person {
    fn new(
        place: &Place,
        name: impl Into<String>,
        is: Is,
        credential: Credential,
        rights: impl Into<Rights>,
    ) -> Self {
        let (name, rights) = (format!("{} of {}", name.into(), place.name), rights.into());
        let address = next_address();
        Self { name, place: place.number, is, credential, rights, address }
    }

    /// What their token says.
    fn claims(&self) -> &Value {
        match &self.credential {
            Credential::Own(claims) | Credential::External(claims) => claims,
            _ => &Value::Null,
        }
    }

    /// Their id, where their token says it.
    pub fn id(&self) -> Option<&str> {
        self.claims()["sub"].as_str().filter(|_| !matches!(self.credential, Credential::External(_)))
    }

    /// A client that holds their credential, at an address of its own.
    pub fn api(&self, world: &World) -> Api {
        let api = Api::of_market(&world.market.market, "").at(&self.address);
        let timed = |claims: &Value| {
            let (now, mut claims) = (world.market.clock().now().as_second(), claims.clone());
            (claims["iat"], claims["exp"]) = (now.into(), (now + 600).into());
            claims
        };
        match &self.credential {
            Credential::None => api.with_key(None),
            Credential::Text(text) => api.with_key(Some(text)),
            Credential::Own(claims) => {
                api.with_key(Some(&token(&world.header, &timed(claims), &world.own_key)))
            }
            Credential::External(claims) => {
                api.with_key(Some(&token(&issuers::header(), &timed(claims), &Key::rsa(0))))
            }
        }
    }
}

/// Everybody of a place who can be had from it: of `all` kinds, or of the most different ones.
pub async fn of_place(world: &World, place: &Place, all: bool) -> Vec<Person> {
    let text = |text: &str| Credential::Text(text.to_owned());
    let mut people = vec![
        Person::new(place, "the storefront", Is::Machine, text(&place.pk), of_storefront()),
        Person::new(place, "the secret key", Is::Machine, text(&place.sk), GRANTABLE),
    ];
    for (number, claims) in place.customers.iter().enumerate() {
        let name = format!("customer {number}");
        let is = Is::Customer(Some(number));
        people.push(Person::new(place, name, is, Credential::Own(claims.clone()), of_customer()));
    }
    let roles = if all { &ROLES[..] } else { &ROLES[..1] };
    for role in roles {
        let mut rights = of_role(role);
        rights.insert(OWN);
        let claims = place.join(world, role).await;
        people.push(Person::new(place, role.to_string(), Is::Staff, Credential::Own(claims), rights));
    }
    let scopes = if all { &GRANTABLE[..] } else { &[][..] };
    for scope in scopes {
        let body = json!({"name": scope, "scopes": [scope]});
        let key = place.keeper(world).post("/v1/api-keys", body).await.expect(201);
        let name = format!("a key for {scope} alone");
        people.push(Person::new(place, name, Is::Machine, text(key.text_at("/secret")), [*scope]));
    }
    if all {
        people.extend(integrations(world, place).await);
        people.extend(external(place));
        people.extend(gone(world, place).await);
    }
    people
}

/// An integration that acts for itself, and a grant of an owner, and members with a role of the store's own.
async fn integrations(world: &World, place: &Place) -> Vec<Person> {
    let mut people = Vec::new();
    let scopes = ["carts:write", "catalog:read", "orders:read", "orders:write"];
    let client = place.client(world, &scopes).await;
    let claims = place.of_client(world, &client).await;
    people.push(Person::new(place, "an integration", Is::Machine, Credential::Own(claims), scopes));
    let owner = place.join(world, "owner").await;
    let granted = ["orders:read", "staff:write", "catalog:read"];
    let claims = place.grant(world, &owner, &client, &granted).await;
    let rights = ["orders:read", "catalog:read"];
    people.push(Person::new(
        place,
        "an integration that acts for an owner",
        Is::ActingStaff,
        Credential::Own(claims),
        rights,
    ));
    let role = ["carts:write", "catalog:read", "staff:read", "staff:write"];
    let claims = place.join(world, &place.role(world, &role).await).await;
    let rights: Rights = role.into_iter().chain([OWN]).collect();
    people.push(Person::new(place, "a role of its own", Is::Staff, Credential::Own(claims), rights));
    people
}

/// Those whom another issuer names.
fn external(place: &Place) -> Vec<Person> {
    let claims = |audience: &str| json!({"iss": issuers::ISSUER, "sub": "auth0|ada", "aud": audience});
    let mut boss = claims("backoffice");
    boss["realm_access"] = json!({"roles": ["shop-boss"]});
    let mut packer = claims("backoffice");
    packer["realm_access"] = json!({"roles": ["packer"]});
    let staff = |name, claims, role| {
        Person::new(place, name, Is::ActingStaff, Credential::External(claims), of_role(role))
    };
    vec![
        Person::new(
            place,
            "another issuer's customer",
            Is::Customer(None),
            Credential::External(claims("storefront")),
            of_customer(),
        ),
        staff("another issuer's owner", boss, "owner"),
        staff("another issuer's packer", packer, "fulfillment"),
    ]
}

/// Those who are nobody, or no longer anybody.
async fn gone(world: &World, place: &Place) -> Vec<Person> {
    let nobody = |name: &str, credential| Person::new(place, name, Is::Nobody, credential, Rights::new());
    let keeper = place.keeper(world);
    let ended = place.another_session(world, &place.customers[0]).await;
    place.end(world, &ended).await;
    let ended_staff = place.join(world, "owner").await;
    place.end(world, &ended_staff).await;
    let removed = place.join(world, "owner").await;
    keeper.delete(&format!("/v1/staff/{}", removed["sub"].as_str().unwrap())).await.expect(204);
    let key = keeper.post("/v1/api-keys", json!({"name": "Revoked"})).await.expect(201);
    keeper.delete(&format!("/v1/api-keys/{}", key.text_at("/id"))).await.expect(204);
    let client = place.client(world, &["orders:read"]).await;
    let of_client = place.of_client(world, &client).await;
    keeper.delete(&format!("/v1/oauth-clients/{client}")).await.expect(204);
    let mut elsewhere = place.customers[0].clone();
    elsewhere["store"] = json!(world.places[(place.number + 2) % world.places.len()].store);
    vec![
        nobody("nobody", Credential::None),
        nobody("a key that never was", Credential::Text(format!("sk_test_{:040}", 1))),
        nobody("a key that was revoked", Credential::Text(key.text_at("/secret").to_owned())),
        nobody("a customer who logged out", Credential::Own(ended)),
        nobody("an owner who logged out", Credential::Own(ended_staff)),
        nobody("an owner who was removed", Credential::Own(removed)),
        nobody("an integration that was removed", Credential::Own(of_client)),
        nobody("a customer who says they are another store's", Credential::Own(elsewhere)),
    ]
}
