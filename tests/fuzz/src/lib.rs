//! Everything of Souk that reads what others wrote, each as a target that takes any bytes and must not panic.

// Only tests use it: what goes wrong here ends one.
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod market;
mod requests;
mod rules;
mod values;

/// Something that reads bytes.
pub struct Target {
    /// Its name, and that of its folder of inputs.
    pub name: &'static str,
    /// Feeds it.
    pub feed: fn(&[u8]),
}

/// All of them.
pub const TARGETS: &[Target] = &[
    Target { name: "bodies", feed: requests::bodies },
    Target { name: "queries", feed: requests::queries },
    Target { name: "forms", feed: requests::forms },
    Target { name: "headers", feed: requests::headers },
    Target { name: "credentials", feed: requests::credentials },
    Target { name: "notifications", feed: requests::notifications },
    Target { name: "messages", feed: requests::messages },
    Target { name: "events", feed: requests::events },
    Target { name: "ids", feed: values::ids },
    Target { name: "texts", feed: values::texts },
    Target { name: "money", feed: values::money },
    Target { name: "tokens", feed: values::tokens },
    Target { name: "packed", feed: values::packed },
    Target { name: "audit-log", feed: values::audit_log },
    Target { name: "template", feed: rules::template },
    Target { name: "schedules", feed: rules::schedules },
    Target { name: "patterns", feed: rules::patterns },
    Target { name: "policies", feed: rules::policies },
    Target { name: "aws", feed: rules::aws },
];

/// The target of this name.
pub fn target(name: &str) -> Option<&'static Target> {
    TARGETS.iter().find(|target| target.name == name)
}
