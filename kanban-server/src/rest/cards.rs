//! Cards.

use axum::extract::OriginalUri;
use kanban_core::{
    BoardRef, Card, CardField, CardFields, CardFilter, CardPatch, CardRef, CardSort, ColumnId, ListCards, MoveCard,
    NewCard, Page, PartialCard, Place,
};
use serde::Deserialize;
use utoipa::IntoParams;

use super::Answer;
use crate::etag::{IfMatch, MaybeIfMatch, Seen, created, tagged};
use crate::extract::{self, Act, Body, Id, View, Viewed};
use crate::openapi::Conflict;

/// Creates a card in a column, at its end unless a place is given.
#[utoipa::path(
    post,
    path = "/v1/columns/{id}/cards",
    operation_id = "create_card",
    tag = "cards",
    params(Act, Id<ColumnId>),
    request_body(content = NewCard, example = json!({
        "title": "Fix the login",
        "description": "It answers 500 when the password has an umlaut.",
        "labels": ["bug"],
        "priority": "high",
        "position": 0,
        "agent_context": {"branch": "fix-login"}
    })),
    responses(
        (status = 201, description = "The card.", body = Card,
         headers(("Location" = String, description = "Where the card is."))),
        Conflict,
    )
)]
pub(super) async fn create(Act(kanban): Act, Id(column): Id<ColumnId>, Body(new): Body<NewCard>) -> Answer {
    let card = kanban.create_card(column, new).await?;
    Ok(created(format!("/v1/cards/{}", card.key), &card))
}

/// Reads a card.
#[utoipa::path(
    get,
    path = "/v1/cards/{id}",
    operation_id = "get_card",
    tag = "cards",
    params(Act, Id<CardRef>, Seen),
    responses((status = 200, description = "The card.", body = Card))
)]
pub(super) async fn read(Act(kanban): Act, Id(card): Id<CardRef>, seen: Seen) -> Answer {
    Ok(seen.answer(&kanban.get_card(card).await?))
}

/// How the cards of a list are shown.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
pub(super) struct CardView {
    /// In what order; as they stand on the board when absent.
    #[param(inline)]
    #[serde(default)]
    sort: CardSort,
    /// Only these members of each card, with commas between. Its id, key and version are always there.
    #[param(inline, value_type = Vec<CardField>, required = false, style = Form, explode = false)]
    fields: Option<CardFields>,
}

impl View for CardView {
    const NAMES: &'static [&'static str] = &["sort", "fields"];
}

/// Lists the cards of a board that pass every filter.
///
/// All filters combine. Pages follow each other by a cursor: cards that nobody touches meanwhile come exactly once, also
/// while others are created, moved and changed. With `fields`, each card has only the members that it names.
#[utoipa::path(
    get,
    path = "/v1/boards/{id}/cards",
    operation_id = "list_cards",
    tag = "cards",
    params(Act, Id<BoardRef>, Viewed<CardFilter, CardView>),
    responses((status = 200, description = "A page of cards.", body = Page<PartialCard>))
)]
pub(super) async fn list(
    Act(kanban): Act,
    Id(board): Id<BoardRef>,
    uri: OriginalUri,
    Viewed(filter, view, page): Viewed<CardFilter, CardView>,
) -> Answer {
    let list = ListCards { filter, sort: view.sort, page };
    Ok(match view.fields {
        Some(fields) => extract::list(&uri, kanban.pick_cards(board, list, fields).await?),
        None => extract::list(&uri, kanban.list_cards(board, list).await?),
    })
}

/// Changes a card's own members.
///
/// Absent members stay, null clears, JSON objects are merged (RFC 7396).
#[utoipa::path(
    patch,
    path = "/v1/cards/{id}",
    operation_id = "update_card",
    tag = "cards",
    params(Act, Id<CardRef>, IfMatch),
    request_body(content(
        (CardPatch = "application/merge-patch+json", example = json!({"priority": "high", "fields": {"estimate": 3}})),
        (CardPatch = "application/json", example = json!({"labels": ["bug", "login"], "due_at": "2026-12-24T12:00:00Z"})),
    )),
    responses((status = 200, description = "The card as it is now.", body = Card), Conflict)
)]
pub(super) async fn update(
    Act(kanban): Act,
    Id(card): Id<CardRef>,
    IfMatch(expected): IfMatch,
    Body(patch): Body<CardPatch>,
) -> Answer {
    Ok(tagged(&kanban.update_card(card, expected, patch).await?))
}

/// Moves a card to a column, of the same board or another.
///
/// It goes to the column's end unless a place is given. A column that is at its WIP limit refuses it.
#[utoipa::path(
    post,
    path = "/v1/cards/{id}/move",
    operation_id = "move_card",
    tag = "cards",
    params(Act, Id<CardRef>, IfMatch),
    request_body(content = MoveCard, example = json!({"column_id": "01JD8QGZ5R00000000000000C2", "position": 0})),
    responses((status = 200, description = "The card where it is now.", body = Card), Conflict)
)]
pub(super) async fn move_to(
    Act(kanban): Act,
    Id(card): Id<CardRef>,
    IfMatch(expected): IfMatch,
    Body(to): Body<MoveCard>,
) -> Answer {
    Ok(tagged(&kanban.move_card(card, expected, to).await?))
}

/// Gives a card another place in its column.
///
/// It goes to the column's end unless a place is given.
#[utoipa::path(
    post,
    path = "/v1/cards/{id}/reorder",
    operation_id = "reorder_card",
    tag = "cards",
    params(Act, Id<CardRef>, IfMatch),
    request_body(content = Place, example = json!({"after_id": "AB-2"})),
    responses((status = 200, description = "The card.", body = Card), Conflict)
)]
pub(super) async fn reorder(
    Act(kanban): Act,
    Id(card): Id<CardRef>,
    IfMatch(expected): IfMatch,
    Body(place): Body<Place>,
) -> Answer {
    Ok(tagged(&kanban.reorder_card(card, expected, place).await?))
}

/// Deletes a card. It can be restored.
#[utoipa::path(
    delete,
    path = "/v1/cards/{id}",
    operation_id = "delete_card",
    tag = "cards",
    params(Act, Id<CardRef>, IfMatch),
    responses((status = 200, description = "The card as it was deleted.", body = Card), Conflict)
)]
pub(super) async fn delete(Act(kanban): Act, Id(card): Id<CardRef>, IfMatch(expected): IfMatch) -> Answer {
    Ok(tagged(&kanban.delete_card(card, expected).await?))
}

/// Brings a deleted card back, at the end of its column.
#[utoipa::path(
    post,
    path = "/v1/cards/{id}/restore",
    operation_id = "restore_card",
    tag = "cards",
    params(Act, Id<CardRef>, MaybeIfMatch),
    responses((status = 200, description = "The card.", body = Card), Conflict)
)]
pub(super) async fn restore(Act(kanban): Act, Id(card): Id<CardRef>, MaybeIfMatch(expected): MaybeIfMatch) -> Answer {
    Ok(tagged(&kanban.restore_card(card, expected).await?))
}
