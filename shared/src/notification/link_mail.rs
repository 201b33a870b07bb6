//! Mails with a link that works once.

use super::mail::{Mail, TemplateError, escape, rendered};
use crate::{
    contact::Email,
    customer,
    event::CloudEvent,
    http::Problem,
    identity::StoreProfile,
    link::{self, Purpose},
    runtime::{App, JobError},
    staff,
    tenant::Tenant,
};

/// The mail that `event`, which asks for a link, leads to, and where it goes. None where the link was used or replaced
/// meanwhile, or nobody is there any more to write to.
///
/// # Errors
/// [`JobError`] where what the mail needs can't be read.
pub(super) async fn written(
    app: &App,
    event: &CloudEvent,
    purpose: Purpose,
) -> Result<Option<(Email, Mail)>, JobError> {
    let tenant = event.tenant();
    let id = event.data["link"].as_str().and_then(|id| id.parse().ok());
    let id = id.ok_or_else(|| JobError::new("unreadable_message", "it names no link"))?;
    let Some(link) = link::find(app, tenant, id, purpose).await? else {
        return Ok(None);
    };
    let Some(to) = addressee(app, tenant, purpose, &link.subject).await? else {
        return Ok(None);
    };
    let store = StoreProfile::load(app, tenant).await?;
    let store = store.ok_or_else(|| JobError::new("unknown_store", format!("there is no {tenant}")))?;
    let failed = |problem: Problem| JobError::new("link", problem.log().unwrap_or_default());
    let token = link::write(app, tenant, purpose, id).await.map_err(failed)?;
    let mail = compose(purpose, &store, &token).map_err(|error| JobError::new("template", error))?;
    Ok(Some((to, mail)))
}

async fn addressee(
    app: &App,
    tenant: Tenant,
    purpose: Purpose,
    subject: &str,
) -> Result<Option<Email>, JobError> {
    let unreadable = || JobError::new("unreadable_message", "the link's subject is no id");
    match purpose {
        Purpose::VerifyEmail | Purpose::ResetPassword => {
            let id = subject.parse().map_err(|_| unreadable())?;
            let Some(customer) = customer::load(app, tenant, id).await? else {
                return Ok(None);
            };
            Ok(customer::profile(app, tenant, &customer).await?.and_then(|profile| profile.email))
        }
        Purpose::ResetStaffPassword => {
            let id = subject.parse().map_err(|_| unreadable())?;
            Ok(staff::contact_of(app, tenant, id)
                .await
                .map_err(|problem| unopened(&problem))?
                .map(|contact| contact.email))
        }
        Purpose::Invitation => {
            let id = subject.parse().map_err(|_| unreadable())?;
            staff::invited_email(app, tenant, id).await.map_err(|problem| unopened(&problem))
        }
    }
}

fn unopened(problem: &Problem) -> JobError {
    JobError::new("staff", problem.log().unwrap_or(problem.code().as_str()))
}

/// What a mail with a link says.
fn compose(purpose: Purpose, store: &StoreProfile, token: &str) -> Result<Mail, TemplateError> {
    let name = &store.name;
    let (subject, lead, button, page) = match purpose {
        Purpose::VerifyEmail => (
            format!("Confirm your email address for {name}"),
            format!("Thank you for registering at {name}. Confirm that this is your email address."),
            "Confirm the address",
            "verify-email",
        ),
        Purpose::ResetPassword | Purpose::ResetStaffPassword => (
            format!("Choose a new password for {name}"),
            format!("Somebody, hopefully you, asked to choose a new password for your account at {name}."),
            "Choose a password",
            // Staff send theirs to another route than shoppers.
            if purpose == Purpose::ResetPassword { "reset-password" } else { "reset-staff-password" },
        ),
        Purpose::Invitation => (
            format!("You are invited to join {name}"),
            format!("You are invited to work with the staff of {name}."),
            "Accept the invitation",
            "accept-invitation",
        ),
    };
    let hours = purpose.lifetime().as_hours();
    let closing = format!(
        "This works once, and for {hours} hour{}. If it was not you, ignore this mail: nothing changes.",
        if hours == 1 { "" } else { "s" }
    );
    // Behind the hash, where browsers tell it neither to servers nor to the next page.
    let link = store.storefront_url.as_ref().map(|url| {
        let url = url.as_str().trim_end_matches('/');
        format!("{url}/account/{page}#token={token}")
    });
    let (action, way) = match &link {
        Some(link) => (
            format!("<mj-button href=\"{}\">{}</mj-button>", escape(link), escape(button)),
            format!("{button}: {link}"),
        ),
        None => (
            format!("<mj-text font-family=\"monospace\">{}</mj-text>", escape(token)),
            format!("{button} with this code:\n{token}"),
        ),
    };
    let text = format!("{lead}\n\n{way}\n\n{closing}\n\n{name}\n");
    let filled = include_str!("link.mjml")
        .replace("{{subject}}", &escape(&subject))
        .replace("{{store}}", &escape(name.as_str()))
        .replace("{{lead}}", &escape(&lead))
        .replace("{{closing}}", &escape(&closing))
        .replace("{{action}}", &action);
    Ok(Mail { subject, html: rendered(&filled)?, text })
}
