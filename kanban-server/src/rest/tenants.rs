//! Tenants, for administrators of the tenant `default`.

use axum::extract::OriginalUri;
use axum::http::{StatusCode, header};
use axum::response::IntoResponse;
use kanban_core::{NewTenant, Page, Tenant};

use super::Answer;
use super::workspaces::NoFilter;
use crate::extract::{self, Apart, Body, Listed, Name};
use crate::json::Json;
use crate::openapi::Conflict;

/// Creates a tenant, or answers the one that is there.
#[utoipa::path(
    post,
    path = "/v1/tenants",
    operation_id = "create_tenant",
    tag = "tenants",
    params(Apart),
    request_body(content = NewTenant, example = json!({"id": "acme"})),
    responses(
        (status = 201, description = "The new tenant.", body = Tenant,
         headers(("Location" = String, description = "Where the tenant is."))),
        (status = 200, description = "The tenant that was there already.", body = Tenant),
        Conflict,
    )
)]
pub(super) async fn create(Apart(kanban): Apart, Body(new): Body<NewTenant>) -> Answer {
    let created = kanban.create_tenant(&new.id).await?;
    let status = if created.is_new { StatusCode::CREATED } else { StatusCode::OK };
    let location = [(header::LOCATION, format!("/v1/tenants/{}", created.tenant.id))];
    Ok((status, location, Json(created.tenant)).into_response())
}

/// Lists all tenants by name, deleted ones among them.
#[utoipa::path(
    get,
    path = "/v1/tenants",
    operation_id = "list_tenants",
    tag = "tenants",
    params(Apart, Listed<NoFilter>),
    responses((status = 200, description = "A page of tenants.", body = Page<Tenant>))
)]
pub(super) async fn list(
    Apart(kanban): Apart,
    uri: OriginalUri,
    Listed(NoFilter {}, page): Listed<NoFilter>,
) -> Answer {
    Ok(extract::list(&uri, kanban.list_tenants(page).await?))
}

/// Reads a tenant.
#[utoipa::path(
    get,
    path = "/v1/tenants/{id}",
    operation_id = "get_tenant",
    tag = "tenants",
    params(Apart, Name),
    responses((status = 200, description = "The tenant.", body = Tenant))
)]
pub(super) async fn read(Apart(kanban): Apart, Name(id): Name) -> Answer {
    Ok(Json(kanban.get_tenant(&id).await?).into_response())
}

/// Suspends a tenant: its tokens are refused and nothing of it is changed any more.
#[utoipa::path(
    post,
    path = "/v1/tenants/{id}/suspend",
    operation_id = "suspend_tenant",
    tag = "tenants",
    params(Apart, Name),
    responses((status = 200, description = "The tenant, suspended.", body = Tenant), Conflict)
)]
pub(super) async fn suspend(Apart(kanban): Apart, Name(id): Name) -> Answer {
    Ok(Json(kanban.suspend_tenant(&id).await?).into_response())
}

/// Lets a suspended tenant go on.
#[utoipa::path(
    post,
    path = "/v1/tenants/{id}/resume",
    operation_id = "resume_tenant",
    tag = "tenants",
    params(Apart, Name),
    responses((status = 200, description = "The tenant, at work.", body = Tenant), Conflict)
)]
pub(super) async fn resume(Apart(kanban): Apart, Name(id): Name) -> Answer {
    Ok(Json(kanban.resume_tenant(&id).await?).into_response())
}

/// Deletes a suspended tenant and everything it has, for good.
///
/// Its name is never given again. A call that was cut short goes on when it is made again.
#[utoipa::path(
    delete,
    path = "/v1/tenants/{id}",
    operation_id = "delete_tenant",
    tag = "tenants",
    params(Apart, Name),
    responses((status = 200, description = "The tenant as it was taken down.", body = Tenant), Conflict)
)]
pub(super) async fn delete(Apart(kanban): Apart, Name(id): Name) -> Answer {
    Ok(Json(kanban.delete_tenant(&id).await?).into_response())
}
