//! Transactions that meet on a SKU's stock, as DynamoDB cancels them.
//!
//! The emulator does one request after the other, so no two ever meet there. On AWS a transaction has its items to itself
//! while it is prepared and committed, and whatever else writes them meanwhile is refused. How long that takes is not
//! documented; here it is the time that a call takes.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use bytes::Bytes;
use fastrand::Rng;
use souk_cloud::{AwsError, CallInfo, Delivery, Fault, Faults, Instead, Refusal};
use tokio::time::Instant;

use crate::weather::{Weather, conflict};

/// What may write an item alone.
const ALONE: [&str; 3] = ["PutItem", "UpdateItem", "DeleteItem"];

/// The weather, in which transactions on stock meet.
pub struct Meetings {
    weather: Arc<Weather>,
    state: Mutex<State>,
}

struct State {
    rng: Rng,
    /// Until when somebody has a key of stock to itself.
    taken: HashMap<String, Instant>,
    met: u64,
}

impl Meetings {
    /// Nobody has met anybody yet.
    pub fn new(weather: &Arc<Weather>, seed: u64) -> Arc<Self> {
        let state = State { rng: Rng::with_seed(seed), taken: HashMap::new(), met: 0 };
        Arc::new(Self { weather: Arc::clone(weather), state: Mutex::new(state) })
    }

    /// How often one was refused because another was there.
    pub fn count(&self) -> u64 {
        self.state.lock().unwrap_or_else(PoisonError::into_inner).met
    }

    /// What becomes of a write of stock: refused, or alone for a while.
    fn meet(&self, call: &CallInfo) -> Option<Fault> {
        let together = call.operation == "TransactWriteItems";
        if call.service != "dynamodb" || !(together || ALONE.contains(&call.operation.as_str())) {
            return None;
        }
        let of_stock: Vec<usize> =
            (0..call.keys.len()).filter(|&at| call.keys[at].1.contains("/stock/")).collect();
        if of_stock.is_empty() {
            return None;
        }
        let now = Instant::now();
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let taken = |at: &&usize| state.taken.get(&call.keys[**at].1).is_some_and(|until| *until > now);
        if let Some(&at) = of_stock.iter().find(taken) {
            state.met += 1;
            return Some(Fault::Refuse(if together { conflict(call.keys.len(), at) } else { busy() }));
        }
        let takes = Duration::from_millis(state.rng.u64(3..12));
        if together {
            for at in of_stock {
                state.taken.insert(call.keys[at].1.clone(), now + takes);
            }
        }
        Some(Fault::Delay(takes))
    }
}

fn busy() -> Refusal {
    AwsError::new("TransactionConflictException", "Transaction is ongoing for the item").into()
}

impl Faults for Meetings {
    fn request(&self, caller: &str, service: &str, operation: &str, body: &Bytes) -> Option<Instead> {
        self.weather.request(caller, service, operation, body)
    }

    fn answer(&self, call: &CallInfo, body: &Bytes) -> Option<Bytes> {
        self.weather.answer(call, body)
    }

    fn before(&self, call: &CallInfo) -> Option<Fault> {
        self.meet(call).or_else(|| self.weather.before(call))
    }

    fn after(&self, call: &CallInfo) -> Delivery {
        self.weather.after(call)
    }
}
