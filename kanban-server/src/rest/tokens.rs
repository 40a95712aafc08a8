//! Service tokens.

use axum::extract::OriginalUri;
use axum::http::{StatusCode, header};
use axum::response::IntoResponse;
use kanban_core::{CreatedToken, NewToken, Page, Token, TokenId};

use super::Answer;
use super::workspaces::NoFilter;
use crate::extract::{self, Act, Body, Id, Listed};
use crate::idempotency::Kept;
use crate::json::Json;
use crate::openapi::Conflict;

/// Creates a service token; its text is in this answer and nowhere else.
///
/// Without `agent_id` it is a person's: `X-Agent-Id` may narrow each call to any agent. With it, only that agent acts.
#[utoipa::path(
    post,
    path = "/v1/tokens",
    operation_id = "create_token",
    tag = "tokens",
    params(Act),
    request_body(content = NewToken, example = json!({"name": "night shift", "scopes": ["write"], "agent_id": "claude-1"})),
    responses(
        (status = 201, description = "The token and, this once, its text.", body = CreatedToken,
         headers(("Location" = String, description = "Where the token is."))),
        Conflict,
    )
)]
pub(super) async fn create(Act(kanban): Act, Body(new): Body<NewToken>) -> Answer {
    let created = kanban.create_token(new).await?;
    let location = [(header::LOCATION, format!("/v1/tokens/{}", created.token.id))];
    let kept = CreatedToken { token: created.token.clone(), secret: None };
    let mut response = (StatusCode::CREATED, location, Json(&created)).into_response();
    response.extensions_mut().insert(Kept::instead(&kept));
    Ok(response)
}

/// Reads a token, without its text.
#[utoipa::path(
    get,
    path = "/v1/tokens/{id}",
    operation_id = "get_token",
    tag = "tokens",
    params(Act, Id<TokenId>),
    responses((status = 200, description = "The token.", body = Token))
)]
pub(super) async fn read(Act(kanban): Act, Id(id): Id<TokenId>) -> Answer {
    Ok(Json(kanban.get_token(id).await?).into_response())
}

/// Lists tokens, oldest first, those that have ended among them.
#[utoipa::path(
    get,
    path = "/v1/tokens",
    operation_id = "list_tokens",
    tag = "tokens",
    params(Act, Listed<NoFilter>),
    responses((status = 200, description = "A page of tokens.", body = Page<Token>))
)]
pub(super) async fn list(Act(kanban): Act, uri: OriginalUri, Listed(NoFilter {}, page): Listed<NoFilter>) -> Answer {
    Ok(extract::list(&uri, kanban.list_tokens(page).await?))
}

/// Revokes a token.
///
/// Once this has answered, nothing written with it is still to take effect; reads with it end within seconds.
#[utoipa::path(
    delete,
    path = "/v1/tokens/{id}",
    operation_id = "revoke_token",
    tag = "tokens",
    params(Act, Id<TokenId>),
    responses((status = 200, description = "The token, revoked.", body = Token), Conflict)
)]
pub(super) async fn revoke(Act(kanban): Act, Id(id): Id<TokenId>) -> Answer {
    Ok(Json(kanban.revoke_token(id).await?).into_response())
}
