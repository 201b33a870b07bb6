//! What only answers carry can't be written (guards.md, 23): every field that any answer has, on every write.

use std::collections::BTreeSet;

use http::Method;
use jiff::SignedDuration;
use serde_json::{Value, json};
use souk::limit::policy::{Class, class_of};

use crate::{
    forgeries::stored,
    walk::{Body, Of, World, of_place, stops},
};

/// The properties of the schemas that `value` leads to.
fn fields(description: &Value, value: &Value, seen: &mut BTreeSet<String>, found: &mut BTreeSet<String>) {
    match value {
        Value::Object(object) => {
            if let Some(name) = object.get("$ref").and_then(Value::as_str)
                && seen.insert(name.to_owned())
            {
                let schema = description.pointer(name.trim_start_matches('#')).unwrap();
                fields(description, schema, seen, found);
            }
            if let Some(properties) = object.get("properties").and_then(Value::as_object) {
                found.extend(properties.keys().cloned());
            }
            object.values().for_each(|inner| fields(description, inner, seen, found));
        }
        Value::Array(items) => items.iter().for_each(|inner| fields(description, inner, seen, found)),
        _ => {}
    }
}

fn of(description: &Value, value: &Value) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    fields(description, value, &mut BTreeSet::new(), &mut found);
    found
}

/// The fields that a request's body has.
fn written(description: &Value, body: &Value) -> BTreeSet<String> {
    let schema = &body["content"]["application/json"]["schema"];
    let named = schema["$ref"].as_str().and_then(|name| description.pointer(name.trim_start_matches('#')));
    let properties = named.unwrap_or(schema)["properties"].as_object();
    properties.into_iter().flat_map(|properties| properties.keys().cloned()).collect()
}

/// Every field that some answer has.
fn answered(description: &Value) -> BTreeSet<String> {
    let operations = description["paths"].as_object().unwrap().values();
    let operations = operations.flat_map(|path| path.as_object().unwrap().values());
    operations.flat_map(|operation| of(description, &operation["responses"])).collect()
}

#[tokio::test(start_paused = true)]
async fn nothing_that_only_answers_have_can_be_written() {
    let functions = souk_local::functions();
    let description = serde_json::to_value(souk::http::describe(&functions)).unwrap();
    let answered = answered(&description);
    assert!(answered.len() > 60, "only {} fields", answered.len());
    for name in ["id", "version", "created_at", "status", "scopes", "limits", "quotas", "email_verified"] {
        assert!(answered.contains(name), "{name} is in no answer");
    }
    let (stops, _) = stops(&functions);
    let world = World::open(functions).await;
    let place = &world.places[0];
    let people = of_place(&world, place, false).await;
    let by = |name: &str| people.iter().find(|person| person.name.starts_with(name)).unwrap();
    world.market.market.settled().await;
    let before = stored(&world.market).await;
    let (mut cases, mut writes, mut faults) = (0, 0, Vec::new());
    for stop in stops.iter().filter(|stop| stop.method != Method::GET) {
        let body = match (stop.sample.body)(&world, place) {
            Body::Json(body) => body,
            Body::None => json!({}),
            // OAuth tells servers to ignore what they don't know.
            Body::Form(_) => continue,
        };
        // A provider's notice is the provider's own.
        if stop.path.starts_with("/v1/payment-events/") {
            continue;
        }
        let path = stop.path.as_str();
        let method = stop.method.as_str().to_lowercase();
        let written = written(&description, &description["paths"][path][&method]["requestBody"]);
        let person = match (stop.sample.of, stop.sample.scope) {
            (Of::Customers, _) => by("customer 0"),
            (_, Some("account:own")) => by("owner"),
            _ => by("the secret key"),
        };
        let known = |kind| place.known(kind, None).unwrap().to_owned();
        let path = stop.path_of(&stop.sample.ids.iter().map(|kind| known(*kind)).collect::<Vec<_>>());
        writes += 1;
        for name in answered.difference(&written) {
            let mut body = body.clone();
            body[name] = json!("x");
            // As seldom as its stricter limit lets people come; a secret key stands for many of them.
            match class_of(&stop.key).filter(|_| stop.sample.scope == Some("account:own")) {
                None => {}
                Some(Class::Registration | Class::PasswordReset) => {
                    world.market.leap(SignedDuration::from_mins(4));
                }
                Some(_) => world.market.leap(SignedDuration::from_secs(4)),
            }
            let answer = world.send(person, &stop.method, &path, &Body::Json(body)).await;
            cases += 1;
            let status = answer.status.as_u16();
            if status != 422 || !answer.text_at("/param").contains(name.as_str()) {
                faults.push(format!("{} with {name}: {status} {}", stop.key, answer.text));
            }
        }
    }
    world.market.market.settled().await;
    println!("{} fields of answers on {writes} writes: {cases} cases", answered.len());
    let after = stored(&world.market).await;
    let own = |key: &String| !key.contains("limit/");
    // When a key was last used is noted, whatever it is used for.
    let unused = |item: &String| {
        let mut item: Value = serde_json::from_str(item).unwrap();
        item.as_object_mut().unwrap().retain(|name, _| name != "noted_at" && name != "last_used_at");
        item
    };
    let changed = |key: &String, item: &String| before.get(key).map(unused) != Some(unused(item));
    for (key, item) in after.iter().filter(|(key, item)| own(key) && changed(key, item)) {
        faults.push(format!("{key} was {:?} and is {item}", before.get(key)));
    }
    faults.truncate(40);
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}
