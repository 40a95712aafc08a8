//! Cards of which only some members are read.

use sqlx::postgres::{PgRow, Postgres};
use sqlx::types::{Json, Uuid};
use sqlx::{Decode, Row, Type};
use time::OffsetDateTime;

use super::card_list::Shape;
use super::{actor_ref, known, moment, object};
use crate::model::{CardField, CardFields, Claim, Epoch, Link, PartialCard, Priority, Version};

/// The columns of a member, of the table alias `c`.
fn columns(field: CardField) -> &'static str {
    match field {
        CardField::Id => "c.id",
        CardField::Key => "c.key",
        CardField::Version => "c.version",
        CardField::ExternalId => "c.external_id",
        CardField::BoardId => "c.board_id",
        CardField::ColumnId => "c.column_id",
        CardField::Status => "c.status",
        CardField::Title => "c.title",
        CardField::Description => "c.description",
        CardField::Labels => "c.labels",
        CardField::Assignees => "c.assignees",
        CardField::Priority => "c.priority",
        CardField::DueAt => "c.due_at",
        CardField::Fields => "c.fields",
        CardField::Links => "c.links",
        CardField::AgentContext => "c.agent_context",
        CardField::WorkflowState => "c.workflow_state",
        CardField::StartedAt => "c.started_at",
        CardField::FinishedAt => "c.finished_at",
        CardField::ColumnSince => "c.column_since",
        CardField::Claim => "c.claim_agent, c.claim_epoch, c.lease_until",
        CardField::CreatedBy => "c.created_by_kind, c.created_by_id",
        CardField::CreatedAt => "c.created_at",
        CardField::UpdatedAt => "c.updated_at",
        CardField::DeletedAt => "c.deleted_at",
    }
}

/// A row of which the picked members are read.
struct Picked<'a> {
    row: &'a PgRow,
    fields: CardFields,
}

impl<'a> Picked<'a> {
    fn get<T: Decode<'a, Postgres> + Type<Postgres>>(&self, field: CardField, column: &str) -> sqlx::Result<Option<T>> {
        if self.fields.contains(field) { self.row.try_get(column).map(Some) } else { Ok(None) }
    }

    fn at(&self, field: CardField, column: &str) -> sqlx::Result<Option<Option<crate::Timestamp>>> {
        Ok(self.get::<Option<OffsetDateTime>>(field, column)?.map(moment))
    }

    fn object(&self, field: CardField, column: &str) -> sqlx::Result<Option<crate::JsonObject>> {
        Ok(self.get(field, column)?.map(object))
    }

    fn claim(&self) -> sqlx::Result<Option<Option<Claim>>> {
        let Some(agent) = self.get::<Option<String>>(CardField::Claim, "claim_agent")? else { return Ok(None) };
        let (epoch, until): (i64, Option<OffsetDateTime>) =
            (self.row.try_get("claim_epoch")?, self.row.try_get("lease_until")?);
        let claim = agent.zip(until);
        Ok(Some(claim.map(|(agent_id, until)| Claim { agent_id, epoch: Epoch(epoch), until: until.into() })))
    }
}

impl Shape for CardFields {
    type Item = PartialCard;

    fn columns(&self) -> String {
        self.iter().map(columns).collect::<Vec<_>>().join(", ")
    }

    fn item(&self, row: &PgRow) -> sqlx::Result<PartialCard> {
        let picked = Picked { row, fields: *self };
        let kind: Option<String> = picked.get(CardField::CreatedBy, "created_by_kind")?;
        let creator: Option<String> = picked.get(CardField::CreatedBy, "created_by_id")?;
        Ok(PartialCard {
            id: row.try_get::<Uuid, _>("id")?.into(),
            key: row.try_get("key")?,
            version: Version(row.try_get("version")?),
            external_id: picked.get(CardField::ExternalId, "external_id")?,
            board_id: picked.get::<Uuid>(CardField::BoardId, "board_id")?.map(Into::into),
            column_id: picked.get::<Uuid>(CardField::ColumnId, "column_id")?.map(Into::into),
            status: picked.get::<&str>(CardField::Status, "status")?.map(known),
            title: picked.get(CardField::Title, "title")?,
            description: picked.get(CardField::Description, "description")?,
            labels: picked.get(CardField::Labels, "labels")?,
            assignees: picked.get(CardField::Assignees, "assignees")?,
            priority: picked.get::<i16>(CardField::Priority, "priority")?.map(|rank| Priority::ALL[rank as usize]),
            due_at: picked.at(CardField::DueAt, "due_at")?,
            fields: picked.object(CardField::Fields, "fields")?,
            links: picked.get::<Json<Vec<Link>>>(CardField::Links, "links")?.map(|links| links.0),
            agent_context: picked.object(CardField::AgentContext, "agent_context")?,
            workflow_state: picked.object(CardField::WorkflowState, "workflow_state")?,
            started_at: picked.at(CardField::StartedAt, "started_at")?,
            finished_at: picked.at(CardField::FinishedAt, "finished_at")?,
            column_since: picked.get::<OffsetDateTime>(CardField::ColumnSince, "column_since")?.map(Into::into),
            claim: picked.claim()?,
            created_by: kind.zip(creator).map(|(kind, id)| actor_ref(&kind, id)),
            created_at: picked.get::<OffsetDateTime>(CardField::CreatedAt, "created_at")?.map(Into::into),
            updated_at: picked.get::<OffsetDateTime>(CardField::UpdatedAt, "updated_at")?.map(Into::into),
            deleted_at: picked.at(CardField::DeletedAt, "deleted_at")?,
        })
    }
}
