//! Values that nothing else holds, in every personal and secret field of every request that has one. They are in no log
//! line, error, metric, queue, dead letter, event and answer that refuses; and after an erasure in no stored byte.

mod story;
mod watch;

use souk_tests::TestMarket;
use tracing_subscriber::util::SubscriberInitExt as _;

use story::Story;
use watch::{Watch, found, stored};

/// A market that is heard, and what was told there.
async fn told() -> (TestMarket, Watch, Story) {
    let watch = Watch::default();
    let guard = watch.subscriber().set_default();
    let functions = watch.functions();
    let market = TestMarket::open(|options| {
        options.functions = functions;
        options.environment.insert("LOG_LEVEL".to_owned(), "trace".to_owned());
    })
    .await;
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
    for (place, least) in [("a log line", 100), ("a message", 10), ("a refusal", 20), ("a happening", 500)] {
        assert!(heard(place) >= least, "{} of {place}: the test is deaf", heard(place));
    }
    assert!(story.canaries().len() >= 30, "{:?}", story.canaries());
    let leaks = found(&said, &story.canaries());
    assert!(leaks.is_empty(), "{} leaks:\n{}", leaks.len(), leaks.join("\n"));
    let logs: Vec<_> = said.into_iter().filter(|(place, _)| *place == "a log line").collect();
    let leaks = found(&logs, &story.free_text());
    assert!(leaks.is_empty(), "{} leaks of free text:\n{}", leaks.len(), leaks.join("\n"));
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
}
