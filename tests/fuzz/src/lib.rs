//! Everything of Souk that reads what others wrote, each as a target that takes any bytes and must not panic.

// Only tests use it: what goes wrong here ends one.
#![allow(clippy::unwrap_used, clippy::expect_used)]

#[cfg(feature = "market")]
mod market;
#[cfg(feature = "market")]
mod requests;
mod rules;
#[cfg(feature = "market")]
mod template;
mod values;
pub mod volume;

/// Something that reads bytes.
pub struct Target {
    /// Its name, and that of its folder of inputs.
    pub name: &'static str,
    /// Feeds it.
    pub feed: fn(&[u8]),
}

/// All of them.
pub const TARGETS: &[Target] = &[
    #[cfg(feature = "market")]
    Target { name: "bodies", feed: requests::bodies },
    #[cfg(feature = "market")]
    Target { name: "queries", feed: requests::queries },
    #[cfg(feature = "market")]
    Target { name: "forms", feed: requests::forms },
    #[cfg(feature = "market")]
    Target { name: "headers", feed: requests::headers },
    #[cfg(feature = "market")]
    Target { name: "credentials", feed: requests::credentials },
    #[cfg(feature = "market")]
    Target { name: "notifications", feed: requests::notifications },
    #[cfg(feature = "market")]
    Target { name: "messages", feed: requests::messages },
    #[cfg(feature = "market")]
    Target { name: "events", feed: requests::events },
    Target { name: "ids", feed: values::ids },
    Target { name: "texts", feed: values::texts },
    Target { name: "money", feed: values::money },
    Target { name: "tokens", feed: values::tokens },
    Target { name: "packed", feed: values::packed },
    Target { name: "audit-log", feed: values::audit_log },
    #[cfg(feature = "market")]
    Target { name: "template", feed: template::template },
    #[cfg(feature = "market")]
    Target { name: "schedules", feed: template::schedules },
    Target { name: "patterns", feed: rules::patterns },
    Target { name: "policies", feed: rules::policies },
    Target { name: "aws", feed: rules::aws },
];

/// The target of this name.
pub fn target(name: &str) -> Option<&'static Target> {
    TARGETS.iter().find(|target| target.name == name)
}
