//! Who calls, and what they may do.

use std::{fmt, sync::Arc};

use crate::{Place, iam::Policy};

/// One who calls the emulated services: a function with its policy, or somebody at the loopback endpoint.
#[derive(Clone, Debug)]
pub struct Caller {
    /// What records and refusals call them: the function's name.
    pub name: String,
    /// What they may do.
    pub access: Access,
}

/// What a caller may do.
#[derive(Clone)]
pub enum Access {
    /// All of it, unchecked: the owner of the account.
    Everything,
    /// What an identity policy allows.
    Policy(Arc<Policy>),
}

impl Caller {
    /// One who may do everything.
    pub fn everything(name: impl Into<String>) -> Self {
        Self { name: name.into(), access: Access::Everything }
    }

    /// One who may do what `policy` allows.
    pub fn with_policy(name: impl Into<String>, policy: Arc<Policy>) -> Self {
        Self { name: name.into(), access: Access::Policy(policy) }
    }

    /// The ARN that a refusal names: the session of the role that Lambda would assume.
    pub fn arn(&self, place: &Place) -> String {
        match self.access {
            Access::Everything => format!("arn:aws:iam::{}:user/{}", place.account, self.name),
            Access::Policy(_) => {
                format!("arn:aws:sts::{}:assumed-role/{}/{}", place.account, self.name, self.name)
            }
        }
    }
}

impl fmt::Debug for Access {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Everything => "Everything",
            Self::Policy(_) => "Policy",
        })
    }
}
