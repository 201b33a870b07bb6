//! `SendEmail`.

use std::io::Write;

use base64::{Engine, prelude::BASE64_STANDARD};
use serde_json::{Value, json};

use super::{
    Email, Outbox, Ses,
    address::{address, domain},
    eml,
};
use crate::{AwsError, sqs::ids::uuid};

/// The most recipients of one email.
const RECIPIENTS: usize = 50;

impl Ses {
    /// Sends: checks the email and puts it in the outbox.
    ///
    /// # Errors
    /// As `SendEmail`.
    pub fn send(&self, input: &Value) -> Result<Value, AwsError> {
        let mut email = read(input)?;
        let mut outbox = self.outbox();
        let from = address(&email.from).unwrap_or_default().to_ascii_lowercase();
        if identity(&outbox, &from).is_none() {
            let region = self.place.region.to_ascii_uppercase();
            return Err(AwsError::new(
                "MessageRejected",
                format!(
                    "Email address is not verified. The following identities failed the check in region \
                     {region}: {from}"
                ),
            ));
        }
        let now = self.place.now();
        let number = outbox.ids.next(now.as_millisecond());
        email.id = format!("{number:016x}-{}-000000", uuid(number, 0));
        email.sent = now;
        self.keep(&email).map_err(|error| {
            AwsError::new("InternalServiceErrorException", error.to_string())
                .with_status(http::StatusCode::INTERNAL_SERVER_ERROR)
        })?;
        let answer = json!({"MessageId": email.id});
        outbox.push(email);
        Ok(answer)
    }

    /// The permission that sending needs, which differs by the kind of content, and the identity that it is on:
    /// the address if that is verified, else its domain.
    pub fn needs(&self, input: &Value) -> (String, String) {
        let content = &input["Content"];
        let action = if content.get("Raw").is_some() {
            "ses:SendRawEmail"
        } else if content.get("Template").is_some() {
            "ses:SendTemplatedEmail"
        } else {
            "ses:SendEmail"
        };
        let from =
            input["FromEmailAddress"].as_str().and_then(address).unwrap_or_default().to_ascii_lowercase();
        let identity = identity(&self.outbox(), &from).unwrap_or_else(|| domain(&from).to_owned());
        (action.to_owned(), self.place.arn("ses", &format!("identity/{identity}")))
    }

    /// Writes the email twice: as a line that the next start reads, and as a file that a mail program opens.
    fn keep(&self, email: &Email) -> std::io::Result<()> {
        let Some(folder) = &self.folder else { return Ok(()) };
        std::fs::create_dir_all(folder)?;
        std::fs::write(folder.join(format!("{}.eml", email.id)), eml::message(email))?;
        let mut lines =
            std::fs::OpenOptions::new().create(true).append(true).open(folder.join("emails.jsonl"))?;
        let mut line = serde_json::to_vec(email)?;
        line.push(b'\n');
        lines.write_all(&line)
    }
}

fn identity(outbox: &Outbox, from: &str) -> Option<String> {
    let domain = domain(from);
    match outbox.identities.get(from).or_else(|| outbox.identities.get(domain)) {
        Some(identity) => Some(identity.clone()),
        None => outbox.identities.is_empty().then(|| domain.to_owned()),
    }
}

fn read(input: &Value) -> Result<Email, AwsError> {
    let from = input["FromEmailAddress"].as_str().unwrap_or_default();
    address(from).ok_or_else(|| wrong(format!("Invalid sender email address: {from}")))?;
    let destination = &input["Destination"];
    let email = Email {
        from: from.to_owned(),
        to: addresses(&destination["ToAddresses"])?,
        cc: addresses(&destination["CcAddresses"])?,
        bcc: addresses(&destination["BccAddresses"])?,
        reply_to: addresses(&input["ReplyToAddresses"])?,
        configuration_set: input["ConfigurationSetName"].as_str().map(str::to_owned),
        tags: pairs(&input["EmailTags"]),
        ..Email::default()
    };
    let recipients = email.to.len() + email.cc.len() + email.bcc.len();
    if recipients > RECIPIENTS {
        return Err(wrong(format!("Recipient count exceeds {RECIPIENTS}.")));
    }
    let content = &input["Content"];
    match (content.get("Simple"), content.get("Raw")) {
        (Some(_), None) if recipients == 0 => Err(wrong("Missing required parameter: Destination")),
        (Some(simple), None) => read_simple(email, simple),
        (None, Some(raw)) => {
            let data = raw["Data"].as_str().and_then(|data| BASE64_STANDARD.decode(data).ok());
            let data =
                data.filter(|data| !data.is_empty()).ok_or_else(|| wrong("Raw message data is missing."))?;
            Ok(Email { raw: Some(String::from_utf8_lossy(&data).into_owned()), ..email })
        }
        (None, None) if content.get("Template").is_some() => {
            Err(wrong("Templates of the service are not emulated."))
        }
        _ => Err(wrong("Exactly one of Simple, Raw and Template must be given.")),
    }
}

fn read_simple(email: Email, simple: &Value) -> Result<Email, AwsError> {
    let data = |part: &Value| part["Data"].as_str().map(str::to_owned);
    let subject = data(&simple["Subject"]).ok_or_else(|| wrong("Subject is missing."))?;
    let (text, html) = (data(&simple["Body"]["Text"]), data(&simple["Body"]["Html"]));
    if text.is_none() && html.is_none() {
        return Err(wrong("Body is missing."));
    }
    if simple["Attachments"].as_array().is_some_and(|attachments| !attachments.is_empty()) {
        return Err(wrong("Attachments are not emulated."));
    }
    let headers = pairs(&simple["Headers"]);
    if subject.contains(['\r', '\n']) || headers.iter().any(|(_, value)| value.contains(['\r', '\n'])) {
        return Err(wrong("Header values must not contain line breaks."));
    }
    Ok(Email { subject, text, html, headers, ..email })
}

fn addresses(list: &Value) -> Result<Vec<String>, AwsError> {
    let list = list.as_array().map(Vec::as_slice).unwrap_or_default();
    list.iter()
        .map(|value| {
            let text = value.as_str().unwrap_or_default();
            address(text).ok_or_else(|| wrong(format!("Invalid email address: {text}")))?;
            Ok(text.to_owned())
        })
        .collect()
}

fn pairs(list: &Value) -> Vec<(String, String)> {
    let list = list.as_array().map(Vec::as_slice).unwrap_or_default();
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    list.iter().map(|pair| (text(&pair["Name"]), text(&pair["Value"]))).collect()
}

fn wrong(message: impl Into<String>) -> AwsError {
    AwsError::new("BadRequestException", message)
}
