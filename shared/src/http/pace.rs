//! Answers whose time tells nothing.

use std::time::Duration;

/// Does `work`, and answers no sooner than after `time`. For work that takes longer in one case than in the other, where
/// the caller must not learn which it was.
pub async fn at_least<T>(time: Duration, work: impl Future<Output = T>) -> T {
    let (done, ()) = futures::join!(work, tokio::time::sleep(time));
    done
}
