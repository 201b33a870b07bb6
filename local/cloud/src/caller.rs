//! Who calls, and what they may do.

use std::{fmt, sync::Arc};

use crate::{Guard, Place, iam::Policy};

/// One who calls the emulated services: a function with its policy, or somebody at the loopback endpoint.
#[derive(Clone)]
pub struct Caller {
    /// What records and refusals call them: the function's name.
    pub name: String,
    /// What they may do.
    pub access: Access,
    /// Whether their calls are none of the account's: nobody observes them, and no fault meets them.
    pub unseen: bool,
    /// Looks at those of their calls that come out of no guarded work; see [`crate::guarded`].
    pub guard: Option<Arc<dyn Guard>>,
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
        Self { name: name.into(), access: Access::Everything, unseen: false, guard: None }
    }

    /// One who may do everything and is no part of the account: the world around it.
    pub fn unseen(name: impl Into<String>) -> Self {
        Self { unseen: true, ..Self::everything(name) }
    }

    /// One who may do what `policy` allows.
    pub fn with_policy(name: impl Into<String>, policy: Arc<Policy>) -> Self {
        Self { name: name.into(), access: Access::Policy(policy), unseen: false, guard: None }
    }

    /// The same, whose calls `guard` looks at where nobody else does.
    #[must_use]
    pub fn guarded_by(mut self, guard: Arc<dyn Guard>) -> Self {
        self.guard = Some(guard);
        self
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

impl fmt::Debug for Caller {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Caller")
            .field("name", &self.name)
            .field("access", &self.access)
            .field("unseen", &self.unseen)
            .finish_non_exhaustive()
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
