//! What payment providers say happened.

use serde::Serialize;
use souk::{
    http::{Call, Code, Keys, Problem, Reply, Routes, post},
    id::StoreId,
    order::{self, Nudge},
    payment::{self, NotificationError, ProviderName},
    runtime::{App, Function},
    tenant::{Mode, Tenant},
};
use utoipa::ToSchema;

/// A notification was taken.
#[derive(Serialize, ToSchema)]
pub struct Taken {
    /// Always `true`.
    received: bool,
}

/// A notification. Its content is the provider's; only its signature makes it believed.
#[derive(Debug, serde::Deserialize, ToSchema)]
pub struct Notice {}

/// The function.
pub fn function() -> Function {
    let route =
        post("/v1/payment-events/{provider}/{store}", "Take a payment provider's signed notification");
    // Unread until it is believed: a provider's own names of things may look like card numbers, and a notification that
    // is refused for it would never be taken.
    Routes::new().on(route.raw().idempotency(Keys::Ignored), take).function("payment-events")
}

/// What a provider says is a hint: the saga asks the provider itself. So a notification that comes twice, late or out of
/// order does no harm.
async fn take(app: App, call: Call<Notice>) -> Result<Reply<Taken>, Problem> {
    let (name, store) = (call.path::<String>("provider")?, call.path::<StoreId>("store")?);
    let name: ProviderName = name.parse().map_err(|()| Problem::not_found())?;
    // The sandbox exists in test mode only. Elsewhere the mode shows by whose secret the notification is signed with.
    let modes: &[Mode] = match name {
        ProviderName::Sandbox => &[Mode::Test],
        ProviderName::Stripe => &[Mode::Live, Mode::Test],
    };
    let mut read = None;
    for mode in modes {
        let tenant = Tenant::of_signed_notification(store, *mode);
        let provider = payment::provider_of(&app, tenant, name).await.map_err(Problem::internal)?;
        let Some(provider) = provider else { continue };
        let notification = provider.parse_notification(&call.headers, &call.raw_body).await;
        let believed = !matches!(notification, Err(NotificationError::Unsigned(_)));
        read = Some((tenant, notification));
        if believed {
            break;
        }
    }
    let (tenant, notification) = read.ok_or_else(Problem::not_found)?;
    let notification = notification.map_err(|error| match error {
        NotificationError::Unsigned(detail) => Problem::new(Code::InvalidSignature, detail),
        NotificationError::Unreadable => Problem::new(Code::MalformedJson, "The notification can't be read."),
        NotificationError::Key(error) => Problem::internal(error),
        NotificationError::Provider(error) => Problem::internal(error),
    })?;
    if let Some(notification) = notification {
        let nudge = Nudge::payment(tenant, notification.payment, call.cause());
        let queue = app.settings().require("ADVANCE_ORDERS_QUEUE_URL").map_err(Problem::internal)?;
        order::send(&app, queue, &nudge).await.map_err(Problem::internal)?;
    }
    Ok(Reply::ok(Taken { received: true }))
}
