//! A link as it is kept.

use jiff::SignedDuration;
use serde::{Deserialize, Serialize};

use crate::{
    id::LinkId,
    runtime::App,
    store::{self, StoreError, Write, keys},
    tenant::Tenant,
};

/// What a link is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Purpose {
    /// Shows that a shopper reads mails at the address they gave.
    VerifyEmail,
    /// Lets a shopper choose a new password.
    ResetPassword,
    /// Lets a member of the staff choose a new password.
    ResetStaffPassword,
    /// Invites somebody to join a store's staff.
    Invitation,
}

impl Purpose {
    /// How long such a link works.
    pub fn lifetime(self) -> SignedDuration {
        match self {
            Self::VerifyEmail | Self::Invitation => SignedDuration::from_hours(72),
            Self::ResetPassword | Self::ResetStaffPassword => SignedDuration::from_hours(1),
        }
    }

    /// All of them.
    pub const ALL: [Self; 4] =
        [Self::VerifyEmail, Self::ResetPassword, Self::ResetStaffPassword, Self::Invitation];

    /// The purpose of the links that events of this type ask for.
    pub fn of_event(kind: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|purpose| purpose.event() == kind)
    }

    /// The type of the event that a link of this purpose was asked for.
    pub fn event(self) -> &'static str {
        match self {
            Self::VerifyEmail => "customer.email_verification_requested",
            Self::ResetPassword => "customer.password_reset_requested",
            Self::ResetStaffPassword => "staff.password_reset_requested",
            Self::Invitation => "staff.invited",
        }
    }
}

/// A link. It works while its item is there and it has not expired: to use it is to delete it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Link {
    /// Its id.
    pub id: LinkId,
    /// What it is for.
    pub purpose: Purpose,
    /// Whom it is for: the id of a customer, a member of the staff, or an invitation.
    pub subject: String,
    /// The name under which tries to log in are counted that it makes forgotten.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub account: Option<String>,
    /// When it ends, in seconds since 1970.
    pub expires: i64,
}

impl Link {
    /// A new link, and the write that keeps it. Its event follows from the write, and its mail from the event.
    ///
    /// # Errors
    /// [`StoreError`] where it can't be written down.
    pub fn new(
        app: &App,
        tenant: Tenant,
        purpose: Purpose,
        subject: &str,
    ) -> Result<(Self, Write), StoreError> {
        Self::kept(app, tenant, purpose, subject, None)
    }

    /// As [`Link::new`], for somebody who logs in as `account`: who has their mails gets in, however often others tried.
    ///
    /// # Errors
    /// [`StoreError`] where it can't be written down.
    pub fn of_account(
        app: &App,
        tenant: Tenant,
        purpose: Purpose,
        subject: &str,
        account: String,
    ) -> Result<(Self, Write), StoreError> {
        Self::kept(app, tenant, purpose, subject, Some(account))
    }

    fn kept(
        app: &App,
        tenant: Tenant,
        purpose: Purpose,
        subject: &str,
        account: Option<String>,
    ) -> Result<(Self, Write), StoreError> {
        let expires = (app.now() + purpose.lifetime()).as_second();
        let link = Self { id: LinkId::new(app), purpose, subject: subject.to_owned(), account, expires };
        let write = Write::create("link", keys::link(tenant, link.id), &link)?;
        Ok((link, write))
    }
}

/// The link `id`, if it is for `purpose` and still works.
///
/// # Errors
/// [`StoreError`].
pub async fn find(
    app: &App,
    tenant: Tenant,
    id: LinkId,
    purpose: Purpose,
) -> Result<Option<Link>, StoreError> {
    let link: Option<Link> = store::get(app, "link", &keys::link(tenant, id)).await?;
    Ok(link.filter(|link| link.purpose == purpose && app.now().as_second() < link.expires))
}

/// The write that uses a link up, to be committed with what it allows. Of two at once, one is refused.
pub fn spend(tenant: Tenant, link: &Link) -> Write {
    Write::delete(keys::link(tenant, link.id)).when("attribute_exists(pk)")
}
