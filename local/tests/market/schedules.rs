use std::time::Duration;

use serde_json::json;
use souk::runtime::Kind;
use souk_local::engine::Market;

use crate::toys::{Diary, Toys, failure, function};

#[tokio::test(start_paused = true)]
async fn a_schedule_fires_at_its_rate_with_the_schedulers_event() {
    let diary = Diary::default();
    let noted = diary.clone();
    let tick = function("tick", Kind::Schedule, move |_, event| {
        noted.note(&event);
        async { Ok(json!(null)) }
    });
    let mut options = Toys::new().with(tick).options();
    options.schedules = true;
    let market = Market::open(options).await.unwrap();
    tokio::time::sleep(Duration::from_secs(185)).await;
    market.settled().await;
    let events = diary.events();
    assert_eq!(events.len(), 3);
    assert_eq!(events[0]["time"], "2026-01-01T00:01:00Z");
    assert_eq!(events[0]["source"], "aws.scheduler");
    assert_eq!(events[0]["detail-type"], "Scheduled Event");
    assert_eq!(
        events[0]["resources"],
        json!(["arn:aws:scheduler:eu-central-1:000000000000:schedule/default/TickMinute"])
    );
}

#[tokio::test(start_paused = true)]
async fn a_failed_run_is_tried_twice_more() {
    let diary = Diary::default();
    let noted = diary.clone();
    let tick = function("tick", Kind::Schedule, move |_, event| {
        noted.note(&event);
        async { Err(failure("no")) }
    });
    let mut options = Toys::new().with(tick).options();
    options.schedules = true;
    options.template = options.template.replace("rate(1 minute)", "rate(1 hour)");
    let market = Market::open(options).await.unwrap();
    tokio::time::sleep(Duration::from_secs(3601)).await;
    market.settled().await;
    assert_eq!(diary.events().len(), 3);
}
