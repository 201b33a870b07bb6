//! What goes wrong.

use std::{fmt, str::FromStr};

macro_rules! kinds {
    ($($(#[doc = $doc:literal])* $name:ident = $text:literal;)*) => {
        /// A kind of fault.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Kind {
            $($(#[doc = $doc])* $name,)*
        }

        impl Kind {
            /// All of them.
            pub const ALL: &'static [Self] = &[$(Self::$name,)*];

            /// As it is written.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$name => $text,)* }
            }
        }
    };
}

kinds! {
    /// AWS throttles a call.
    Throttle = "throttle";
    /// AWS fails with an internal error.
    Internal = "internal";
    /// The connection fails before the service hears of a call.
    Disconnect = "disconnect";
    /// The connection breaks, and the service hears of the call seconds later.
    Late = "late";
    /// The answer of a call that was done is lost.
    Lost = "lost";
    /// The answer of a call that was done never comes.
    Silence = "silence";
    /// A transaction meets another one.
    Conflict = "conflict";
    /// Only some of a batch is done.
    Partial = "partial";
    /// A call takes seconds.
    Slow = "slow";
    /// The process of an invocation is killed between two of its steps.
    Kill = "kill";
    /// An invocation finds itself in a fresh environment.
    Fresh = "fresh";
    /// The clock of an environment is off, and jumps.
    Skew = "skew";
    /// Messages come more than once, late and out of order.
    Redeliver = "redeliver";
    /// An index answers what was true a while ago.
    StaleIndex = "stale-index";
    /// The payment provider declines, decides late or loses its answer.
    Provider = "provider";
    /// Notifications of the payment provider come late, again and again.
    Webhook = "webhook";
    /// Clients hang up and ask again.
    HangUp = "hang-up";
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl FromStr for Kind {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let found = Self::ALL.iter().copied().find(|kind| kind.as_str() == text);
        found.ok_or_else(|| {
            let all: Vec<_> = Self::ALL.iter().map(|kind| kind.as_str()).collect();
            format!("is none of {}", all.join(", "))
        })
    }
}
