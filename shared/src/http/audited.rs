//! What a request leaves in the audit log.

use super::{Call, Problem, Reply};
use crate::{
    audit::{Action, Actor, Note},
    runtime::App,
    store::Write,
};

impl<B, Q> Call<B, Q> {
    /// The write that notes that `actor` does `action` to `resource`, from where and by which request. Commit it together
    /// with what it tells of. A route that says [`super::Route::audited`] needs it only for what it does beside that.
    ///
    /// # Errors
    /// 401 on a public route, which has no tenant: what is known there makes its own [`Note`].
    pub fn audit(
        &self,
        app: &App,
        actor: impl Into<Actor>,
        action: Action,
        resource: impl Into<String>,
    ) -> Result<Write, Problem> {
        Ok(self.note(app, actor, action, resource).write(self.tenant()?)?)
    }

    /// As [`Call::audit`], before it is written: for digests of one's own, or a tenant that the call doesn't tell.
    pub fn note(
        &self,
        app: &App,
        actor: impl Into<Actor>,
        action: Action,
        resource: impl Into<String>,
    ) -> Note {
        let request_id = Some(self.request_id.clone()).filter(|id| !id.is_empty());
        Note { from: self.from, request_id, ..Note::new(app, actor, action, resource) }
    }

    /// The note of what the route says it does, with `writes`. It is done to what the answer says is there; where it says
    /// nothing, to the request's own path. Where nothing is written, nothing was done.
    pub(super) fn route_note<R>(
        &self,
        app: &App,
        writes: &[Write],
        reply: &Reply<R>,
    ) -> Result<Option<Write>, Problem> {
        let Some(action) = self.audited.filter(|_| !writes.is_empty()) else {
            return Ok(None);
        };
        let principal = self.principal()?;
        let resource = reply.location().unwrap_or(&self.path);
        let note = self.note(app, principal.who(), action, resource).of_writes(writes);
        Ok(Some(note.write(principal.tenant())?))
    }
}
