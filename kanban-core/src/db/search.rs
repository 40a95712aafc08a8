//! Text search.

use serde::{Deserialize, Serialize};
use serde_json::Value;
use sqlx::types::{Json, Uuid};
use time::OffsetDateTime;

use super::{Conn, actor_ref, known, moment, registered};
use crate::model::{BoardRef, CardFilter, CardId, Clauses, Excerpt, ExcerptField, FoundCard, FoundComment, FoundIn};
use crate::model::{Priority, SearchHit, SearchQuery};

registered! {
    SEARCH = "select h.tier, h.id as hit_id, h.near, c.id, c.key, c.external_id, c.board_id, c.column_id, c.status, c.title,
            c.description, c.labels, c.assignees, c.priority, c.due_at, c.updated_at, m.author_kind, m.author_id, m.body,
            m.created_at as written_at
        from kanban.search(
            $1, $2, $3, $4,
            coalesce($5, (select id from kanban.boards where tenant_id = $1 and key = $6),
                     case when $6::text is not null then '00000000-0000-0000-0000-000000000000'::uuid end),
            $7, $8, $9, $10, $11) as h
        join kanban.cards as c on c.tenant_id = $1 and c.id = h.card_id
        left join kanban.comments as m on m.tenant_id = $1 and m.id = h.comment_id
        order by h.tier, h.id desc";
}

/// Where a search goes on: behind this hit.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct SearchPlace {
    tier: i32,
    hit: Uuid,
}

impl SearchPlace {
    /// Before all hits.
    const START: Self = Self { tier: 0, hit: Uuid::max() };
}

#[derive(sqlx::FromRow)]
pub(crate) struct HitRow {
    tier: i32,
    hit_id: Uuid,
    near: Option<Vec<String>>,
    id: Uuid,
    key: String,
    external_id: Option<String>,
    board_id: Uuid,
    column_id: Uuid,
    status: String,
    title: String,
    description: String,
    labels: Vec<String>,
    assignees: Vec<String>,
    priority: i16,
    due_at: Option<OffsetDateTime>,
    updated_at: OffsetDateTime,
    author_kind: Option<String>,
    author_id: Option<String>,
    body: Option<String>,
    written_at: Option<OffsetDateTime>,
}

impl HitRow {
    pub(crate) fn place(&self) -> SearchPlace {
        SearchPlace { tier: self.tier, hit: self.hit_id }
    }

    /// What is found, with excerpts that mark what was looked for.
    pub(crate) fn hit(self, clauses: &Clauses) -> SearchHit {
        let marks = clauses.marks(self.near.as_deref().unwrap_or_default());
        let comment = self.author_kind.zip(self.author_id).zip(self.written_at);
        let excerpts: Vec<Excerpt> = match &self.body {
            Some(body) => marks.excerpt(ExcerptField::Comment, body).into_iter().collect(),
            None => {
                let labels = self.labels.iter().map(|label| (ExcerptField::Label, label.as_str()));
                let texts = [(ExcerptField::Title, self.title.as_str()), (ExcerptField::Key, self.key.as_str())];
                let external_id = self.external_id.as_deref().map(|id| (ExcerptField::ExternalId, id));
                let description = [(ExcerptField::Description, self.description.as_str())];
                let texts = texts.into_iter().chain(external_id).chain(labels).chain(description);
                texts.filter_map(|(field, text)| marks.excerpt(field, text)).collect()
            }
        };
        SearchHit {
            found_in: match self.tier {
                0 => FoundIn::Key,
                1 | 2 | 7 => FoundIn::Title,
                3 | 4 | 8 => FoundIn::Card,
                _ => FoundIn::Comment,
            },
            is_approximate: self.tier >= 7,
            card: FoundCard {
                id: self.id.into(),
                key: self.key,
                board_id: self.board_id.into(),
                column_id: self.column_id.into(),
                status: known(&self.status),
                title: self.title,
                labels: self.labels,
                assignees: self.assignees,
                priority: Priority::ALL[self.priority as usize],
                due_at: moment(self.due_at),
                updated_at: self.updated_at.into(),
            },
            comment: comment.map(|((kind, id), written_at)| FoundComment {
                id: self.hit_id.into(),
                author: actor_ref(&kind, id),
                created_at: written_at.into(),
            }),
            excerpts,
        }
    }
}

/// The filter as the database reads it: with its own form of ids.
fn bind(filter: &CardFilter) -> Json<Value> {
    let mut members = serde_json::to_value(filter).expect("filters are plain values");
    if let Some(column) = filter.column_id {
        members["column_id"] = column.uuid().to_string().into();
    }
    Json(members)
}

pub(crate) async fn search(
    mut conn: Conn,
    tenant: &str,
    query: &SearchQuery,
    clauses: &Clauses,
    filter: &CardFilter,
    after: Option<&SearchPlace>,
    rows: i64,
) -> sqlx::Result<Vec<HitRow>> {
    let exact = query.q.trim();
    let after = after.unwrap_or(&SearchPlace::START);
    sqlx::query_as(SEARCH.sql)
        .bind(tenant)
        .bind(Json(clauses))
        .bind(exact)
        .bind(exact.parse::<CardId>().ok().map(CardId::uuid))
        .bind(query.board_id.as_ref().and_then(BoardRef::id))
        .bind(query.board_id.as_ref().and_then(BoardRef::key))
        .bind(query.archived.unwrap_or(false))
        .bind(bind(filter))
        .bind(after.tier)
        .bind(after.hit)
        .bind(rows as i32)
        .fetch_all(&mut *conn)
        .await
}
