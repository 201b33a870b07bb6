//! What things cost: a pure function of what is bought, of the store's rules and of the time.
//!
//! [`Basket`] is the question. Its items already have their unit prices (`price_list`); `promotion` takes off, `shipping`
//! adds, `tax` adds or shows, and [`Priced`] is the answer, which an order keeps whole, so that any total can be
//! explained line by line years later.

mod basket;
mod by_hand;
mod place;
mod policy;
mod priced;

pub use basket::{Basket, CustomerGroup, Destination, Item, PromotionCode, TaxCategory, TaxPayer, VatId};
pub use by_hand::{ByHand, HandDiscount, OutsideMethod, PaidOutside, PriceReason, PricedByHand};
pub use place::{Closeness, Place, PostalPrefix, Region, Spot, region_of};
pub use policy::{PricePolicy, Rounding};
pub use priced::{
    AppliedPromotion, Discount, Priced, PricedLine, PricedShipping, Pricing, Tax, TaxTotal, Tender,
    TenderKind,
};
