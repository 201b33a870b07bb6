//! Randomness comes in through a value, so that a simulation can seed it.

use std::{fmt, sync::Arc};

use ring::rand::{SecureRandom, SystemRandom};

type Fill = dyn Fn(&mut [u8]) + Send + Sync;

/// A source of random bytes.
#[derive(Clone)]
pub struct Entropy(Arc<Fill>);

impl Entropy {
    /// The operating system's generator, fit for secrets.
    pub fn system() -> Self {
        let random = SystemRandom::new();
        Self::from_fn(move |bytes| {
            // getrandom(2) fails only before the kernel's pool is seeded, which a started Lambda never sees;
            // going on without randomness would make keys guessable.
            #[allow(clippy::expect_used)]
            random.fill(bytes).expect("the operating system gives random bytes");
        })
    }

    /// A source that asks `fill` to fill each buffer.
    pub fn from_fn(fill: impl Fn(&mut [u8]) + Send + Sync + 'static) -> Self {
        Self(Arc::new(fill))
    }

    /// `N` random bytes.
    pub fn bytes<const N: usize>(&self) -> [u8; N] {
        let mut bytes = [0; N];
        (self.0)(&mut bytes);
        bytes
    }

    /// A random number from 0 up to, not including, `bound`; 0 when `bound` is 0.
    ///
    /// The bias of the modulo is below one in 2⁶⁴ / `bound`: good for jitter and sharding, not for secrets.
    pub fn below(&self, bound: u64) -> u64 {
        u64::from_le_bytes(self.bytes()) % bound.max(1)
    }
}

impl fmt::Debug for Entropy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Entropy")
    }
}
