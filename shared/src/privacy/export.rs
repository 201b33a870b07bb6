//! Exports: an archive, packed, sealed under the person's own key, kept for a week. Who is erased meanwhile has none.

use std::io::{Read as _, Write as _};

use base64::{Engine as _, prelude::BASE64_STANDARD_NO_PAD};
use flate2::{Compression, read::GzDecoder, write::GzEncoder};
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{
    archive::{self, Archive},
    person::{self, Ask},
};
use crate::{
    audit::Action,
    customer,
    http::{Call, Nothing, Problem, Reply},
    id::{CustomerId, PrivacyRequestId},
    runtime::App,
    store::{self, StoreError, Write, keys},
    tenant::Tenant,
    vault::{Opened, Sealed, Subject, VaultError},
};

/// How long an archive can be fetched.
const KEPT: SignedDuration = SignedDuration::from_hours(7 * 24);

/// Bytes of a packed archive in one item. Base64 twice makes them 320 KB; an item may have 400.
const CHUNK: usize = 180_000;

/// An archive that is larger than this is answered packed: an answer may have 6 MB.
const LARGEST_PLAIN: usize = 5_000_000;

/// How far an export is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ExportStatus {
    /// Its archive can be fetched.
    Ready,
}

/// An export.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Export {
    /// Its id.
    pub id: PrivacyRequestId,
    /// How far it is.
    pub status: ExportStatus,
    subject: Subject,
    chunks: u32,
    /// When it was asked for.
    pub created_at: Timestamp,
    /// When the archive is forgotten, in seconds since 1970.
    expires: i64,
}

/// A piece of a packed archive.
#[derive(Serialize, Deserialize)]
struct Chunk {
    sealed: Sealed<String>,
    expires: i64,
}

/// An export, as callers see it.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = Export)]
pub struct ExportView {
    /// Its id.
    pub id: PrivacyRequestId,
    /// How far it is.
    pub status: ExportStatus,
    /// The customer's id, where there is an account.
    pub customer_id: Option<CustomerId>,
    /// When it was asked for.
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Timestamp,
    /// Until when its archive can be fetched.
    #[schema(value_type = String, format = DateTime)]
    pub expires_at: Timestamp,
}

impl From<&Export> for ExportView {
    fn from(export: &Export) -> Self {
        let customer_id = match export.subject {
            Subject::Customer(id) => Some(id),
            _ => None,
        };
        Self {
            id: export.id,
            status: export.status,
            customer_id,
            created_at: export.created_at,
            expires_at: Timestamp::from_second(export.expires).unwrap_or(export.created_at),
        }
    }
}

/// The export `id`, while its archive is kept.
///
/// # Errors
/// [`StoreError`].
pub async fn find(app: &App, tenant: Tenant, id: PrivacyRequestId) -> Result<Option<Export>, StoreError> {
    let export: Option<Export> = store::get(app, "export", &keys::privacy_export(tenant, id)).await?;
    Ok(export.filter(|export| app.now().as_second() < export.expires))
}

/// Puts together what is known of whom the request names.
///
/// # Errors
/// [`Problem`]: 404 where nothing is known of anybody of that name, 410 where they were erased.
pub async fn export(app: &App, call: &Call<Ask>) -> Result<Reply<ExportView>, Problem> {
    let tenant = call.tenant()?;
    let person = person::find(app, tenant, &call.body.customer).await?.ok_or_else(Problem::not_found)?;
    if let Some(id) = person.customer
        && customer::load(app, tenant, id).await?.is_some_and(|customer| customer.erased.is_some())
    {
        return Err(VaultError::Erased.into());
    }
    let subject = person.subjects().next().ok_or_else(Problem::not_found)?;
    let archive = archive::collect(app, tenant, &person).await?;
    let packed =
        pack(&serde_json::to_vec(&archive).map_err(Problem::internal)?).map_err(Problem::internal)?;
    let (id, expires) = (PrivacyRequestId::new(app), (app.now() + KEPT).as_second());
    let (vault, mut chunks) = (Opened::new(app, tenant), 0);
    for piece in packed.chunks(CHUNK) {
        let text = BASE64_STANDARD_NO_PAD.encode(piece);
        let sealed = vault.seal(subject, &field(id, chunks), &text).await?;
        let key = keys::privacy_export_chunk(tenant, id, chunks);
        store::commit(app, vec![Write::put("export-chunk", key, &Chunk { sealed, expires })?]).await?;
        chunks += 1;
    }
    let status = ExportStatus::Ready;
    let export = Export { id, status, subject, chunks, created_at: app.now(), expires };
    let write = Write::create("export", keys::privacy_export(tenant, id), &export)?;
    let reply = Reply::accepted(path(id), ExportView::from(&export));
    Ok(call.commit(app, vec![write], reply).await?)
}

/// The archive of the export `id`. That it was fetched is told in the audit log, first.
///
/// # Errors
/// [`Problem`]: 404 where there is none, or none any more; 410 where the person was erased.
pub async fn archive(
    app: &App,
    call: &Call<Nothing>,
    id: PrivacyRequestId,
) -> Result<Reply<Archive>, Problem> {
    let tenant = call.tenant()?;
    let export = find(app, tenant, id).await?.ok_or_else(Problem::not_found)?;
    let (vault, mut packed) = (Opened::new(app, tenant), Vec::new());
    for number in 0..export.chunks {
        let key = keys::privacy_export_chunk(tenant, id, number);
        let chunk: Option<Chunk> = store::get(app, "export chunk", &key).await?;
        let chunk = chunk.ok_or_else(Problem::not_found)?;
        let text = vault.open(export.subject, &field(id, number), &chunk.sealed).await?;
        let piece = BASE64_STANDARD_NO_PAD.decode(text.ok_or(VaultError::Erased)?);
        packed.extend(piece.map_err(Problem::internal)?);
    }
    let who = call.principal()?.who();
    let note = call.audit(app, who, Action::PrivacyExported, path(id))?;
    store::commit(app, vec![note]).await?;
    let json = unpack(&packed).map_err(Problem::internal)?;
    Ok(match json.len() {
        ..=LARGEST_PLAIN => Reply::bytes("application/json", json),
        _ => Reply::bytes("application/gzip", packed),
    })
}

fn path(id: PrivacyRequestId) -> String {
    format!("/v1/privacy/exports/{id}")
}

/// What a piece is bound to.
fn field(id: PrivacyRequestId, chunk: u32) -> String {
    format!("export/{id}/{chunk}")
}

fn pack(bytes: &[u8]) -> std::io::Result<Vec<u8>> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(bytes)?;
    encoder.finish()
}

fn unpack(bytes: &[u8]) -> std::io::Result<Vec<u8>> {
    let mut plain = Vec::new();
    GzDecoder::new(bytes).read_to_end(&mut plain)?;
    Ok(plain)
}
