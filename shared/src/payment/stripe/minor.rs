//! Amounts as Stripe counts them: almost, but not always, in the minor units of ISO 4217.
//! <https://docs.stripe.com/currencies#minor-units>

use crate::{
    money::{Currency, Money},
    payment::ProviderError,
};

/// Currencies that Stripe counts in whole units.
const WHOLE: [&str; 14] =
    ["BIF", "CLP", "DJF", "GNF", "JPY", "KMF", "KRW", "MGA", "PYG", "RWF", "VND", "VUV", "XAF", "XOF"];

/// Currencies that Stripe counts in thousandths, and charges in hundredths.
const THOUSANDTHS: [&str; 5] = ["BHD", "JOD", "KWD", "OMR", "TND"];

fn decimals(currency: Currency) -> u32 {
    match currency.code() {
        // Not ISK and UGX, which have no decimals either: Stripe counts those in hundredths.
        code if WHOLE.contains(&code) || code == "XPF" => 0,
        code if THOUSANDTHS.contains(&code) => 3,
        _ => 2,
    }
}

/// The amount to ask Stripe for.
///
/// # Errors
/// [`ProviderError::Unavailable`] where Stripe can't charge exactly that.
pub(super) fn to_stripe(money: Money) -> Result<i64, ProviderError> {
    let (here, there) = (u32::from(money.currency().decimals()), decimals(money.currency()));
    let refused = || ProviderError::Unavailable(format!("Stripe can't charge exactly {money}"));
    let amount = if there >= here {
        10_i64.checked_pow(there - here).and_then(|factor| money.amount().checked_mul(factor))
    } else {
        let factor = 10_i64.checked_pow(here - there).ok_or_else(refused)?;
        (money.amount() % factor == 0).then(|| money.amount() / factor)
    };
    let step = if there == 3 { 10 } else { 1 };
    amount.filter(|amount| amount % step == 0).ok_or_else(refused)
}

/// The money that Stripe says. Where it is finer than the currency, what is beyond the minor unit is left off.
pub(super) fn from_stripe(amount: i64, currency: Currency) -> Money {
    let (here, there) = (u32::from(currency.decimals()), decimals(currency));
    let amount = if there >= here {
        amount / 10_i64.pow((there - here).min(9))
    } else {
        amount.saturating_mul(10_i64.pow((here - there).min(9)))
    };
    Money::new(amount, currency)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_are_as_stripe_documents_them() {
        let table = [
            ("EUR", 1099, Some(1099)),
            ("JPY", 500, Some(500)),
            ("ISK", 5, Some(500)),
            ("UGX", 5, Some(500)),
            ("MGA", 500, Some(5)),
            ("MGA", 501, None),
            ("KWD", 5120, Some(5120)),
            ("KWD", 5124, None),
            ("EUR", i64::MAX, Some(i64::MAX)),
            ("ISK", i64::MAX, None),
        ];
        for (code, amount, asked) in table {
            let money = Money::new(amount, code.parse().unwrap());
            assert_eq!(to_stripe(money).ok(), asked, "{code} {amount}");
            if let Some(asked) = asked {
                assert_eq!(from_stripe(asked, money.currency()), money);
            }
        }
    }
}
