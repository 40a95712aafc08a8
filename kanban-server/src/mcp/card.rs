//! Cards as models read them: keys instead of ids, one line each in lists, nothing that is empty.

use kanban_core::{ActorRef, Card, Comment, Priority, Timestamp};
use schemars::JsonSchema;
use serde::Serialize;

use super::text::line;

/// A card in a list.
#[derive(Debug, Serialize)]
pub(super) struct CardLine {
    pub(super) key: String,
    title: String,
    status: &'static str,
    version: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    priority: Option<&'static str>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    labels: Vec<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    assignees: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    due: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    claimed_by: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    until: Option<String>,
    by: String,
}

impl CardLine {
    pub(super) fn of(card: &Card) -> Self {
        Self {
            key: card.key.clone(),
            title: line(&card.title, 256),
            status: card.status.as_str(),
            version: card.version.0,
            priority: (card.priority != Priority::Medium).then(|| card.priority.as_str()),
            labels: few(&card.labels),
            assignees: few(&card.assignees),
            due: card.due_at.map(moment),
            claimed_by: card.claim.as_ref().map(|claim| line(&claim.agent_id, 64)),
            until: card.claim.as_ref().map(|claim| moment(claim.until)),
            by: author(&card.created_by),
        }
    }
}

/// The first few of a card's labels or assignees, and how many more there are.
pub(super) fn few(texts: &[String]) -> Vec<String> {
    const FEW: usize = 5;
    let mut shown: Vec<String> = texts.iter().take(FEW).map(|text| line(text, 48)).collect();
    if texts.len() > FEW {
        shown.push(format!("+{}", texts.len() - FEW));
    }
    shown
}

/// Who wrote something: what kind of actor, and its id.
pub(super) fn author(who: &ActorRef) -> String {
    format!("{} {}", format!("{:?}", who.kind).to_ascii_lowercase(), line(&who.id, 64))
}

/// A moment to the second.
pub(super) fn moment(at: Timestamp) -> String {
    let text = at.to_string();
    format!("{}Z", text.get(..19).unwrap_or(&text))
}

/// A comment, as data with its author beside it.
#[derive(Debug, Serialize)]
pub(super) struct CommentLine {
    pub(super) by: String,
    pub(super) at: String,
    pub(super) text: String,
}

impl CommentLine {
    pub(super) fn of(comment: &Comment, text: &str) -> Self {
        Self { by: author(&comment.author), at: moment(comment.created_at), text: text.to_owned() }
    }
}

/// What a write to a card answers: the version to name next time, and what became of the card.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct Written {
    card: String,
    version: i64,
    #[schemars(schema_with = "super::schema::text")]
    status: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    epoch: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    until: Option<String>,
}

impl Written {
    pub(super) fn of(card: &Card) -> Self {
        Self {
            card: card.key.clone(),
            version: card.version.0,
            status: card.status.as_str(),
            epoch: card.claim.as_ref().map(|claim| claim.epoch.0),
            until: card.claim.as_ref().map(|claim| moment(claim.until)),
        }
    }
}
