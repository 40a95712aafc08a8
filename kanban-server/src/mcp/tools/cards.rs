//! Cards: reading one, creating, changing, moving, and what is said about them.

use kanban_core::{
    BoardRef, CardPatch, CardRef, ColumnKind, JsonObject, MoveCard, NewCard, NewComment, NewDependency, Priority,
    Timestamp, Version,
};
use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize};

use super::Detail;
use crate::mcp::answer::{Outcome, Stop};
use crate::mcp::call::{Call, column};
use crate::mcp::card::{Written, author, moment};
use crate::mcp::schema;
use crate::mcp::whole::{self, Depth, Whole};

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::mcp) struct GetCard {
    /// Key, such as AB-42
    #[schemars(with = "String")]
    card: CardRef,
    #[serde(default)]
    detail: Detail,
    cursor: Option<String>,
}

pub(in crate::mcp) async fn get_card(call: Call, args: GetCard) -> Outcome<Whole> {
    let depth = match args.detail {
        Detail::Concise => Depth::Concise(whole::DESCRIPTION),
        Detail::Full => Depth::Full,
    };
    whole::read(&call.kanban, args.card, depth, args.cursor.as_deref()).await
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::mcp) struct CreateCard {
    #[schemars(with = "String")]
    board: BoardRef,
    /// What is to be done, in one line
    title: String,
    #[serde(default)]
    description: String,
    /// Name or kind; the first todo column when absent
    column: Option<String>,
    #[schemars(schema_with = "schema::priority")]
    #[serde(default)]
    priority: Priority,
    #[serde(default)]
    labels: Vec<String>,
    #[serde(default)]
    assignees: Vec<String>,
    /// RFC 3339
    #[schemars(with = "Option<String>")]
    due_at: Option<Timestamp>,
    /// Cards that must be finished first
    #[schemars(with = "Vec<String>")]
    #[serde(default)]
    waits_for: Vec<CardRef>,
    /// The card this is a part of
    #[schemars(with = "Option<String>")]
    parent: Option<CardRef>,
    /// Unique on the board: creating it twice is refused
    external_id: Option<String>,
    #[schemars(schema_with = "schema::object")]
    #[serde(default)]
    fields: JsonObject,
    /// What agents need to know to work on it
    #[schemars(schema_with = "schema::object")]
    #[serde(default)]
    agent_context: JsonObject,
}

pub(in crate::mcp) async fn create_card(call: Call, args: CreateCard) -> Outcome<Written> {
    if args.waits_for.len() > 20 {
        return Err(Stop::invalid("/waits_for", "must have at most 20 cards; add the others with add_dependency"));
    }
    let board = call.kanban.get_board(args.board).await?;
    let to = match &args.column {
        Some(name) => column(&board, name)?,
        None => column(&board, ColumnKind::Todo.as_str()).or_else(|_| column(&board, ColumnKind::Backlog.as_str()))?,
    };
    let new = NewCard {
        title: args.title,
        description: args.description,
        labels: args.labels,
        assignees: args.assignees,
        priority: args.priority,
        due_at: args.due_at,
        fields: args.fields,
        agent_context: args.agent_context,
        external_id: args.external_id,
        ..NewCard::default()
    };
    let waits_for = args.waits_for.into_iter().map(NewDependency::waits_for);
    let parent = args.parent.map(|card| NewDependency { relation: kanban_core::Relation::ChildOf, card });
    let links: Vec<NewDependency> = waits_for.chain(parent).collect();
    let column = to.id;
    // the card with its links, or nothing
    let card = call
        .kanban
        .transaction(|kanban| {
            let (new, links) = (new.clone(), links.clone());
            async move {
                let card = kanban.create_card(column, new).await?;
                for link in links {
                    kanban.add_dependency(card.id, link).await?;
                }
                Ok(card)
            }
        })
        .await?;
    Ok(Written::of(&card))
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::mcp) struct UpdateCard {
    #[schemars(with = "String")]
    card: CardRef,
    /// As you read it
    version: i64,
    /// Of your claim, if you hold one
    epoch: Option<i64>,
    title: Option<String>,
    description: Option<String>,
    #[schemars(schema_with = "schema::priority")]
    #[serde(default)]
    priority: Option<Priority>,
    /// All it shall have
    labels: Option<Vec<String>>,
    /// All it shall have
    assignees: Option<Vec<String>>,
    /// null clears
    #[schemars(schema_with = "schema::text_or_null")]
    #[serde(default, deserialize_with = "present")]
    due_at: Option<Option<Timestamp>>,
    /// Merged; null removes a member
    #[schemars(schema_with = "schema::object")]
    #[serde(default)]
    fields: Option<JsonObject>,
    #[schemars(schema_with = "schema::object")]
    #[serde(default)]
    agent_context: Option<JsonObject>,
    #[schemars(schema_with = "schema::object")]
    #[serde(default)]
    workflow_state: Option<JsonObject>,
}

/// A member that is there, so that null is a value.
fn present<'de, D: Deserializer<'de>, T: Deserialize<'de>>(deserializer: D) -> Result<Option<T>, D::Error> {
    T::deserialize(deserializer).map(Some)
}

pub(in crate::mcp) async fn update_card(call: Call, args: UpdateCard) -> Outcome<Written> {
    let patch = CardPatch {
        title: args.title,
        description: args.description,
        labels: args.labels,
        assignees: args.assignees,
        priority: args.priority,
        due_at: args.due_at,
        fields: args.fields,
        agent_context: args.agent_context,
        workflow_state: args.workflow_state,
        ..CardPatch::default()
    };
    let updated = call.under(args.epoch).update_card(args.card, Version(args.version), patch).await;
    Ok(Written::of(&call.written(updated).await?))
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::mcp) struct Move {
    #[schemars(with = "String")]
    card: CardRef,
    /// As you read it
    version: i64,
    /// Name, or kind: backlog, todo, doing, done
    column: String,
    /// Another board
    #[schemars(with = "Option<String>")]
    board: Option<BoardRef>,
    /// Behind this card
    #[schemars(with = "Option<String>")]
    after: Option<CardRef>,
    /// Zero-based place; the end when absent
    position: Option<u32>,
    /// Of your claim, if you hold one
    epoch: Option<i64>,
}

pub(in crate::mcp) async fn move_card(call: Call, args: Move) -> Outcome<Written> {
    let board = match args.board {
        Some(board) => board,
        None => call.kanban.get_card(args.card.clone()).await?.board_id.into(),
    };
    let board = call.kanban.get_board(board).await?;
    let to =
        MoveCard { after_id: args.after, position: args.position, ..MoveCard::to(column(&board, &args.column)?.id) };
    let moved = call.under(args.epoch).move_card(args.card, Version(args.version), to).await;
    Ok(Written::of(&call.written(moved).await?))
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::mcp) struct AddComment {
    #[schemars(with = "String")]
    card: CardRef,
    body: String,
}

#[derive(Serialize, JsonSchema)]
pub(in crate::mcp) struct Commented {
    card: String,
    by: String,
    at: String,
}

pub(in crate::mcp) async fn add_comment(call: Call, args: AddComment) -> Outcome<Commented> {
    let card = args.card.to_string();
    let comment = call.kanban.create_comment(args.card, NewComment::saying(args.body)).await?;
    Ok(Commented { card, by: author(&comment.author), at: moment(comment.created_at) })
}
