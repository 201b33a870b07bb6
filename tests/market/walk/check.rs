//! The walk: every route, by everybody, with every id; and what has to come of it.

use std::collections::BTreeMap;

use http::Method;
use serde_json::Value;
use souk::{
    http::{Access, Routes},
    runtime::Function,
};
use souk_tests::Answer;

use super::{
    people::{Is, Person},
    requests::{Kind, Of, Sample, of_route},
    rights::may,
    world::World,
};

/// How an id in a path stands to whoever sends it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Id {
    /// The caller's store's, and nobody's in particular or the caller's own.
    Own,
    /// One customer's of the caller's store.
    Customers(usize),
    /// Of another place: another store, or the other mode.
    Elsewhere(usize),
    /// Of nothing that there is.
    Nothing,
    /// No id at all.
    Garbage,
}

/// What the walk found.
#[derive(Default)]
pub struct Report {
    pub cases: usize,
    pub faults: Vec<String>,
    /// How often each status was answered.
    pub statuses: BTreeMap<u16, usize>,
}

impl Report {
    /// Fails unless all was as it has to be.
    pub fn expect_nothing(&self) {
        let shown: Vec<_> = self.faults.iter().take(60).map(String::as_str).collect();
        assert!(
            self.faults.is_empty(),
            "{} faults in {} cases:\n{}",
            self.faults.len(),
            self.cases,
            shown.join("\n")
        );
    }
}

/// A route with its request.
pub struct Stop {
    pub method: Method,
    pub path: String,
    pub key: String,
    pub sample: Sample,
}

impl Stop {
    /// The path with these in place of its parameters.
    pub fn path_of(&self, ids: &[String]) -> String {
        let mut ids = ids.iter();
        let parts = self
            .path
            .split('/')
            .map(|part| if part.starts_with('{') { ids.next().unwrap().as_str() } else { part });
        parts.collect::<Vec<_>>().join("/")
    }
}

/// Every route of `functions`, with a request for it; and what is wrong with how the routes say who may call them.
pub fn stops(functions: &[Function]) -> (Vec<Stop>, Vec<String>) {
    let (mut stops, mut faults) = (Vec::new(), Vec::new());
    for route in functions.iter().filter_map(Function::routes).flat_map(Routes::iter) {
        let key = route.key();
        let Some(sample) = of_route(&key) else {
            faults.push(format!("{key}: add a request for it to tests/market/walk/requests.rs"));
            continue;
        };
        let declared = match route.access() {
            Access::Public => None,
            Access::Scope(scope) => Some(scope.as_str()),
        };
        if declared != sample.scope {
            faults.push(format!("{key}: is for {declared:?}, and ought to be for {:?}", sample.scope));
        }
        let (method, path) = key.split_once(' ').unwrap();
        assert_eq!(path.matches('{').count(), sample.ids.len(), "{key}: say what its path names");
        stops.push(Stop { method: method.parse().unwrap(), path: path.to_owned(), key: key.clone(), sample });
    }
    (stops, faults)
}

/// What has to be answered: one of these.
fn expected(sample: &Sample, person: &Person, ids: &[Id], live: bool) -> Vec<u16> {
    let Some(scope) = sample.scope else {
        let good = sample.good.clone();
        return if ids.iter().all(|id| *id == Id::Own) { good } else { [good, vec![404]].concat() };
    };
    if person.is == Is::Nobody {
        return vec![401];
    }
    if !may(&person.rights, scope) {
        return vec![403];
    }
    let there = match sample.of {
        Of::Anybody => true,
        Of::Customers => matches!(person.is, Is::Customer(Some(_))),
        Of::Staff => person.is == Is::Staff,
    };
    if !there {
        return vec![if person.is == Is::Customer(None) { sample.outsiders } else { 404 }];
    }
    let found = ids.iter().zip(&sample.ids).all(|(id, kind)| match id {
        Id::Own => true,
        Id::Customers(owner) if person.is == Is::Customer(Some(*owner)) => true,
        // A log-in is its holder's alone. Whoever acts on orders acts on every shopper's.
        Id::Customers(_) => match kind {
            Kind::Session => false,
            Kind::Order if ["orders:write", "refunds:write"].contains(&scope) => true,
            _ => may(&person.rights, "orders:read"),
        },
        Id::Elsewhere(_) => kind.is_everybodys(),
        // Which accounts there are is the same everywhere, and no others are.
        Id::Nothing | Id::Garbage => kind.is_everybodys() && *kind != Kind::Account,
    });
    if !found {
        return vec![404];
    }
    if let Some(status) = sample.live.filter(|_| live) {
        return vec![status];
    }
    if sample.gives && !may(&person.rights, "catalog:read") {
        return vec![403];
    }
    sample.good.clone()
}

/// Every way to put ids into the path: the caller's own, and each of them swapped.
fn variants(world: &World, sample: &Sample, person: &Person) -> Vec<Vec<Id>> {
    let own = vec![Id::Own; sample.ids.len()];
    let mut variants = vec![own.clone()];
    // Whoever is turned away before an id is looked at is so whatever it is: two swaps show it.
    let gets_in = matches!(expected(sample, person, &own, false)[0], 200..300 | 404 | 409 | 422);
    for (place, kind) in sample.ids.iter().enumerate() {
        let elsewhere = (0..world.places.len()).filter(|place| *place != person.place);
        let mut swaps: Vec<_> = elsewhere.map(Id::Elsewhere).collect();
        if gets_in {
            swaps.extend([Id::Nothing, Id::Garbage]);
        } else {
            swaps.truncate(1);
            swaps.push(Id::Nothing);
        }
        if kind.is_customers() && gets_in {
            swaps.extend([Id::Customers(0), Id::Customers(1)]);
        }
        for swap in swaps {
            let mut ids = own.clone();
            ids[place] = swap;
            variants.push(ids);
        }
    }
    variants
}

/// The id to be sent. `succeeds`: the request may use it up, so that it must be one that nobody else needs.
async fn id(world: &World, person: &Person, kind: Kind, id: Id, succeeds: bool) -> Option<String> {
    let place = &world.places[person.place];
    let known = |place: usize, whose| world.places[place].known(kind, whose).map(str::to_owned);
    match id {
        Id::Nothing => Some(kind.nothing().to_owned()),
        Id::Garbage => Some("x".to_owned()),
        Id::Elsewhere(place) => known(place, None),
        Id::Own if kind == Kind::Session && person.id().is_some() && succeeds => {
            let claims = serde_json::json!({"sub": person.id()});
            place.fresh(world, kind, None, Some(&claims)).await
        }
        Id::Own if succeeds => place.fresh(world, kind, None, None).await,
        Id::Own => known(person.place, None),
        Id::Customers(whose) if succeeds => place.fresh(world, kind, Some(whose), None).await,
        Id::Customers(whose) => known(person.place, Some(whose)),
    }
}

/// An answer, but for what differs from request to request.
fn shape(answer: &Answer) -> (u16, Value, Vec<(String, String)>) {
    let mut body = answer.json.clone();
    if let Some(object) = body.as_object_mut() {
        object.remove("request_id");
    }
    let headers = answer.headers.iter().map(|(name, value)| (name.to_string(), format!("{value:?}")));
    let headers = headers.filter(|(name, _)| {
        !name.starts_with("ratelimit") && !["request-id", "apigw-requestid", "date"].contains(&name.as_str())
    });
    (answer.status.as_u16(), body, headers.collect())
}

/// Lets each of `people` call each of `stops` in every way.
pub async fn walk(world: &World, stops: &[Stop], people: &[Person]) -> Report {
    let mut report = Report::default();
    for stop in stops {
        for person in people {
            one(world, stop, person, &mut report).await;
        }
    }
    report
}

async fn one(world: &World, stop: &Stop, person: &Person, report: &mut Report) {
    let (sample, place) = (&stop.sample, &world.places[person.place]);
    let mut nothing = None;
    let mut absent = Vec::new();
    for variant in variants(world, sample, person) {
        let mut expected = expected(sample, person, &variant, place.mode == "live");
        // Another issuer's customer has no log-in here that could be ended.
        if sample.ids == [Kind::Session] && variant == [Id::Own] && person.id().is_none() && expected == [204]
        {
            expected = vec![404];
        }
        let succeeds = sample.uses && expected.iter().any(|status| *status < 300);
        let mut ids = Vec::new();
        for (kind, named) in sample.ids.iter().zip(&variant) {
            ids.extend(id(world, person, *kind, *named, succeeds).await);
        }
        // A place without payments has no orders.
        if ids.len() < variant.len() {
            continue;
        }
        let path = stop.path_of(&ids);
        let body = (sample.body)(world, place);
        let answer = world.send(person, &stop.method, &path, &body).await;
        let status = answer.status.as_u16();
        report.cases += 1;
        *report.statuses.entry(status).or_default() += 1;
        if !expected.contains(&status) {
            let text: String = answer.text.chars().take(160).collect();
            report.faults.push(format!(
                "{} by {}, {variant:?}: {status}, not {expected:?}: {text}",
                stop.key, person.name
            ));
        }
        if status == 404 && sample.scope.is_some() {
            if variant.contains(&Id::Nothing) {
                nothing = Some(shape(&answer));
            } else if !variant.contains(&Id::Garbage) {
                absent.push((variant, shape(&answer)));
            }
        }
    }
    for (variant, shape) in absent.iter().filter(|_| nothing.is_some()) {
        if Some(shape) != nothing.as_ref() {
            report.faults.push(format!(
                "{} by {}, {variant:?}: {shape:?}, unlike what is not there: {nothing:?}",
                stop.key, person.name
            ));
        }
    }
}
