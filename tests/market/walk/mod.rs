//! Everybody calls every route, with every id that they could have got hold of (guards.md, 21 and 22).
//!
//! The routes are the functions' own, so that a new one is walked without anybody remembering to; who may call it, and
//! what there is to send, is written down here once more, and differs from the code's where one of the two is wrong.

mod check;
mod drafts;
mod money;
mod people;
mod place;
mod rates;
mod requests;
mod rights;
mod swaps;
mod world;

pub use check::{Stop, stops, walk};
pub use people::{Is, Person, of_place};
pub use requests::Of;
pub use world::{Body, World};

use rights::{GRANTABLE, OWN};
use souk::principal::Scope;

/// Everybody: of the first place all kinds, of the others the most different ones.
async fn everybody(world: &World) -> Vec<Person> {
    let mut people = Vec::new();
    for place in &world.places {
        people.extend(of_place(world, place, place.number == 0).await);
    }
    people
}

/// Walks every route of the functions whose place in the list leaves `part` of `parts`.
async fn walk_part(part: usize, parts: usize) {
    let (stops, faults) = stops(&souk_local::functions());
    assert!(faults.is_empty(), "{}", faults.join("\n"));
    let stops: Vec<_> =
        stops.into_iter().enumerate().filter(|(at, _)| at % parts == part).map(|(_, stop)| stop).collect();
    let world = World::open(souk_local::functions()).await;
    let people = everybody(&world).await;
    let report = walk(&world, &stops, &people).await;
    println!(
        "part {part} of {parts}: {} cases: {} routes by {} callers of {} stores and modes: {:?}",
        report.cases,
        stops.len(),
        people.len(),
        world.places.len(),
        report.statuses
    );
    report.expect_nothing();
}

#[tokio::test(start_paused = true)]
async fn everybody_on_every_route_1_of_2() {
    walk_part(0, 2).await;
}

#[tokio::test(start_paused = true)]
async fn everybody_on_every_route_2_of_2() {
    walk_part(1, 2).await;
}

/// Whatever a store was shown of itself is nothing to another one, and stays as it is.
#[tokio::test(start_paused = true)]
async fn no_id_that_a_store_was_shown_opens_anything_elsewhere() {
    let (stops, _) = stops(&souk_local::functions());
    let world = World::open(souk_local::functions()).await;
    let mut people = of_place(&world, &world.places[0], false).await;
    people.extend(of_place(&world, world.places.last().unwrap(), false).await);
    let (ids, cases, faults) = swaps::swap(&world, &stops, &people).await;
    println!("{ids} ids of one store, tried in every path of another: {cases} cases");
    assert!(ids > 30 && cases > 1_000, "{ids} ids, {cases} cases");
    assert!(faults.is_empty(), "{} faults:\n{}", faults.len(), faults.join("\n"));
}

/// What an environment did for one store is not in what it answers the next one (guards.md, 34).
#[tokio::test(start_paused = true)]
async fn stores_that_take_turns_see_nothing_of_each_other() {
    let (stops, _) = stops(&souk_local::functions());
    let world = World::open(souk_local::functions()).await;
    let mut owners = Vec::new();
    for place in &world.places {
        owners.extend(of_place(&world, place, false).await.into_iter().filter(|one| one.is == Is::Staff));
    }
    let mut cases = 0;
    for stop in stops.iter().filter(|stop| stop.method == http::Method::GET && stop.sample.scope.is_some()) {
        for turn in 0..3 {
            for person in &owners {
                let place = &world.places[person.place];
                let ids: Option<Vec<_>> =
                    stop.sample.ids.iter().map(|kind| place.known(*kind, None).map(str::to_owned)).collect();
                let Some(ids) = ids else { continue };
                let answer = world.send(person, &stop.method, &stop.path_of(&ids), &Body::None).await;
                let said = format!("{:?} {}", answer.headers, answer.text);
                for other in world.places.iter().filter(|other| other.number != place.number) {
                    let mark = other.marks().into_iter().find(|mark| said.contains(mark));
                    // One store has the same id in both of its modes.
                    let mark = mark.filter(|mark| *mark != place.store);
                    assert_eq!(mark, None, "{} by {} in turn {turn}: {said}", stop.key, person.name);
                }
                cases += 1;
            }
        }
    }
    println!("{cases} answers to stores that take turns");
    assert!(cases > 200, "{cases}");
}

/// The names that are written down here are the code's.
#[test]
fn every_scope_is_walked() {
    let code: Vec<_> = Scope::ALL.iter().map(|scope| scope.as_str()).collect();
    for scope in &code {
        assert!(
            *scope == OWN || GRANTABLE.contains(scope),
            "say in tests/market/walk/rights.rs who has {scope}"
        );
    }
    assert_eq!(code.len(), GRANTABLE.len() + 1);
}
