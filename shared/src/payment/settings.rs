//! Which providers a store is paid through.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::ProviderName;
use crate::tenant::Mode;

/// Which providers a store is paid through.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PaymentSettings {
    /// The provider that new orders are paid with. The sandbox where nothing is said, which is in test mode only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub provider: Option<ProviderName>,
    /// The provider that is asked where the first one is out of order. Never where it declined.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub second: Option<ProviderName>,
}

impl PaymentSettings {
    /// The provider of new orders.
    pub fn first(self, mode: Mode) -> Option<ProviderName> {
        Self::there(self.provider.unwrap_or_default(), mode)
    }

    /// The provider to turn to where `first` can't authorize.
    pub fn second_to(self, first: ProviderName, mode: Mode) -> Option<ProviderName> {
        Self::there(self.second.filter(|second| *second != first)?, mode)
    }

    fn there(name: ProviderName, mode: Mode) -> Option<ProviderName> {
        (name != ProviderName::Sandbox || mode == Mode::Test).then_some(name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sandbox_is_in_test_mode_only() {
        let none = PaymentSettings::default();
        assert_eq!((none.first(Mode::Test), none.first(Mode::Live)), (Some(ProviderName::Sandbox), None));
        let both =
            PaymentSettings { provider: Some(ProviderName::Stripe), second: Some(ProviderName::Sandbox) };
        assert_eq!(both.first(Mode::Live), Some(ProviderName::Stripe));
        assert_eq!(both.second_to(ProviderName::Stripe, Mode::Live), None);
        assert_eq!(both.second_to(ProviderName::Stripe, Mode::Test), Some(ProviderName::Sandbox));
        assert_eq!(both.second_to(ProviderName::Sandbox, Mode::Test), None);
    }
}
