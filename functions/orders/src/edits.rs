//! Changes of what is bought.

use souk::{
    http::{Call, Problem, Reply},
    id::{EditId, OrderId},
    order::{self, Command, EditOrder, EditView, NewEdit},
    runtime::App,
};

use crate::actor;

pub async fn edit(app: App, call: Call<EditOrder>) -> Result<Reply<EditView>, Problem> {
    let (tenant, id, edit) = (call.tenant()?, call.path::<OrderId>("id")?, EditId::new(&app));
    let changes = call.body.changes()?;
    let order = order::load(&app, tenant, id).await?.ok_or_else(Problem::not_found)?;
    let (version, pricing) = order::reprice(&app, tenant, &order, &changes).await?;
    let (sequence, reason, by) = (order.sequence, call.body.reason.clone(), actor(&call)?);
    let new = NewEdit { id: edit, version, pricing, sequence, exchange: None, reason, by };
    order::act(&app, &call, id, &Command::RequestEdit(Box::new(new)), |_, shown| {
        let found = shown.edits.into_iter().find(|one| one.id == edit);
        let found = found.ok_or_else(|| Problem::internal("the edit was not asked for"))?;
        Ok(Reply::created(format!("/v1/orders/{id}"), found))
    })
    .await
}
