use std::time::Duration;

use serde_json::{json, value::RawValue};
use souk::runtime::Kind;
use souk_local::engine::{Failure, Market};

use crate::toys::{Diary, Toys, function, put, send};

async fn refusal(options: souk_local::engine::MarketOptions) -> String {
    Market::open(options).await.err().map(|error| error.to_string()).unwrap_or_default()
}

#[tokio::test(start_paused = true)]
async fn template_and_code_must_agree() {
    let mut options = Toys::new().options();
    options.functions.pop();
    assert_eq!(
        refusal(options).await,
        r#"the template's function Tick is built from "tick", and no function is called so"#
    );
    let extra = function("extra", Kind::Direct, |_, _| async { Ok(json!(null)) });
    assert_eq!(
        refusal(Toys::new().with(extra).options()).await,
        r#"the function "extra" isn't in the template"#
    );
}

#[tokio::test(start_paused = true)]
async fn a_queue_must_hide_messages_for_longer_than_its_function_may_take() {
    let mut options = Toys::new().options();
    options.template = options.template.replace("VisibilityTimeout: 30", "VisibilityTimeout: 4");
    assert!(refusal(options).await.contains("visibility timeout of 4 s is less than"));
}

#[tokio::test(start_paused = true)]
async fn a_function_is_invoked_by_any_of_its_names() {
    let market = Toys::new().open().await;
    let event = || RawValue::from_string("{}".to_owned()).unwrap();
    for name in ["Tick", "tick", "souk-Tick", "arn:aws:lambda:eu-central-1:000000000000:function:souk-Tick"] {
        assert_eq!(market.invoke(name, event()).await.unwrap().get(), "{}");
    }
    assert!(matches!(market.invoke("tock", event()).await, Err(Failure::Unknown(_))));
}

#[tokio::test(start_paused = true)]
async fn an_idle_market_stays_idle() {
    let market = Toys::new().open().await;
    market.settled().await;
    assert!(market.is_settled());
    send(&market, "x").await;
    assert!(!market.is_settled());
    market.settled().await;
}

#[tokio::test(start_paused = true)]
async fn closing_waits_for_what_runs_and_takes_nothing_more() {
    let diary = Diary::default();
    let noted = diary.clone();
    let work = function("work", Kind::Queue, move |_, event| {
        let noted = noted.clone();
        async move {
            tokio::time::sleep(Duration::from_secs(3)).await;
            noted.note(&event);
            Ok(json!({}))
        }
    });
    let market = Toys::new().with(work).open().await;
    // Five batches run at once; the others wait in the queue.
    for n in 0..100 {
        send(&market, &n.to_string()).await;
    }
    tokio::time::sleep(Duration::from_millis(10)).await;
    market.close().await;
    assert_eq!(diary.records("/body").concat().len(), 50, "what ran has ended, and nothing else began");
    tokio::time::sleep(Duration::from_secs(60)).await;
    assert_eq!(diary.events().len(), 5);
}

#[tokio::test(start_paused = true)]
async fn closing_lets_the_batch_of_a_stream_end_and_keeps_its_place() {
    let watch = function("watch", Kind::Stream, |_, _| async {
        tokio::time::sleep(Duration::from_secs(3)).await;
        Ok(json!({}))
    });
    let market = Toys::new().with(watch).open().await;
    put(&market, "a", "1").await;
    tokio::time::sleep(Duration::from_millis(10)).await;
    market.close().await;
    assert!(market.is_settled(), "the record is passed, not to be worked on again");
}

#[tokio::test]
async fn a_market_dropped_in_the_middle_goes_on_where_its_folder_says() {
    let folder = std::env::temp_dir().join(format!("souk-local-test-{}", std::process::id()));
    let _ = std::fs::remove_dir_all(&folder);
    let diary = Diary::default();
    let options = |stuck: bool| {
        let noted = diary.clone();
        let watch = function("watch", Kind::Stream, move |_, event| {
            let noted = noted.clone();
            async move {
                if stuck {
                    std::future::pending::<()>().await;
                }
                noted.note(&event);
                Ok(json!({}))
            }
        });
        let noted = diary.clone();
        let work = function("work", Kind::Queue, move |_, event| {
            noted.note(&event);
            async { Ok(json!({})) }
        });
        let mut options = Toys::new().with(watch).with(work).options();
        options.template = options.template.replace("VisibilityTimeout: 30", "VisibilityTimeout: 5");
        options.clock = souk::runtime::Clock::system();
        options.data = Some(folder.clone());
        options
    };
    let market = Market::open(options(true)).await.unwrap();
    put(&market, "a", "1").await;
    tokio::time::sleep(Duration::from_millis(50)).await;
    drop(market);
    assert_eq!(diary.events().len(), 0);
    let market = Market::open(options(false)).await.unwrap();
    market.settled().await;
    assert_eq!(diary.records("/dynamodb/Keys/pk/S").concat(), ["a"]);
    drop(market);
    let market = Market::open(options(false)).await.unwrap();
    market.settled().await;
    assert_eq!(diary.events().len(), 1, "what is done stays done");
    std::fs::remove_dir_all(&folder).unwrap();
}
