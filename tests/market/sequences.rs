//! Random sequences of captures, refunds, edits, returns and cancellations through the API, against the sandbox. After
//! each step, what the provider has, what the orders say and what the books say is the same.

use serde_json::{Value, json};
use souk::payment::{PaymentKey, Provider as _, ProviderPayment, Sandbox};
use souk_tests::{Answer, Api, Dice, TestMarket};

/// Orders of each seed, one after the other, and steps of each order at the most.
const ORDERS: u64 = 9;
const STEPS: u64 = 7;

fn euros(amount: i64) -> Value {
    json!({"amount": amount, "currency": "EUR"})
}

fn cents(value: &Value) -> i64 {
    value.as_i64().unwrap_or_else(|| panic!("{value}"))
}

struct Scene {
    market: TestMarket,
    staff: Api,
    dice: Dice,
    seed: u64,
    /// What refunds may go to beside where the money came from.
    card: String,
    /// The shipping method.
    parcel: String,
    /// The orders that the provider knows.
    known: usize,
    /// How often each answer was given.
    done: u32,
    refused: u32,
}

impl Scene {
    /// A store of German prices with or without tax, a discount, and a parcel that costs something.
    async fn open(seed: u64) -> Self {
        let market = TestMarket::with_mugs(500).await;
        let staff = market.staff().0;
        market.staff().sell("PLATE", 333, 500).await;
        let rounding = if seed.is_multiple_of(3) { "total" } else { "line" };
        let policy = json!({"rounding": rounding, "prices_include_tax": seed.is_multiple_of(2)});
        staff
            .patch("/v1/store", json!({"tax_origin": {"country": "DE"}, "price_policy": policy}))
            .await
            .expect(200);
        let rate = json!({"name": "VAT DE", "place": {"country": "DE"}, "rate": "19"});
        staff.post("/v1/tax-rates", rate).await.expect(201);
        let off = json!({"name": "A bit off", "actions": [{"type": "percent_off", "percent": "7.5"}]});
        staff.post("/v1/promotions", off).await.expect(201);
        let zone = json!({"name": "Everywhere", "methods": [
            {"name": "Parcel", "rates": [{"currency": "EUR", "tiers": [{"price": euros(490)}]}]}]});
        let zone = staff.post("/v1/shipping/zones", zone).await.expect(201);
        let parcel = zone.text_at("/methods/0/id").to_owned();
        let card = staff.post("/v1/gift-cards", json!({"amount": euros(100)})).await.expect(201);
        let card = card.text_at("/id").to_owned();
        Self { market, staff, dice: Dice::of(seed), seed, card, parcel, known: 0, done: 0, refused: 0 }
    }

    /// A customer's order, of which a gift card may pay a part.
    async fn order(&mut self) -> String {
        let shopper = self.market.shopper();
        let cart = shopper.cart("MUG", u32::try_from(self.dice.below(3) + 1).unwrap()).await;
        if self.dice.below(2) == 0 {
            let plates = json!({"sku": "PLATE", "quantity": self.dice.below(4) + 1});
            shopper.0.post(&format!("{cart}/lines"), plates).await.expect(200);
        }
        let mut change = json!({"shipping_method": self.parcel});
        if self.dice.below(3) == 0 {
            let amount = euros(self.dice.amount(5000) + 1);
            let card = self.staff.post("/v1/gift-cards", json!({"amount": amount})).await.expect(201);
            change["gift_cards"] = json!([card.text_at("/code")]);
        }
        shopper.0.patch(&cart, change).await.expect(200);
        let method = self.dice.one_of(&["pm_card_visa", "pm_card_visa", "pm_card_pendingRefund"]);
        let capture = self.dice.one_of(&["automatic", "automatic", "manual"]);
        let pay = json!({"payment_method": method, "capture_method": capture});
        let id = cart.trim_start_matches("/v1/carts/");
        let placed = self.market.customer(7).call("POST /v1/carts/{id}/checkout", id, pay).await.expect(202);
        self.market.market.settled().await;
        placed.header("location").to_owned()
    }

    /// Something that staff do, sensible or not.
    async fn step(&mut self, order: &str) -> (String, Answer) {
        let dice = &mut self.dice;
        let (path, body) = match dice.below(10) {
            0 | 1 => {
                let amount = (dice.below(2) == 0).then(|| euros(dice.amount(3000)));
                ("captures", json!({"amount": amount}))
            }
            2..5 => {
                let mut refund = match dice.below(4) {
                    0 => json!({}),
                    1 => json!({"lines": [{"sku": "MUG", "quantity": 1}], "shipping": dice.below(2) == 0}),
                    _ => json!({"amount": euros(dice.amount(2500))}),
                };
                match dice.below(4) {
                    0 => refund["to"] = "store_credit".into(),
                    1 => {
                        refund["to"] = "gift_card".into();
                        refund["gift_card"] = self.card.as_str().into();
                    }
                    _ => {}
                }
                ("refunds", refund)
            }
            5 | 6 => {
                let mut lines = vec![json!({"sku": "MUG", "quantity": dice.below(4) + 1})];
                if dice.below(2) == 0 {
                    lines.push(json!({"sku": "PLATE", "quantity": dice.below(4) + 1}));
                }
                ("edits", json!({"lines": lines}))
            }
            7 => ("fulfillments", json!({})),
            8 => ("returns", json!({"lines": [{"sku": "MUG", "quantity": 1, "reason": "too-small"}]})),
            _ => ("cancel", json!({})),
        };
        let path = format!("{order}/{path}");
        let answer = self.staff.post(&path, body.clone()).await;
        let said = format!("POST {path} {body}: {} {}", answer.status, answer.code());
        if answer.status == 201 && path.ends_with("returns") {
            let lines = json!([{"sku": "MUG", "quantity": 1, "restock": true, "location": "berlin"}]);
            let receive = format!("{path}/{}/receive", answer.text_at("/id"));
            let refund = self.dice.below(2) == 0;
            let answer = self.staff.post(&receive, json!({"lines": lines, "refund": refund})).await;
            return (format!("{said}, receive {refund}: {} {}", answer.status, answer.code()), answer);
        }
        (said, answer)
    }

    /// What the provider has, what the orders say and what the books say is the same.
    async fn check(&self, order: &str, steps: &[String]) {
        let (id, told) =
            (order.trim_start_matches("/v1/orders/"), || format!("seed {}: {steps:#?}", self.seed));
        let payments = self.market.payments().await;
        let (mut captured, mut refunded) = (0, 0);
        for payment in &payments {
            assert!(cents(&payment["captures"]) <= 1, "{payment} {}", told());
        }
        let shown = self.staff.get(order).await.expect(200);
        for payment in self.at_the_sandbox(id).await {
            assert!(payment.kept().amount() >= 0, "{payment:?} {}", told());
            captured += payment.captured.amount();
            refunded += payment.refunded.amount();
        }
        let of_order = |field: &str| cents(&shown.json["payment"][field]["amount"]);
        assert_eq!((of_order("captured"), of_order("refunded")), (captured, refunded), "{}", told());
        let of_books = self.books_of(id).await;
        assert_eq!(of_books, captured - refunded, "the books of the order {}", told());
        let trial = self.staff.get("/v1/ledger/trial-balance").await.expect(200);
        for total in trial.json["totals"].as_array().unwrap() {
            assert_eq!(total["debit"], total["credit"], "{}", trial.text);
        }
    }

    /// The order's payments, as the provider itself tells them.
    async fn at_the_sandbox(&self, id: &str) -> Vec<ProviderPayment> {
        let (sandbox, order) = (Sandbox::new(self.market.app(), self.market.tenant()), id.parse().unwrap());
        let mut payments = Vec::new();
        // Not all of them are there: what a gift card pays whole, the provider never hears of.
        for number in 1..=u32::try_from(STEPS).unwrap() + 1 {
            payments.extend(sandbox.find(PaymentKey { order, number }).await.unwrap());
        }
        payments
    }

    /// What the ledger has of an order at the provider.
    async fn books_of(&self, id: &str) -> i64 {
        let entries = self.staff.get(&format!("/v1/ledger/entries?limit=100&order={id}")).await.expect(200);
        assert_eq!(entries.json["has_more"], false);
        let lines = entries.json["data"]
            .as_array()
            .unwrap()
            .iter()
            .flat_map(|entry| entry["lines"].as_array().unwrap());
        let signed = |line: &Value, account: &str| {
            let sign = if line["side"] == "debit" { 1 } else { -1 };
            if line["account"] == account { sign * cents(&line["amount"]["amount"]) } else { 0 }
        };
        // What the provider keeps for itself it has no more, and never gave back.
        lines.map(|line| signed(line, "provider_clearing") + signed(line, "fees")).sum()
    }

    /// The end of an order that has money on hold, so that nothing is in between.
    async fn end(&mut self, order: &str) {
        let shown = self.staff.get(order).await.expect(200);
        if shown.text_at("/payment/status") == "authorized" {
            let act = self.dice.one_of(&["captures", "cancel"]);
            self.staff.post(&format!("{order}/{act}"), json!({})).await;
            self.market.market.settled().await;
        }
        let id = order.trim_start_matches("/v1/orders/");
        self.known += usize::from(!self.at_the_sandbox(id).await.is_empty());
    }

    /// What cards and customers have is what is owed to them, nothing is in between, and the reconciliation agrees.
    async fn settle(&self) {
        // As long as the sweeper takes to see that nothing is left to do.
        tokio::time::sleep(std::time::Duration::from_secs(200)).await;
        self.market.market.settled().await;
        assert!(self.market.state_items("work").await.is_empty(), "no order is stuck");
        let trial = self.staff.get("/v1/ledger/trial-balance").await.expect(200);
        let of = |account: &str| {
            let row = trial.json["data"].as_array().unwrap().iter().find(|row| row["account"] == account);
            row.map_or(0, |row| cents(&row["credit"]) - cents(&row["debit"]))
        };
        let kept = self.market.all_items("-state").await;
        let balances = |kind: &str| -> i64 {
            kept.iter().filter(|item| item["kind"] == kind).map(|item| cents(&item["balance"])).sum()
        };
        assert_eq!(of("gift_card_liability"), balances("gift_card"), "seed {}", self.seed);
        assert_eq!(of("store_credit"), balances("store_credit"), "seed {}", self.seed);
        assert_eq!(of("deposits"), 0, "seed {}: {}", self.seed, trial.text);
        self.market.leap(jiff::SignedDuration::from_hours(1));
        self.market.invoke("reconcile", json!({})).await.unwrap();
        let reports = self.staff.get("/v1/ledger/reconciliations?limit=1").await.expect(200);
        let report = &reports.json["data"][0];
        assert_eq!(report["differences"], json!([]), "seed {}", self.seed);
        assert_eq!((&report["in_flight"], &report["orders"]), (&json!(0), &json!(self.known)));
    }
}

#[tokio::test(start_paused = true)]
async fn whatever_staff_do_provider_orders_and_books_agree() {
    let (mut done, mut refused) = (0, 0);
    for seed in 1..5 {
        let mut scene = Scene::open(seed).await;
        for _ in 0..ORDERS {
            let order = scene.order().await;
            let mut steps = Vec::new();
            for _ in 0..=scene.dice.below(STEPS) {
                let (said, answer) = scene.step(&order).await;
                match answer.status.as_u16() {
                    200..300 => scene.done += 1,
                    409 | 422 => scene.refused += 1,
                    _ => panic!("{said}"),
                }
                steps.push(said);
                scene.market.market.settled().await;
                scene.check(&order, &steps).await;
            }
            scene.end(&order).await;
            scene.check(&order, &steps).await;
        }
        scene.settle().await;
        done += scene.done;
        refused += scene.refused;
    }
    assert!(done > 40 && refused > 20, "{done} were done, {refused} refused");
}
