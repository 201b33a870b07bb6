//! What accounts come to is what their entries come to: however much of it is kept, whoever keeps it, and however late
//! something is booked.

use std::{
    collections::BTreeMap,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use futures::future::{join, join_all};
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use souk::{
    id::EventId,
    ledger::{self, Account, Draft, Entry},
    money::Money,
};
use souk_cloud::{CallInfo, Fault, Faults};
use souk_local::engine::Happening;
use souk_tests::{Dice, Jitter, TestMarket, until};

const MONTHS: [&str; 3] = ["2026-02", "2026-03", "2026-04"];

/// Markets in which everything meets.
const SEEDS: u64 = 8;

/// Debits and credits, by month and account.
type Books = BTreeMap<(String, String), (i64, i64)>;

fn entry(number: u128, at: Timestamp, amount: i64) -> Entry {
    let euros = Money::new(amount, "EUR".parse().unwrap());
    let draft = Draft::new().debit(Account::ProviderClearing, euros).unwrap();
    let lines = draft.credit(Account::Sales, euros).unwrap().balanced().unwrap().unwrap();
    Entry::new(EventId::from_bits(number), at, "order.payment_captured", "test", None, lines)
}

async fn post(market: &TestMarket, entry: &Entry) -> bool {
    ledger::post(&market.app(), market.tenant(), entry).await.unwrap()
}

fn hours(market: &TestMarket, ago: i64) -> Timestamp {
    market.clock().now() - SignedDuration::from_hours(ago)
}

fn text(value: &Value) -> String {
    value.as_str().unwrap().to_owned()
}

/// All items of a partition.
async fn items(market: &TestMarket, table: &str, family: &str) -> Vec<Value> {
    let (table, pk) = (market.table(table), format!("{}/{family}", market.tenant()));
    let (mut items, mut from) = (Vec::new(), Value::Null);
    loop {
        let mut query = json!({
            "TableName": table, "KeyConditionExpression": "pk = :pk", "ConsistentRead": true,
            "ExpressionAttributeValues": {":pk": {"S": pk}},
        });
        if !from.is_null() {
            query["ExclusiveStartKey"] = from;
        }
        let page = market.dynamodb("Query", query).await;
        items.extend(page["Items"].as_array().unwrap().clone());
        from = page["LastEvaluatedKey"].clone();
        if from.is_null() {
            return items;
        }
    }
}

/// What all entries come to, read by hand; those of a month that stand before `until`.
async fn by_hand(market: &TestMarket, until: impl Fn(&str) -> Option<String>) -> Books {
    let mut books = Books::new();
    for item in items(market, "-events", "ledger").await {
        let place = text(&item["sk"]["S"]);
        let month = place[..7].to_owned();
        if until(&month).is_none_or(|until| place >= until) {
            continue;
        }
        for line in item["lines"]["L"].as_array().unwrap() {
            let amount: i64 = line["M"]["amount"]["M"]["amount"]["N"].as_str().unwrap().parse().unwrap();
            let sum = books.entry((month.clone(), text(&line["M"]["account"]["S"]))).or_default();
            if line["M"]["side"]["S"] == "debit" { sum.0 += amount } else { sum.1 += amount }
        }
    }
    books
}

/// What is kept of the months, and up to when.
async fn kept(market: &TestMarket) -> (Books, BTreeMap<String, String>) {
    let (mut books, mut untils) = (Books::new(), BTreeMap::new());
    for item in items(market, "-state", "ledger/balances").await {
        let month = text(&item["sk"]["S"]);
        if let Some(until) = item["until"]["S"].as_str() {
            untils.insert(month.clone(), until.to_owned());
        }
        for (name, amount) in item.as_object().unwrap() {
            let [_, account, side] = name.split('/').collect::<Vec<_>>()[..] else { continue };
            let amount: i64 = amount["N"].as_str().unwrap().parse().unwrap();
            let sum = books.entry((month.clone(), account.to_owned())).or_default();
            if side == "debit" { sum.0 += amount } else { sum.1 += amount }
        }
    }
    (books, untils)
}

/// What the API says of each of these months, and of all of them.
async fn told(market: &TestMarket, months: &[&str]) -> Books {
    let (mut books, staff) = (Books::new(), market.staff().0);
    for month in months {
        let path = format!("/v1/ledger/accounts?from={month}&to={month}");
        for row in staff.get(&path).await.expect(200).json["data"].as_array().unwrap() {
            let sums = (row["debit"].as_i64().unwrap(), row["credit"].as_i64().unwrap());
            books.insert(((*month).to_owned(), text(&row["account"])), sums);
        }
    }
    let whole = staff.get("/v1/ledger/accounts").await.expect(200);
    for row in whole.json["data"].as_array().unwrap() {
        let of_account = books.iter().filter(|((_, account), _)| row["account"] == **account);
        let sums = of_account.fold((0, 0), |sum, (_, more)| (sum.0 + more.0, sum.1 + more.1));
        assert_eq!((row["debit"].as_i64(), row["credit"].as_i64()), (Some(sums.0), Some(sums.1)));
    }
    balanced(market).await;
    books
}

async fn balanced(market: &TestMarket) {
    let trial = market.staff().0.get("/v1/ledger/trial-balance").await.expect(200);
    for total in trial.json["totals"].as_array().unwrap() {
        assert_eq!(total["debit"], total["credit"], "{}", trial.text);
    }
}

/// Holds what is told, and what is kept, against the entries.
async fn check(market: &TestMarket, months: &[&str]) {
    assert_eq!(told(market, months).await, by_hand(market, |_| Some("~".to_owned())).await, "what is told");
    let (books, untils) = kept(market).await;
    assert_eq!(books, by_hand(market, |month| untils.get(month).cloned()).await, "what is kept");
}

async fn carry(market: &TestMarket) {
    ledger::carry_forward(&market.app(), market.tenant()).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn what_is_booked_behind_the_balances_is_added_to_them_once() {
    let market = TestMarket::open(|_| {}).await;
    assert!(post(&market, &entry(1, hours(&market, 0), 100)).await);
    let (young, behind) = (entry(2, hours(&market, 1), 20), entry(3, hours(&market, 2), 3));
    market.leap(SignedDuration::from_hours(20));
    // Late, but nothing is kept yet that it could be behind of.
    assert!(post(&market, &young).await);
    assert!(!post(&market, &young).await);
    check(&market, &MONTHS).await;
    carry(&market).await;
    assert_eq!(kept(&market).await.0[&("2026-03".into(), "sales".into())], (0, 120));
    assert!(post(&market, &behind).await);
    assert_eq!(kept(&market).await.0[&("2026-03".into(), "sales".into())], (0, 123));
    for booked in [&young, &behind] {
        assert!(!post(&market, booked).await, "an event is booked once");
    }
    check(&market, &MONTHS).await;
    // It is of a month of which nothing else is, before all that is known.
    assert!(post(&market, &entry(4, hours(&market, 40 * 24), 4)).await);
    check(&market, &["2026-01", "2026-02", "2026-03"]).await;
    carry(&market).await;
    check(&market, &["2026-01", "2026-02", "2026-03"]).await;
    assert_eq!(kept(&market).await.1.len(), 2);
}

/// Months begin and end while nothing is sold, while something is, and while nobody looks.
#[tokio::test(start_paused = true)]
async fn months_follow_each_other_without_a_hole() {
    let market = TestMarket::open(|_| {}).await;
    let months = ["2026-03", "2026-04", "2026-05", "2026-06", "2026-07"];
    for (number, days) in (1..).zip([20, 10, 2, 61, 1, 1]) {
        post(&market, &entry(number, hours(&market, 0), 7)).await;
        check(&market, &months).await;
        market.leap(SignedDuration::from_hours(days * 24));
        check(&market, &months).await;
        if number % 2 == 0 {
            carry(&market).await;
            check(&market, &months).await;
        }
    }
    let (_, untils) = kept(&market).await;
    let until: Vec<_> = untils.values().map(String::as_str).collect();
    assert_eq!(until[..2], ["2026-04-01T00:00:00.000Z", "2026-05-01T00:00:00.000Z"]);
    // What is booked into a month that is over is added to it.
    for (number, days) in (50..).zip([90, 60, 30, 0]) {
        assert!(post(&market, &entry(number, hours(&market, days * 24), 1000)).await);
        check(&market, &months).await;
    }
    let books = told(&market, &months).await;
    let of = |month: &str| books[&(month.to_owned(), "sales".to_owned())].1;
    let april = "/v1/ledger/accounts/sales?currency=EUR&period=2026-04";
    let april = market.staff().0.get(april).await.expect(200);
    let (opening, closing) = (of("2026-03"), of("2026-03") + of("2026-04"));
    assert_eq!((&april.json["opening"], &april.json["closing"]), (&json!(opening), &json!(closing)));
}

/// Delays whoever puts balances where the other one is.
#[derive(Default)]
struct SlowToKeep(AtomicBool);

impl Faults for SlowToKeep {
    fn before(&self, call: &CallInfo) -> Option<Fault> {
        let keeps =
            call.operation == "PutItem" && call.keys.iter().any(|(_, key)| key.ends_with("/balances"));
        (keeps && self.0.load(Ordering::Relaxed)).then(|| Fault::Delay(Duration::from_secs(60)))
    }
}

/// Who sums entries has read them all, and writes a minute later what they come to. Meanwhile something is booked late.
#[tokio::test(start_paused = true)]
async fn what_is_booked_while_somebody_sums_is_not_lost() {
    let slow = Arc::new(SlowToKeep::default());
    let faults = Arc::clone(&slow);
    let market = TestMarket::open(|options| options.faults = Some(faults)).await;
    // Hours ago that something happened that is booked only now. At first, nothing is kept; then some of it is behind
    // what is kept, and some before.
    for (round, late) in (1..).zip([9, 9, 40]) {
        post(&market, &entry(round, hours(&market, 0), 100)).await;
        market.leap(SignedDuration::from_hours(20));
        let (_, before) = kept(&market).await;
        slow.0.store(true, Ordering::Relaxed);
        let meanwhile = async {
            tokio::time::sleep(Duration::from_secs(30)).await;
            assert!(post(&market, &entry(100 + round, hours(&market, late), 1)).await);
        };
        join(carry(&market), meanwhile).await;
        slow.0.store(false, Ordering::Relaxed);
        assert_eq!(kept(&market).await.1, before, "who summed gave way");
        check(&market, &MONTHS).await;
        carry(&market).await;
        assert_ne!(kept(&market).await.1, before);
        check(&market, &MONTHS).await;
    }
}

/// Two who sum at once have read the same, or something else: one of them keeps it, once.
#[tokio::test(start_paused = true)]
async fn who_sums_at_the_same_time_keeps_it_once() {
    let slow = Arc::new(SlowToKeep::default());
    let faults = Arc::clone(&slow);
    let market = TestMarket::open(|options| options.faults = Some(faults)).await;
    for round in 1..4 {
        post(&market, &entry(round, hours(&market, 0), 100)).await;
        market.leap(SignedDuration::from_hours(20));
        slow.0.store(true, Ordering::Relaxed);
        let later = async {
            tokio::time::sleep(Duration::from_secs(30)).await;
            // It has got later, so it reads and keeps more.
            market.leap(SignedDuration::from_hours(1));
            slow.0.store(false, Ordering::Relaxed);
            join(carry(&market), carry(&market)).await;
            check(&market, &MONTHS).await;
        };
        join(carry(&market), later).await;
        check(&market, &MONTHS).await;
    }
    assert_eq!(kept(&market).await.0[&("2026-03".into(), "sales".into())], (0, 300));
}

#[tokio::test(start_paused = true)]
async fn who_reads_many_entries_keeps_what_they_come_to() {
    let market = TestMarket::open(|_| {}).await;
    for number in 0..250 {
        post(&market, &entry(number, hours(&market, 0), 5)).await;
    }
    // They are young, so whoever reads has to read them all.
    let first = read_units(&market).await;
    assert!(kept(&market).await.1.is_empty());
    market.leap(SignedDuration::from_hours(9));
    assert_eq!(read_units(&market).await, first);
    assert_eq!(kept(&market).await.1.len(), 1);
    let then = read_units(&market).await;
    assert!(then * 5 < first, "{first} half units at first, then {then}");
    check(&market, &MONTHS).await;
}

/// Half units that reading a trial balance takes.
async fn read_units(market: &TestMarket) -> u64 {
    let before = market.happenings().len();
    market.staff().0.get("/v1/ledger/trial-balance").await.expect(200);
    let calls = market.happenings().split_off(before).into_iter().filter_map(|happening| match happening {
        Happening::Call(call) if call.caller == "ledger" => Some(call.read_units.halves()),
        _ => None,
    });
    calls.sum()
}

/// Everybody at once, again and again, with clocks that jump by ten minutes: bookings in time and late ones, each twice,
/// people who read and people who sum.
#[tokio::test(start_paused = true)]
async fn whatever_meets_the_books_are_right() {
    for seed in 0..SEEDS {
        let market = TestMarket::open(|options| options.faults = Some(Arc::new(Jitter::seeded(seed)))).await;
        let (mut dice, mut numbers) = (Dice::of(seed), 0..);
        for _ in 0..6 {
            let market = &market;
            let acts: Vec<_> =
                numbers.by_ref().take(16).map(|number| (number, dice.below(8), dice.below(4))).collect();
            let minutes: Vec<_> = acts.iter().map(|_| dice.amount(60 * 24 * 8)).collect();
            let all = acts.into_iter().zip(minutes).map(|((number, act, kind), minutes)| async move {
                tokio::time::sleep(Duration::from_millis(minutes.unsigned_abs() % 50)).await;
                match act {
                    0 | 1 => carry(market).await,
                    2 => balanced(market).await,
                    3 => market.leap(SignedDuration::from_mins(minutes % 21 - 10)),
                    _ => {
                        // Half of them are nearly in time.
                        let ago = if kind < 2 { minutes % 600 } else { minutes };
                        let at = market.clock().now() - SignedDuration::from_mins(ago);
                        let entry = entry(number, at, 1 << (number % 30));
                        let (one, two) = join(post(market, &entry), post(market, &entry)).await;
                        assert!(one != two, "booked once");
                    }
                }
            });
            join_all(all).await;
            check(market, &MONTHS).await;
            market.leap(SignedDuration::from_hours(dice.amount(5 * 24)));
            check(market, &MONTHS).await;
        }
        assert!(!kept(&market).await.1.is_empty());
    }
}

/// What the stream brings hours later is booked all the same, by who may look at the balances for it.
#[tokio::test(start_paused = true)]
async fn what_follows_orders_too_late_is_left_to_who_books_late() {
    let market = TestMarket::with_mugs(9).await;
    for booked in [1, 2] {
        let order = market.shopper().buy("MUG", 1, "pm_card_visa").await;
        until(&market.shopper().0, &order, |order| order["payment"]["status"] == "captured").await;
        let before = market.happenings().len();
        market.leap(SignedDuration::from_hours(9));
        carry(&market).await;
        market.market.settled().await;
        assert_eq!(told(&market, &MONTHS).await[&("2026-03".into(), "sales".into())], (0, 1250 * booked));
        check(&market, &MONTHS).await;
        let calls = market.happenings().split_off(before);
        let wrote = |caller: &str| {
            let mut calls = calls.iter().filter_map(|happening| match happening {
                Happening::Call(call) if call.caller == caller => Some(call),
                _ => None,
            });
            calls.any(|call| call.keys.iter().any(|(_, key)| key.contains("/ledger")))
        };
        assert_eq!((wrote("follow-orders"), wrote("post-ledger")), (false, true));
    }
}
