//! What holds for any basket and any promotions.

use proptest::{prelude::*, sample::subsequence};

use super::*;

const SKUS: [&str; 5] = ["A", "B", "C", "D", "E"];
const TAGS: [&str; 2] = ["shirt", "sock"];

fn selection() -> impl Strategy<Value = Selection> {
    let tags = subsequence(TAGS.to_vec(), 0..=1);
    (subsequence(SKUS.to_vec(), 0..=3), tags).prop_map(|(names, tags)| Selection {
        categories: tags.iter().map(|tag| tag.parse().unwrap()).collect(),
        ..skus(&names)
    })
}

fn quantity(most: i64) -> impl Strategy<Value = Quantity> {
    (1..=most).prop_map(|count| Quantity::try_from(count).unwrap())
}

fn percent() -> impl Strategy<Value = crate::money::Percent> {
    (0_u32..=1_000_000).prop_map(|parts| crate::money::Percent::from_parts(parts).unwrap())
}

fn amounts(currency: Currency, most: i64) -> impl Strategy<Value = Vec<Money>> {
    (1..=most).prop_map(move |amount| vec![Money::new(amount, currency)])
}

fn action(currency: Currency) -> impl Strategy<Value = Action> {
    let bargain =
        (selection(), quantity(3), selection(), quantity(3), percent(), prop::option::of(quantity(2)));
    prop_oneof![
        (percent(), selection(), prop_oneof![Just(Vec::new()), amounts(currency, 900)])
            .prop_map(|(percent, of, at_most)| Action::PercentOff { percent, of, at_most }),
        (amounts(currency, 9000), selection()).prop_map(|(amounts, of)| Action::AmountOff { amounts, of }),
        (amounts(currency, 900), selection()).prop_map(|(amounts, of)| Action::AmountOffEach { amounts, of }),
        bargain.prop_map(|(buy, buy_quantity, get, get_quantity, percent, times)| Action::BuyGet {
            buy,
            buy_quantity,
            get,
            get_quantity,
            percent,
            times
        }),
        (selection(), 2_i64..5, prop::option::of(quantity(2))).prop_map(|(of, every, times)| {
            Action::CheapestFree { of, of_every: Quantity::try_from(every).unwrap(), times }
        }),
        percent().prop_map(|percent| Action::ShippingPercentOff { percent }),
        amounts(currency, 900).prop_map(|amounts| Action::ShippingAmountOff { amounts }),
        Just(Action::FreeShipping {}),
    ]
}

fn stacking() -> impl Strategy<Value = Stacking> {
    prop_oneof![
        1 => Just(Stacking::Exclusive {}),
        4 => Just(Stacking::default()),
        2 => Just(Stacking::Stackable { group: Some("summer".parse().unwrap()) }),
    ]
}

fn candidate(id: u128, currency: Currency) -> impl Strategy<Value = Candidate> {
    let limits = prop_oneof![3 => Just(Vec::new()), 1 => amounts(currency, 5000)];
    let tier = (0_u32..20, prop::collection::vec(action(currency), 1..2))
        .prop_map(|(quantity, actions)| Tier { from: AtLeast { quantity, ..AtLeast::default() }, actions });
    let (actions, tiers) = (prop::collection::vec(action(currency), 0..3), prop::collection::vec(tier, 0..2));
    let budget = (limits, 0_i64..3000);
    (0_u16..4, stacking(), actions, tiers, budget, any::<bool>()).prop_map(
        move |(priority, stacking, actions, tiers, (budgets, spent), typed)| {
            let limits = Limits { budgets, ..Limits::default() };
            let promotion = Promotion { priority, stacking, tiers, limits, ..promotion(id, actions) };
            let mut candidate =
                if typed { coded(promotion, &format!("CODE{id}")) } else { automatic(promotion) };
            candidate.usage.spent = vec![Money::new(spent, currency)];
            candidate
        },
    )
}

fn scene() -> impl Strategy<Value = (Basket, Vec<Candidate>, Money)> {
    let codes = prop_oneof![Just("EUR"), Just("JPY"), Just("KWD")];
    codes.prop_flat_map(|code| {
        let currency = currency(code);
        // Many lines alike: shares of equal size are where the order of the input could come through.
        let line = (prop_oneof![0_i64..5000, Just(999)], prop_oneof![1_i64..9, Just(1)], 0_usize..2);
        let items = prop::collection::vec(line, 1..=SKUS.len()).prop_map(move |lines| {
            let one = |(place, (price, count, tag)): (usize, (i64, i64, usize))| {
                item(SKUS[place], TAGS[tag], count, Money::new(price, currency))
            };
            lines.into_iter().enumerate().map(one).collect::<Vec<_>>()
        });
        let candidates = (0..6).map(|id| candidate(id, currency)).collect::<Vec<_>>();
        (items, candidates, 0_i64..3000).prop_map(move |(items, candidates, price)| {
            let mut basket = basket(items);
            basket.codes = candidates.iter().filter_map(|one| one.code.clone()).collect();
            (basket, candidates, Money::new(price, currency))
        })
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(600))]

    #[test]
    fn nothing_is_taken_that_is_not_there((basket, candidates, price) in scene()) {
        let mut evaluation = evaluate(&basket, &candidates).unwrap();
        let shipping = evaluation.of_shipping(price).unwrap();
        for (item, discounts) in basket.items.iter().zip(&evaluation.items) {
            prop_assert!(discounts.iter().all(|one| one.amount.amount() > 0));
            let sum = Money::sum(discounts.iter().map(|one| one.amount), basket.currency).unwrap();
            prop_assert!(sum.amount() <= item.total().unwrap().amount());
        }
        prop_assert!(shipping.iter().all(|one| one.amount.amount() > 0));
        prop_assert!(shipping.iter().map(|one| one.amount.amount()).sum::<i64>() <= price.amount());

        // What each promotion says it took is what the lines say, and within its budget.
        for applied in evaluation.applied().unwrap() {
            let of_it = |one: &&Discount| one.promotion == applied.id;
            let taken: i64 = evaluation.items.iter().flatten().chain(&shipping)
                .filter(of_it).map(|one| one.amount.amount()).sum();
            prop_assert_eq!(taken, applied.amount.amount());
            let one = candidates.iter().find(|one| one.promotion.id == applied.id).unwrap();
            if let Some(budget) = one.promotion.limits.budgets.first() {
                prop_assert!(one.usage.spent[0].amount() + taken <= budget.amount());
            }
        }

        // Every code that was typed either counts or says why not.
        let applied = evaluation.applied().unwrap();
        for code in &basket.codes {
            let counts = applied.iter().any(|one| one.code.as_ref() == Some(code));
            let refused = evaluation.refused.iter().filter(|refused| refused.code == *code).count();
            prop_assert_eq!(usize::from(!counts), refused);
        }

        // An exclusive one is alone; a group has one.
        let stacking = |id| &candidates.iter().find(|one| one.promotion.id == id).unwrap().promotion.stacking;
        let stackings: Vec<_> = evaluation.given.iter().map(|given| stacking(given.id)).collect();
        let exclusive = Stacking::Exclusive {};
        prop_assert!(stackings.len() < 2 || !stackings.contains(&&exclusive));
        let grouped = |one: &&&Stacking| matches!(one, Stacking::Stackable { group: Some(_) });
        prop_assert!(stackings.iter().filter(grouped).count() < 2);
    }

    #[test]
    fn the_order_of_the_input_makes_no_difference((basket, candidates, price) in scene(), turn in 0_usize..6) {
        let mut one = evaluate(&basket, &candidates).unwrap();
        let (mut turned, mut others) = (basket.clone(), candidates.clone());
        turned.items.reverse();
        turned.codes.reverse();
        others.rotate_left(turn);
        let mut other = evaluate(&turned, &others).unwrap();
        prop_assert_eq!(one.of_shipping(price).unwrap(), other.of_shipping(price).unwrap());
        other.items.reverse();
        prop_assert_eq!(one, other);
    }
}
