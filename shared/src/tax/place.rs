//! Where a store is taxed.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::vat::{self, Member};
use crate::{
    contact::{Country, Line},
    pricing::{Destination, VatId},
};

/// Where a store is taxed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct TaxOrigin {
    /// The country that its goods leave from.
    pub country: Country,
    /// The state, province or region there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub region: Option<Line>,
    /// Its own VAT id. Without one it charges no business abroad the other way round.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub vat_id: Option<VatId>,
}

impl TaxOrigin {
    /// The place as a destination: of what is picked up there, or of what is shown before anybody said where it goes.
    pub fn destination(&self) -> Destination {
        Destination { country: self.country.clone(), region: self.region.clone(), postal_code: None }
    }

    /// The member state of the European Union that it is taxed in: that of its VAT id, which must be its country's. An
    /// id of Northern Ireland says that goods leave from there, which `GB` alone doesn't.
    pub fn member(&self) -> Option<Member> {
        let member = vat::checked(self.vat_id.as_ref()?).ok()?;
        let postal_code = if member.prefix() == "XI" { "BT" } else { "" };
        (vat::member_of(&self.country, postal_code) == Some(member)).then_some(member)
    }

    /// Whether its VAT id, where it has one, is one of its country's.
    pub fn is_sound(&self) -> bool {
        self.vat_id.is_none() || self.member().is_some()
    }
}
