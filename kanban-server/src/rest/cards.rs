//! Cards.

use axum::extract::OriginalUri;
use kanban_core::{BoardRef, CardFilter, CardPatch, CardRef, ColumnId, ListCards, MoveCard, NewCard, Place};

use super::Answer;
use crate::etag::{IfMatch, MaybeIfMatch, Seen, created, tagged};
use crate::extract::{self, Act, Body, Id, Query};

pub(super) async fn create(Act(kanban): Act, Id(column): Id<ColumnId>, Body(new): Body<NewCard>) -> Answer {
    let card = kanban.create_card(column, new).await?;
    Ok(created(format!("/v1/cards/{}", card.key), &card))
}

pub(super) async fn read(Act(kanban): Act, Id(card): Id<CardRef>, seen: Seen) -> Answer {
    Ok(seen.answer(&kanban.get_card(card).await?))
}

pub(super) async fn list(
    Act(kanban): Act,
    Id(board): Id<BoardRef>,
    uri: OriginalUri,
    Query(filter, page): Query<CardFilter>,
) -> Answer {
    Ok(extract::list(&uri, kanban.list_cards(board, ListCards { filter, page }).await?))
}

pub(super) async fn update(
    Act(kanban): Act,
    Id(card): Id<CardRef>,
    IfMatch(expected): IfMatch,
    Body(patch): Body<CardPatch>,
) -> Answer {
    Ok(tagged(&kanban.update_card(card, expected, patch).await?))
}

pub(super) async fn r#move(
    Act(kanban): Act,
    Id(card): Id<CardRef>,
    IfMatch(expected): IfMatch,
    Body(to): Body<MoveCard>,
) -> Answer {
    Ok(tagged(&kanban.move_card(card, expected, to).await?))
}

pub(super) async fn reorder(
    Act(kanban): Act,
    Id(card): Id<CardRef>,
    IfMatch(expected): IfMatch,
    Body(place): Body<Place>,
) -> Answer {
    Ok(tagged(&kanban.reorder_card(card, expected, place).await?))
}

pub(super) async fn delete(Act(kanban): Act, Id(card): Id<CardRef>, IfMatch(expected): IfMatch) -> Answer {
    Ok(tagged(&kanban.delete_card(card, expected).await?))
}

pub(super) async fn restore(Act(kanban): Act, Id(card): Id<CardRef>, MaybeIfMatch(expected): MaybeIfMatch) -> Answer {
    Ok(tagged(&kanban.restore_card(card, expected).await?))
}
