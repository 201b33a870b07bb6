//! Values that nothing else holds, in every personal and secret field of every request that has one. They are in no log
//! line, error, metric, queue, dead letter, failed record, event, other secret and answer that refuses; and after an
//! erasure in no stored byte.

mod kept;
mod story;
mod watch;

use souk_tests::TestMarket;
use tracing_subscriber::util::SubscriberInitExt as _;

use jiff::SignedDuration;
use kept::{keep_stream_records, kept, plant};
use story::{ISSUER, Story};
use watch::{Watch, found, stored};

use crate::forge::{Key, World};

/// A market that is heard, and what was told there.
async fn told() -> (TestMarket, Watch, Story) {
    let watch = Watch::default();
    let guard = watch.subscriber().set_default();
    let functions = watch.functions();
    let world = World::default();
    world.issuer(ISSUER, &[Key::rsa(0).jwk("rsa-1")]);
    let market = TestMarket::open(|options| {
        options.functions = functions;
        options.outside = Some(world.outside());
        options.environment.insert("LOG_LEVEL".to_owned(), "trace".to_owned());
    })
    .await;
    keep_stream_records(&market);
    let story = Story::of(&market, &watch).await;
    market.market.settled().await;
    drop(guard);
    (market, watch, story)
}

#[tokio::test(start_paused = true)]
async fn what_people_say_in_confidence_is_repeated_nowhere() {
    let (market, watch, story) = told().await;
    let said = watch.everything(&market);
    let heard = |place: &str| said.iter().filter(|(at, _)| *at == place).count();
    for (place, least) in [("a log line", 100), ("a message", 8), ("a refusal", 20), ("a happening", 500)] {
        assert!(heard(place) >= least, "{} of {place}: the test is deaf", heard(place));
    }
    assert!(story.canaries().len() >= 30, "{:?}", story.canaries());
    let leaks = found(&said, &story.canaries());
    assert!(leaks.is_empty(), "{} leaks:\n{}", leaks.len(), leaks.join("\n"));
    let logs: Vec<_> = said.into_iter().filter(|(place, _)| *place == "a log line").collect();
    let leaks = found(&logs, &story.free_text());
    assert!(leaks.is_empty(), "{} leaks of free text:\n{}", leaks.len(), leaks.join("\n"));
    let (kept, poisoned) = kept(&market).await;
    let heard = |place: &str| kept.iter().filter(|(at, _)| *at == place).count();
    let (secrets, records) = (heard("a secret"), heard("a stream record"));
    assert!(secrets >= 2 && records >= 100, "{secrets} secrets, {records} records: the test is blind");
    let aside = |place: &str| poisoned.iter().filter(|(at, _)| *at == place).count();
    let (letters, batches) = (aside("a dead letter"), aside("a failed record"));
    // Both who read the stream of facts give the unreadable one up.
    assert!(letters >= 6 && batches == 2, "{letters} letters and {batches} batches were set aside");
    let mut unspoken = story.canaries();
    // What is stored as it comes is in the streams for a day, as it is in the table.
    unspoken.retain(|canary| !story.clear().contains(canary));
    let leaks = found(&kept, &unspoken);
    assert!(leaks.is_empty(), "{} leaks:\n{}", leaks.len(), leaks.join("\n"));
}

#[tokio::test(start_paused = true)]
async fn what_is_planted_where_aws_keeps_it_is_found() {
    let market = TestMarket::open(|_| {}).await;
    keep_stream_records(&market);
    let canary = ["a planted canary".to_owned()];
    assert!(found(&kept(&market).await.0, &canary).is_empty());
    plant(&market, &canary[0]).await;
    market.market.settled().await;
    let leaks = found(&kept(&market).await.0, &canary);
    for place in ["a secret", "a stream record", "a dead letter", "a failed record"] {
        assert!(leaks.iter().any(|leak| leak.contains(&format!(" in {place}: "))), "{place}: {leaks:?}");
    }
    assert!(stored(&market, &canary).await.is_empty(), "the table itself has forgotten it");
}

#[tokio::test(start_paused = true)]
async fn an_erased_person_is_in_no_stored_byte() {
    let (market, watch, story) = told().await;
    let before = stored(&market, &story.clear()).await;
    assert!(!before.is_empty(), "what is stored in the clear is found before");
    assert!(stored(&market, &story.sealed()).await.is_empty(), "what is personal is sealed");
    story.erase(&market).await;
    let mut all = story.sealed();
    all.extend(story.clear());
    all.extend(story.secrets.clone());
    let left = stored(&market, &all).await;
    assert!(left.is_empty(), "{} left:\n{}", left.len(), left.join("\n"));
    let said = watch.everything(&market);
    let leaks = found(&said, &story.canaries());
    assert!(leaks.is_empty(), "{}", leaks.join("\n"));
    // The streams still tell of the person, in sealed bytes, whose key is gone; a day later nothing at all.
    let (left, _) = kept(&market).await;
    let of_theirs = |(place, text): &&(&'static str, String)| {
        *place == "a stream record" && text.contains(story.customer()) && text.contains("\"profile\"")
    };
    assert!(left.iter().filter(of_theirs).count() >= 2, "the streams hold the person's profile, sealed");
    let mut personal = story.sealed();
    personal.extend(story.secrets.clone());
    let leaks = found(&left, &personal);
    assert!(leaks.is_empty(), "{} left:\n{}", leaks.len(), leaks.join("\n"));
    market.leap(SignedDuration::from_hours(25));
    market.market.cloud().dynamodb.sweep_ttl();
    let leaks = found(&kept(&market).await.0, &all);
    assert!(leaks.is_empty(), "{} left:\n{}", leaks.len(), leaks.join("\n"));
}
