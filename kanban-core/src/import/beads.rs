//! The JSONL format of the tracker "beads": one issue a line, its dependencies and comments inside it.

use std::collections::BTreeMap;
use std::io::BufRead;

use serde::Deserialize;
use serde_json::value::RawValue;

use super::{SourceCard, SourceComment, SourceDependency, line_error};
use crate::model::{ColumnKind, DependencyType, JsonObject, Priority, Timestamp};
use crate::{Error, Result};

/// The columns of an imported board, in order. Claims start work in the first doing column, so Blocked comes behind it.
pub(super) const COLUMNS: [(&str, ColumnKind); 5] = [
    ("Backlog", ColumnKind::Backlog),
    ("Todo", ColumnKind::Todo),
    ("Doing", ColumnKind::Doing),
    ("Blocked", ColumnKind::Doing),
    ("Done", ColumnKind::Done),
];

#[derive(Deserialize)]
struct Issue {
    id: String,
    title: String,
    #[serde(default)]
    description: String,
    status: String,
    priority: u8,
    issue_type: Option<String>,
    assignee: Option<String>,
    created_by: Option<String>,
    created_at: Timestamp,
    updated_at: Option<Timestamp>,
    closed_at: Option<Timestamp>,
    deleted_at: Option<Timestamp>,
    due_at: Option<Timestamp>,
    #[serde(default)]
    labels: Vec<String>,
    #[serde(default)]
    dependencies: Vec<IssueDependency>,
    #[serde(default)]
    comments: Vec<IssueComment>,
    #[serde(flatten)]
    rest: BTreeMap<String, serde_json::Value>,
}

#[derive(Deserialize)]
struct IssueDependency {
    issue_id: String,
    depends_on_id: String,
    #[serde(rename = "type")]
    kind: String,
    created_by: Option<String>,
    created_at: Timestamp,
}

#[derive(Deserialize)]
struct IssueComment {
    id: Box<RawValue>,
    author: String,
    text: String,
    created_at: Timestamp,
}

/// Reads issues, one JSON object a line; empty lines are passed over.
///
/// | there | here |
/// | --- | --- |
/// | status `open` · `in_progress`, `hooked` · `blocked` · `deferred` · `closed` | column Todo · Doing · Blocked · Backlog · Done |
/// | status `tombstone` | a deleted card |
/// | priority 0 … 4 | critical … lowest |
/// | issue_type | label `type:…` |
/// | `id`, `assignee`, `created_by`, times | external id, assignee, creator, the same times |
/// | any other member, and a status that has no column of its own | `fields` |
///
/// # Errors
/// [`Invalid`](Error::Invalid) naming the first line that is not such an issue.
pub fn read(input: impl BufRead) -> Result<Vec<SourceCard>> {
    let mut cards = Vec::new();
    for (line, text) in (1..).zip(input.lines()) {
        let text = text.map_err(|e| line_error(line, format!("cannot be read: {e}")))?;
        if text.trim().is_empty() {
            continue;
        }
        let issue: Issue = serde_json::from_str(&text).map_err(|e| {
            // serde_json's place is within the line; its own line is always 1
            let reason = e.to_string();
            let reason = reason.split(" at line ").next().unwrap_or_default();
            line_error(line, format!("is not an issue: {reason} (character {})", e.column()))
        })?;
        cards.push(card(line, issue)?);
    }
    if cards.is_empty() {
        return Err(Error::invalid("file", "holds no issues"));
    }
    Ok(cards)
}

fn card(line: usize, issue: Issue) -> Result<SourceCard> {
    let column = match issue.status.as_str() {
        "open" | "tombstone" => COLUMNS[1],
        "in_progress" | "hooked" => COLUMNS[2],
        "blocked" => COLUMNS[3],
        "deferred" => COLUMNS[0],
        "closed" => COLUMNS[4],
        other => return Err(line_error(line, format!("has the unknown status {other:?}"))),
    };
    let is_closed = issue.status == "closed";
    let is_deleted = issue.status == "tombstone";
    let updated_at = issue.updated_at.unwrap_or(issue.created_at);
    let priority = Priority::ALL
        .get(usize::from(issue.priority))
        .ok_or_else(|| line_error(line, format!("has priority {}; priorities go from 0 to 4", issue.priority)))?;
    let mut fields = issue.rest;
    // kept although they have members here, where that member means something else for this card
    if let (Some(at), false) = (issue.closed_at, is_closed) {
        fields.insert("closed_at".to_owned(), at.to_string().into());
    }
    if let (Some(at), false) = (issue.deleted_at, is_deleted) {
        fields.insert("deleted_at".to_owned(), at.to_string().into());
    }
    if matches!(issue.status.as_str(), "hooked" | "blocked" | "deferred") {
        fields.insert("status".to_owned(), issue.status.as_str().into());
    }
    let mut labels = Vec::with_capacity(issue.labels.len() + 1);
    let kind = issue.issue_type.map(|kind| format!("type:{kind}"));
    for label in kind.into_iter().chain(issue.labels) {
        if !labels.contains(&label) {
            labels.push(label);
        }
    }
    let dependencies = issue.dependencies.into_iter().map(|link| dependency(line, link)).collect::<Result<Vec<_>>>()?;
    let comments = issue.comments.into_iter().map(|comment| SourceComment {
        external_id: comment.id.get().trim_matches('"').to_owned(),
        author: comment.author,
        body: comment.text,
        created_at: comment.created_at,
    });
    Ok(SourceCard {
        line,
        external_id: issue.id,
        column,
        title: issue.title,
        description: issue.description,
        labels,
        assignees: issue.assignee.into_iter().filter(|assignee| !assignee.is_empty()).collect(),
        priority: *priority,
        due_at: issue.due_at,
        fields: JsonObject::from_value(&fields)?,
        created_by: issue.created_by,
        created_at: issue.created_at,
        updated_at,
        finished_at: is_closed.then(|| issue.closed_at.unwrap_or(updated_at).max(issue.created_at)),
        deleted_at: is_deleted.then(|| issue.deleted_at.unwrap_or(updated_at).max(issue.created_at)),
        source_status: issue.status,
        dependencies,
        comments: comments.collect(),
    })
}

/// There, `issue_id` depends on `depends_on_id`; here a dependency reads "from … to".
fn dependency(line: usize, link: IssueDependency) -> Result<SourceDependency> {
    let (kind, turned) = match link.kind.as_str() {
        "blocks" => (DependencyType::Blocks, true),
        "parent-child" | "parent_child" => (DependencyType::Parent, true),
        "discovered-from" | "discovered_from" => (DependencyType::DiscoveredFrom, false),
        "related" | "relates-to" | "relates_to" => (DependencyType::Relates, false),
        "duplicates" => (DependencyType::Duplicates, false),
        "supersedes" => (DependencyType::Supersedes, false),
        "replies-to" | "replies_to" => (DependencyType::RepliesTo, false),
        other => return Err(line_error(line, format!("has a dependency of the unknown type {other:?}"))),
    };
    let (from, to) = if turned { (link.depends_on_id, link.issue_id) } else { (link.issue_id, link.depends_on_id) };
    if from == to {
        return Err(line_error(line, format!("has a dependency of {from} on itself")));
    }
    Ok(SourceDependency {
        source_type: link.kind,
        kind,
        from,
        to,
        created_by: link.created_by.filter(|name| !name.is_empty()),
        created_at: link.created_at,
    })
}
