//! Every id that a store was ever shown, tried wherever another store can put one.

use std::collections::{BTreeMap, BTreeSet};

use jiff::SignedDuration;
use souk::limit::policy::class_of;

use super::{
    Person, Stop, World,
    people::Is,
    requests::{Kind, Of},
    rights::may,
};
use crate::forgeries::stored;

/// Ids of a kind that one answer shows: more of them say nothing more.
const MOST: usize = 3;

/// What ids begin with.
const PREFIXES: [&str; 18] = [
    "aud", "cart", "cli", "cus", "evt", "ful", "idp", "inv", "key", "lnk", "mov", "ord", "prod", "prv",
    "role", "ses", "stf", "store",
];

/// The ids in a text.
fn ids(text: &str) -> BTreeSet<String> {
    let words = text.split(|letter: char| !letter.is_ascii_alphanumeric() && letter != '_');
    let is_id = |word: &&str| {
        word.rsplit_once('_').is_some_and(|(prefix, rest)| PREFIXES.contains(&prefix) && rest.len() == 26)
    };
    words.filter(is_id).map(str::to_owned).collect()
}

/// All that `people` of one place are shown by requests that name nothing, or what is theirs.
async fn shown(world: &World, stops: &[Stop], people: &[&Person]) -> BTreeSet<String> {
    let mut shown = BTreeSet::new();
    for stop in stops {
        for person in people {
            let place = &world.places[person.place];
            let named: Option<Vec<_>> =
                stop.sample.ids.iter().map(|kind| place.known(*kind, None).map(str::to_owned)).collect();
            // What uses something up is left: the other store is to find all there.
            let Some(named) = named.filter(|_| !stop.sample.uses) else { continue };
            let body = (stop.sample.body)(world, place);
            let answer = world.send(person, &stop.method, &stop.path_of(&named), &body).await;
            if answer.status.is_success() {
                let mut of_kind: BTreeMap<String, usize> = BTreeMap::new();
                for id in ids(&answer.text) {
                    let count = of_kind.entry(id.split('_').next().unwrap().to_owned()).or_default();
                    *count += 1;
                    if *count <= MOST {
                        shown.insert(id);
                    }
                }
            }
        }
    }
    shown
}

/// Tries every id that the first place shows in every path of the last one, by an owner of it, who may do most.
pub async fn swap(world: &World, stops: &[Stop], people: &[Person]) -> (usize, usize, Vec<String>) {
    let (from, to) = (0, world.places.len() - 1);
    let of = |place| people.iter().filter(move |person| person.place == place && person.is != Is::Nobody);
    let shown = shown(world, stops, &of(from).collect::<Vec<_>>()).await;
    world.market.market.settled().await;
    let theirs = |items: BTreeMap<String, String>| -> BTreeMap<String, String> {
        let store = &world.places[from].store;
        items.into_iter().filter(|(key, _)| key.contains(store)).collect()
    };
    let before = theirs(stored(&world.market).await);
    assert!(before.len() > 100, "only {} items", before.len());
    let (mut cases, mut faults) = (0, Vec::new());
    for stop in stops.iter().filter(|stop| stop.sample.ids.iter().any(|kind| !kind.is_everybodys())) {
        for person in of(to).filter(|person| person.is == Is::Staff) {
            let scope = stop.sample.scope;
            if scope.is_some_and(|scope| !may(&person.rights, scope)) || stop.sample.of != Of::Anybody {
                continue;
            }
            for id in &shown {
                for swapped in 0..stop.sample.ids.len() {
                    let place = &world.places[to];
                    let named = stop.sample.ids.iter().enumerate().map(|(at, kind)| {
                        let known = || place.known(*kind, None).unwrap_or(kind.nothing()).to_owned();
                        if at == swapped { id.clone() } else { known() }
                    });
                    let path = stop.path_of(&named.collect::<Vec<_>>());
                    let body = (stop.sample.body)(world, place);
                    // As seldom as a stricter limit lets them come.
                    if class_of(&stop.key).is_some() {
                        world.market.leap(SignedDuration::from_secs(2));
                    }
                    let answer = world.send(person, &stop.method, &path, &body).await;
                    let status = answer.status.as_u16();
                    cases += 1;
                    // A provider's notice tells its store by its path alone, and is nothing without a signature.
                    let open = scope.is_none() && stop.sample.ids[swapped] == Kind::Store && status == 400;
                    if status != 404 && !open {
                        faults.push(format!("{} by {} with {id}: {status}", stop.key, person.name));
                    }
                }
            }
        }
    }
    world.market.market.settled().await;
    let after = theirs(stored(&world.market).await);
    for (key, item) in before.iter().filter(|(key, item)| after.get(*key) != Some(item)) {
        faults.push(format!("{key} was {item} and is {:?}", after.get(key)));
    }
    faults.extend(after.keys().filter(|key| !before.contains_key(*key)).map(|key| format!("{key} is new")));
    (shown.len(), cases, faults)
}
