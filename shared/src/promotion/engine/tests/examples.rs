//! Baskets as a shop assistant would reckon them.

use super::*;

fn tens(prices: &[i64]) -> Basket {
    let one = |(place, &price): (usize, &i64)| {
        item(&format!("{}", (b'A' + place as u8) as char), "x", 1, eur(price))
    };
    basket(prices.iter().enumerate().map(one).collect())
}

#[test]
fn percent_is_rounded_half_up_on_each_line() {
    let basket = tens(&[106, 206, 306, 406]);
    assert_eq!(off(&basket, &[automatic(promotion(1, vec![percent_off("10")]))]), [11, 21, 31, 41]);
    let basket = tens(&[4595, 4594]);
    assert_eq!(off(&basket, &[automatic(promotion(1, vec![percent_off("10")]))]), [460, 459]);
}

#[test]
fn an_amount_is_spread_by_largest_remainder_and_never_more_than_there_is() {
    let basket = tens(&[4300, 1400, 2300]);
    assert_eq!(off(&basket, &[automatic(promotion(1, vec![amount_off(299)]))]), [161, 52, 86]);
    assert_eq!(off(&basket, &[automatic(promotion(1, vec![amount_off(9_999_999)]))]), [4300, 1400, 2300]);
}

#[test]
fn a_percentage_with_a_cap_spreads_the_cap() {
    let at_most = vec![eur(1000)];
    let action = Action::PercentOff { percent: "50".parse().unwrap(), of: Selection::default(), at_most };
    assert_eq!(off(&tens(&[5000, 5000, 5000]), &[automatic(promotion(1, vec![action]))]), [334, 333, 333]);
}

#[test]
fn an_amount_off_each_stops_at_what_they_cost() {
    let basket = basket(vec![item("A", "x", 3, eur(500)), item("B", "x", 2, eur(80))]);
    let action = Action::AmountOffEach { amounts: vec![eur(100)], of: Selection::default() };
    assert_eq!(off(&basket, &[automatic(promotion(1, vec![action]))]), [300, 160]);
}

#[test]
fn buy_two_get_the_cheapest_of_another_kind_for_half() {
    let basket = basket(vec![
        item("A", "shirt", 4, eur(2000)),
        item("B", "sock", 1, eur(500)),
        item("C", "sock", 3, eur(301)),
    ]);
    let tag = |tag: &str| Selection { categories: [tag.parse().unwrap()].into(), ..Selection::default() };
    let action = |times| Action::BuyGet {
        buy: tag("shirt"),
        buy_quantity: Quantity::try_from(2).unwrap(),
        get: tag("sock"),
        get_quantity: Quantity::try_from(1).unwrap(),
        percent: "50".parse().unwrap(),
        times,
    };
    assert_eq!(off(&basket, &[automatic(promotion(1, vec![action(None)]))]), [0, 0, 301]);
    let once = Some(Quantity::try_from(1).unwrap());
    assert_eq!(off(&basket, &[automatic(promotion(1, vec![action(once)]))]), [0, 0, 151]);
}

#[test]
fn a_piece_is_bought_or_gotten_never_both() {
    let buy_get = |buy: Selection, get: Selection| Action::BuyGet {
        buy,
        buy_quantity: Quantity::try_from(1).unwrap(),
        get,
        get_quantity: Quantity::try_from(1).unwrap(),
        percent: "100".parse().unwrap(),
        times: None,
    };
    let whole = buy_get(Selection::default(), Selection::default());
    assert_eq!(off(&tens(&[100]), &[automatic(promotion(1, vec![whole.clone()]))]), [0]);
    assert_eq!(off(&tens(&[100, 300, 200]), &[automatic(promotion(1, vec![whole]))]), [100, 0, 0]);
    // A is all that may be bought, so that the dearer B is what is gotten, though A would be the cheaper one.
    let action = buy_get(skus(&["A"]), Selection::default());
    assert_eq!(off(&tens(&[100, 300]), &[automatic(promotion(1, vec![action]))]), [0, 300]);
}

#[test]
fn three_for_two_leaves_out_the_cheapest() {
    let action = Action::CheapestFree {
        of: Selection::default(),
        of_every: Quantity::try_from(3).unwrap(),
        times: None,
    };
    let basket = basket(vec![item("A", "x", 5, eur(900)), item("B", "x", 2, eur(700))]);
    assert_eq!(off(&basket, &[automatic(promotion(1, vec![action]))]), [0, 1400]);
}

#[test]
fn the_last_tier_that_is_reached_counts() {
    let tier = |amount, percent: &str| Tier {
        from: AtLeast { amounts: vec![eur(amount)], ..AtLeast::default() },
        actions: vec![percent_off(percent)],
    };
    let tiered =
        || Promotion { tiers: vec![tier(5000, "5"), tier(10_000, "10")], ..promotion(1, Vec::new()) };
    for (price, taken) in [(4999, 0), (5000, 250), (9999, 500), (10_000, 1000)] {
        assert_eq!(off(&tens(&[price]), &[automatic(tiered())]), [taken], "{price}");
    }
}

#[test]
fn each_is_reckoned_on_what_those_before_it_left() {
    let first = Promotion { priority: 9, ..promotion(2, vec![amount_off(1000)]) };
    let second = promotion(1, vec![percent_off("10")]);
    let evaluation = evaluate(&tens(&[10_000]), &[automatic(second), automatic(first)]).unwrap();
    let amounts: Vec<_> = evaluation.items[0].iter().map(|one| (one.promotion.bits(), one.amount)).collect();
    assert_eq!(amounts, [(2, eur(1000)), (1, eur(900))]);
}

#[test]
fn an_exclusive_one_stands_alone() {
    let exclusive = |priority| Promotion {
        priority,
        stacking: Stacking::Exclusive {},
        ..promotion(2, vec![percent_off("10")])
    };
    let other = || automatic(Promotion { priority: 5, ..promotion(1, vec![percent_off("50")]) });
    assert_eq!(off(&tens(&[1000]), &[other(), automatic(exclusive(9))]), [100]);
    assert_eq!(off(&tens(&[1000]), &[other(), automatic(exclusive(0))]), [500]);
}

#[test]
fn of_a_group_the_first_applies() {
    let group = || Stacking::Stackable { group: Some("summer".parse().unwrap()) };
    let one = |id, percent| Promotion { stacking: group(), ..promotion(id, vec![percent_off(percent)]) };
    let free = promotion(3, vec![amount_off(1)]);
    let all = [automatic(one(2, "50")), automatic(one(1, "10")), automatic(free)];
    assert_eq!(off(&tens(&[1000]), &all), [101]);
}

#[test]
fn rules_must_all_hold() {
    let rules = Rules {
        minimum: vec![eur(1000)],
        items: vec![AtLeast { of: skus(&["B"]), quantity: 2, amounts: Vec::new() }],
        customer_groups: ["wholesale".parse().unwrap()].into(),
        first_order: true,
        currencies: [currency("EUR")].into(),
    };
    let promotion = Promotion { rules, ..promotion(1, vec![percent_off("100")]) };
    let full = || {
        let mut basket = basket(vec![item("A", "x", 1, eur(800)), item("B", "x", 2, eur(100))]);
        basket.group = Some("wholesale".parse().unwrap());
        basket.first_order = true;
        basket
    };
    let taken = |change: fn(&mut Basket)| {
        let mut basket = full();
        change(&mut basket);
        off(&basket, &[automatic(promotion.clone())]).iter().sum::<i64>()
    };
    assert_eq!(taken(|_| {}), 1000);
    assert_eq!(taken(|basket| basket.first_order = false), 0);
    assert_eq!(taken(|basket| basket.group = None), 0);
    assert_eq!(taken(|basket| basket.group = Some("retail".parse().unwrap())), 0);
    assert_eq!(taken(|basket| basket.items[0].unit_price = eur(799)), 0);
    assert_eq!(taken(|basket| basket.items[1].quantity = Quantity::try_from(1).unwrap()), 0);
    let mut used = automatic(promotion.clone());
    used.usage.had_first_order = true;
    assert_eq!(off(&full(), &[used]), [0, 0]);
}

/// What becomes of the code `CODE`, and what is taken off.
fn outcome(change: impl Fn(&mut Candidate)) -> (Option<Reason>, i64) {
    let mut candidate = coded(promotion(1, vec![percent_off("10")]), "CODE");
    change(&mut candidate);
    let mut basket = tens(&[1000]);
    basket.codes = vec!["CODE".parse().unwrap()];
    let evaluation = evaluate(&basket, &[candidate]).unwrap();
    (evaluation.refused.first().map(|refused| refused.reason), per_item(&evaluation)[0])
}

#[test]
fn a_code_that_does_not_count_says_why() {
    let at = |second: i64| Some(Timestamp::from_second(1_800_000_000 + second).unwrap());
    let limits = |limits: Limits| move |one: &mut Candidate| one.promotion.limits = limits.clone();
    assert_eq!(outcome(|_| {}), (None, 100));
    assert_eq!(outcome(|one| one.promotion.starts_at = at(0)), (None, 100));
    assert_eq!(outcome(|one| one.promotion.starts_at = at(1)), (Some(Reason::Unknown), 0));
    assert_eq!(outcome(|one| one.promotion.ends_at = at(1)), (None, 100));
    assert_eq!(outcome(|one| one.promotion.ends_at = at(0)), (Some(Reason::Expired), 0));
    assert_eq!(outcome(|one| one.promotion.status = PromotionStatus::Paused), (Some(Reason::Unknown), 0));
    assert_eq!(outcome(|one| one.promotion.status = PromotionStatus::Archived), (Some(Reason::Expired), 0));
    assert_eq!(outcome(|one| one.usage.code_used = true), (Some(Reason::UsedUp), 0));
    assert_eq!(outcome(|one| one.promotion.rules.first_order = true), (Some(Reason::NotEligible), 0));
    assert_eq!(outcome(|one| one.code = Some("OTHER".parse().unwrap())), (Some(Reason::Unknown), 0));
    let once = Limits { uses: Some(1), ..Limits::default() };
    assert_eq!(outcome(limits(once.clone())), (None, 100));
    let used_up = outcome(|one| {
        limits(once.clone())(one);
        one.usage.used = 1;
    });
    assert_eq!(used_up, (Some(Reason::UsedUp), 0));
    let budget = |amount| Limits { budgets: vec![eur(amount)], ..Limits::default() };
    assert_eq!(outcome(limits(budget(100))), (None, 100));
    assert_eq!(outcome(limits(budget(99))), (Some(Reason::UsedUp), 0));
    let yen = Limits { budgets: vec![Money::new(9, currency("JPY"))], ..Limits::default() };
    assert_eq!(outcome(limits(yen)), (Some(Reason::NotEligible), 0));
}

#[test]
fn a_code_that_meets_an_exclusive_promotion_is_excluded() {
    let exclusive =
        Promotion { priority: 1, stacking: Stacking::Exclusive {}, ..promotion(1, vec![amount_off(1)]) };
    let mut basket = tens(&[1000]);
    basket.codes = vec!["CODE".parse().unwrap()];
    let all = [automatic(exclusive), coded(promotion(2, vec![percent_off("10")]), "CODE")];
    assert_eq!(evaluate(&basket, &all).unwrap().refused[0].reason, Reason::Excluded);
    // The same promotion twice, by two of its codes, is one too many.
    let twice = [
        coded(promotion(2, vec![percent_off("10")]), "CODE"),
        coded(promotion(2, vec![percent_off("10")]), "ALSO"),
    ];
    basket.codes.push("ALSO".parse().unwrap());
    let evaluation = evaluate(&basket, &twice).unwrap();
    assert_eq!(per_item(&evaluation), [100]);
    assert_eq!(evaluation.refused, [RefusedCode { code: "CODE".parse().unwrap(), reason: Reason::Excluded }]);
}

#[test]
fn sending_is_asked_second() {
    let half = promotion(1, vec![Action::ShippingPercentOff { percent: "50".parse().unwrap() }]);
    let fixed = promotion(2, vec![Action::ShippingAmountOff { amounts: vec![eur(200)] }]);
    let free = coded(promotion(3, vec![Action::FreeShipping {}]), "FREE");
    let mut basket = tens(&[1000]);
    basket.codes = vec!["FREE".parse().unwrap()];
    let mut evaluation = evaluate(&basket, &[free, automatic(half), automatic(fixed)]).unwrap();
    assert_eq!(evaluation.applied().unwrap().len(), 3);
    let amounts =
        |discounts: Vec<Discount>| discounts.iter().map(|one| one.amount.amount()).collect::<Vec<_>>();
    assert_eq!(amounts(evaluation.of_shipping(eur(999)).unwrap()), [500, 200, 299]);
    assert!(evaluation.refused.is_empty());
    // Sent for so little that nothing is left for the code, which then does not count, and is not used up.
    assert_eq!(amounts(evaluation.of_shipping(eur(300)).unwrap()), [150, 150]);
    assert_eq!(evaluation.refused[0].reason, Reason::NotEligible);
    assert_eq!(evaluation.applied().unwrap().len(), 2);
    assert_eq!(amounts(evaluation.of_shipping(eur(999)).unwrap()), [500, 200, 299]);
    assert!(evaluation.refused.is_empty());
}

#[test]
fn a_budget_holds_for_sending_too() {
    let limits = Limits { budgets: vec![eur(150)], ..Limits::default() };
    let one = Promotion { limits, ..promotion(1, vec![percent_off("10"), Action::FreeShipping {}]) };
    let mut evaluation = evaluate(&tens(&[1000]), &[automatic(one)]).unwrap();
    assert!(evaluation.of_shipping(eur(51)).unwrap().is_empty());
    assert_eq!(evaluation.applied().unwrap()[0].amount, eur(100));
    assert_eq!(evaluation.of_shipping(eur(50)).unwrap()[0].amount, eur(50));
    assert_eq!(evaluation.applied().unwrap()[0].amount, eur(150));
}

#[test]
fn a_gift_is_a_line_of_its_own() {
    let gift = Action::Gift { sku: "MUG".parse().unwrap(), quantity: Quantity::try_from(2).unwrap() };
    let evaluation = evaluate(&tens(&[1000]), &[automatic(promotion(1, vec![gift]))]).unwrap();
    assert_eq!(evaluation.gifts[0].sku.as_str(), "MUG");
    assert_eq!(per_item(&evaluation), [0]);
    assert_eq!(evaluation.applied().unwrap()[0].amount, eur(0));
}

#[test]
fn an_order_takes_so_many_promotions_and_no_more() {
    let many: Vec<_> = (0..30).map(|id| automatic(promotion(id, vec![amount_off(1)]))).collect();
    assert_eq!(off(&tens(&[1000]), &many), [20]);
}
