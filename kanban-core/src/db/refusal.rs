//! From what PostgreSQL answers to what the caller is told: the one way a `sqlx::Error` becomes an [`Error`].

use std::fmt::Display;

use serde::Deserialize;
use sqlx::postgres::PgDatabaseError;
use sqlx::types::Uuid;

use crate::error::{Error, Holder};

/// Which thing of each kind a statement names, for the sentence when there is none.
pub(crate) type Names<'a> = &'a [(&'static str, &'a (dyn Display + Sync))];

/// SQLSTATE of a refusal raised by this project's own functions.
const REFUSED: &str = "KANBN";

/// What breaking a constraint means.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Broken {
    /// The input breaks a rule: pointer and sentence.
    Invalid(&'static str, &'static str),
    /// A unique value is taken: of what, which member.
    Duplicate(&'static str, &'static str),
    /// What the row refers to does not exist.
    Missing(&'static str),
    /// Nothing a caller can cause.
    Defect,
}

const TOO_LARGE: &str = "is too large once it is merged and stored; the most is 32 KiB";

/// Every named constraint and unique index of the schema. A test holds it to be complete.
#[rustfmt::skip]
const CONSTRAINTS: &[(&str, Broken)] = &[
    ("attachments_actor_kind", Broken::Defect),
    ("attachments_card_fk", Broken::Missing("card")),
    ("attachments_checksum_form", Broken::Invalid("/checksum", "must be an algorithm, a colon and hexadecimal digits")),
    ("attachments_content_type_form", Broken::Invalid("/content_type", "is not a media type")),
    ("attachments_metadata_object", Broken::Invalid("/metadata", TOO_LARGE)),
    ("attachments_name_length", Broken::Invalid("/name", "must have 1 to 256 characters")),
    ("attachments_pk", Broken::Duplicate("attachment", "id")),
    ("attachments_size_range", Broken::Invalid("/size", "must be from 0 to 2^53 - 1 bytes")),
    ("attachments_url_form", Broken::Invalid("/url", "is not an absolute URL")),
    ("boards_description_size", Broken::Invalid("/description", "has more than 16 KiB")),
    ("boards_key_form", Broken::Invalid("/key", "must be a capital letter and at most nine more capitals or digits")),
    ("boards_key_unique", Broken::Duplicate("board", "key")),
    ("boards_metadata_object", Broken::Invalid("/metadata", TOO_LARGE)),
    ("boards_name_length", Broken::Invalid("/name", "must have 1 to 256 characters")),
    ("boards_pk", Broken::Duplicate("board", "id")),
    ("boards_template_known", Broken::Defect),
    ("boards_workspace_fk", Broken::Missing("workspace")),
    ("card_words_card_fk", Broken::Defect),
    ("card_words_pk", Broken::Defect),
    ("cards_actor_kind", Broken::Defect),
    ("cards_agent_context_object", Broken::Invalid("/agent_context", TOO_LARGE)),
    ("cards_assignees_count", Broken::Invalid("/assignees", "has more than 64 entries")),
    ("cards_column_fk", Broken::Missing("column")),
    ("cards_description_size", Broken::Invalid("/description", "has more than 16 KiB")),
    ("cards_external_id_length", Broken::Invalid("/external_id", "must have 1 to 256 characters")),
    ("cards_external_id_unique", Broken::Duplicate("card on this board", "external_id")),
    ("cards_fields_object", Broken::Invalid("/fields", TOO_LARGE)),
    ("cards_key_unique", Broken::Duplicate("card", "key")),
    ("cards_labels_count", Broken::Invalid("/labels", "has more than 64 entries")),
    ("cards_links_array", Broken::Invalid("/links", TOO_LARGE)),
    ("cards_open_blockers_not_negative", Broken::Defect),
    ("cards_pk", Broken::Duplicate("card", "id")),
    ("cards_position_unique", Broken::Defect),
    ("cards_priority_known", Broken::Defect),
    ("cards_status_known", Broken::Defect),
    ("cards_title_length", Broken::Invalid("/title", "must have 1 to 256 characters")),
    ("cards_whole", Broken::Defect),
    ("cards_workflow_state_object", Broken::Invalid("/workflow_state", TOO_LARGE)),
    ("collisions_actor_kind", Broken::Defect),
    ("collisions_pk", Broken::Defect),
    ("column_visits_card_fk", Broken::Defect),
    ("column_visits_effect_known", Broken::Defect),
    ("column_visits_kind_known", Broken::Defect),
    ("column_visits_pk", Broken::Defect),
    ("column_visits_whole", Broken::Defect),
    ("columns_board_fk", Broken::Missing("board")),
    ("columns_board_unique", Broken::Defect),
    ("columns_cards_not_negative", Broken::Defect),
    ("columns_kind_known", Broken::Defect),
    ("columns_metadata_object", Broken::Invalid("/metadata", TOO_LARGE)),
    ("columns_name_length", Broken::Invalid("/name", "must have 1 to 128 characters")),
    ("columns_name_unique", Broken::Duplicate("column on this board", "name")),
    ("columns_pk", Broken::Duplicate("column", "id")),
    ("columns_position_unique", Broken::Defect),
    ("columns_wip_limit_positive", Broken::Invalid("/wip_limit", "must be at least 1, or null for no limit")),
    ("comment_words_comment_fk", Broken::Defect),
    ("comment_words_pk", Broken::Defect),
    ("comments_actor_kind", Broken::Defect),
    ("comments_body_size", Broken::Invalid("/body", "must have 1 byte to 8 KiB")),
    ("comments_card_fk", Broken::Missing("card")),
    ("comments_external_id_length", Broken::Invalid("/external_id", "must have 1 to 256 characters")),
    ("comments_external_id_unique", Broken::Duplicate("comment on this card", "external_id")),
    ("comments_metadata_object", Broken::Invalid("/metadata", TOO_LARGE)),
    ("comments_pk", Broken::Duplicate("comment", "id")),
    ("dependencies_actor_kind", Broken::Defect),
    ("dependencies_from_fk", Broken::Missing("card")),
    ("dependencies_not_itself", Broken::Invalid("/card", "is the card itself; name another one")),
    ("dependencies_pk", Broken::Duplicate("dependency", "id")),
    ("dependencies_to_fk", Broken::Missing("card")),
    ("dependencies_type_known", Broken::Defect),
    ("dependencies_unique", Broken::Duplicate("dependency", "type and cards")),
    ("events_actor_kind", Broken::Defect),
    ("events_pk", Broken::Defect),
    ("flow_checkpoints_board_fk", Broken::Missing("board")),
    ("flow_checkpoints_pk", Broken::Defect),
    ("idempotency_keys_fingerprint_sha256", Broken::Defect),
    ("idempotency_keys_key_length", Broken::Invalid("/idempotency_key", "must have 1 to 255 characters")),
    ("idempotency_keys_pk", Broken::Defect),
    ("known_words_pk", Broken::Defect),
    ("past_claims_card_fk", Broken::Missing("card")),
    ("past_claims_forward", Broken::Defect),
    ("past_claims_kind_known", Broken::Defect),
    ("past_claims_outcome_known", Broken::Defect),
    ("past_claims_pk", Broken::Defect),
    ("rate_windows_handed_out_not_negative", Broken::Defect),
    ("rate_windows_pk", Broken::Defect),
    ("respreads_column_fk", Broken::Defect),
    ("respreads_pk", Broken::Defect),
    ("secrets_pk", Broken::Defect),
    ("tenants_deleted_suspended", Broken::Defect),
    ("tenants_id_slug", Broken::Invalid("/id", "must be lower-case letters, digits, - and _")),
    ("tenants_pk", Broken::Duplicate("tenant", "id")),
    ("tokens_actor_kind", Broken::Defect),
    ("tokens_expire_later", Broken::Invalid("/expires_at", "must be in the future")),
    ("tokens_name_length", Broken::Invalid("/name", "must have 1 to 128 characters")),
    ("tokens_pk", Broken::Duplicate("token", "id")),
    ("tokens_prefix_unique", Broken::Duplicate("token", "prefix")),
    ("tokens_scopes_known", Broken::Invalid("/scopes", "must name at least one of read, write and admin")),
    ("tokens_tag_size", Broken::Defect),
    ("tokens_tenant_fk", Broken::Missing("tenant")),
    ("workspaces_description_size", Broken::Invalid("/description", "has more than 16 KiB")),
    ("workspaces_metadata_object", Broken::Invalid("/metadata", TOO_LARGE)),
    ("workspaces_name_length", Broken::Invalid("/name", "must have 1 to 256 characters")),
    ("workspaces_name_unique", Broken::Duplicate("workspace", "name")),
    ("workspaces_pk", Broken::Duplicate("workspace", "id")),
    ("workspaces_tenant_fk", Broken::Missing("tenant")),
];

/// The names in the table above, for the test that compares it with the schema.
pub fn known_constraints() -> impl Iterator<Item = &'static str> {
    CONSTRAINTS.iter().map(|(name, _)| *name)
}

pub(crate) fn explain(error: sqlx::Error, names: Names<'_>) -> Error {
    match error {
        sqlx::Error::Database(boxed) => {
            let database = boxed.downcast_ref::<PgDatabaseError>();
            if database.code() == REFUSED {
                return refused(database, names);
            }
            let constraint = database.constraint();
            match constraint.and_then(|name| CONSTRAINTS.iter().find(|(known, _)| *known == name)) {
                Some((_, Broken::Invalid(pointer, detail))) => Error::invalid(pointer, *detail),
                Some((_, Broken::Duplicate(what, field))) => Error::Duplicate { what, field },
                Some((_, Broken::Missing(what))) => Error::not_found(what, name_of(what, names)),
                Some((_, Broken::Defect)) | None => by_code(database.code().to_owned(), boxed),
            }
        }
        sqlx::Error::PoolTimedOut => super::unavailable("All database connections are busy. Try again shortly."),
        sqlx::Error::Io(_) | sqlx::Error::Tls(_) | sqlx::Error::PoolClosed | sqlx::Error::WorkerCrashed => {
            tracing::warn!(error.message = %error, "the database connection failed");
            super::unavailable(
                "The database cannot be reached. Check that it runs, then try again; after a lost write, read first: it may have been done.",
            )
        }
        // one of ours, from where a session begins
        sqlx::Error::Configuration(error) => error.downcast().map_or_else(Error::internal, |error| *error),
        error => Error::internal(error),
    }
}

/// A write that was refused because somebody else had been faster.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Collision {
    /// The board, or nil for what belongs to none.
    pub(crate) board: Uuid,
    /// It named a claim that was over; else a version that had been passed.
    pub(crate) is_epoch: bool,
}

/// Whether an error is such a refusal.
pub(crate) fn collision(error: &sqlx::Error) -> Option<Collision> {
    let error = error.as_database_error().filter(|error| error.code().as_deref() == Some(REFUSED))?;
    let is_epoch = match error.message() {
        "version_conflict" => false,
        "stale_claim" => true,
        _ => return None,
    };
    let detail = error.downcast_ref::<PgDatabaseError>().detail();
    let detail: Detail = detail.and_then(|json| serde_json::from_str(json).ok()).unwrap_or_default();
    Some(Collision { board: detail.board_id, is_epoch })
}

/// What lost against concurrent work too often.
pub(crate) fn too_busy() -> Error {
    super::unavailable("Too much happens at once on this board to do it now. Try again shortly.")
}

pub(crate) fn schema_missing() -> Error {
    Error::State {
        code: "schema_missing",
        detail: "The database has no kanban schema, or one of another version. Run `kanban-server migrate` on it."
            .to_owned(),
    }
}

fn by_code(code: String, error: Box<dyn sqlx::error::DatabaseError>) -> Error {
    match code.as_str() {
        "40P01" | "40001" | "55P03" => too_busy(),
        "57014" => super::unavailable("The database took too long and gave up. Try again, or ask for less at once."),
        // out of connections, shutting down, starting up
        "53300" | "57P01" | "57P02" | "57P03" => {
            super::unavailable("The database is not ready to answer. Try again shortly.")
        }
        // no such schema, table or function; a column too few
        "3F000" | "42P01" | "42883" | "42703" => schema_missing(),
        "42501" => Error::State {
            code: "database_privileges",
            detail: format!(
                "The database does not let this role work on the board: {}. Run `kanban-server migrate` as the schema's \
                 owner.",
                error.message()
            ),
        },
        "28P01" | "28000" | "3D000" => {
            super::unavailable(format!("The database refuses the connection: {}. Check DATABASE_URL.", error.message()))
        }
        // a value that PostgreSQL cannot hold, such as a number beyond its range
        "22003" | "22008" | "22P05" | "22021" => {
            Error::invalid("", format!("holds a value that the database cannot store: {}", error.message()))
        }
        _ => Error::internal(error),
    }
}

/// The data of a refusal; each code has some of it.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Detail {
    what: String,
    side: String,
    field: String,
    card: String,
    column: String,
    board: String,
    workspace: String,
    board_id: Uuid,
    agent_id: String,
    until: String,
    ended: Option<String>,
    reason: String,
    role: String,
    tenant: String,
    path: Vec<String>,
    actual: i64,
    limit: i64,
    held: i64,
    capacity: i64,
    cards: i64,
    boards: i64,
}

fn refused(error: &PgDatabaseError, names: Names<'_>) -> Error {
    let d: Detail = error.detail().and_then(|json| serde_json::from_str(json).ok()).unwrap_or_default();
    let number = |name| name_of(name, names).parse().unwrap_or_default();
    match error.message() {
        "not_found" => {
            const KINDS: [&str; 9] =
                ["card", "attachment", "board", "column", "comment", "workspace", "dependency", "tenant", "token"];
            let what = KINDS.into_iter().find(|kind| *kind == d.what).unwrap_or("thing");
            // two cards of one call are told apart by their side
            let name = names.iter().find(|(name, _)| *name == d.side).map(|(_, id)| id.to_string());
            Error::not_found(what, name.unwrap_or_else(|| name_of(what, names)))
        }
        "version_conflict" => {
            let (what, id) = names.first().map_or(("thing", String::new()), |(what, id)| (*what, id.to_string()));
            Error::VersionConflict { what, id, expected: number("version"), actual: d.actual, current: None }
        }
        "wip_limit_reached" => Error::WipLimitReached { column: d.column, limit: d.limit },
        "claimed" => Error::Claimed { card: d.card, agent_id: d.agent_id, until: d.until },
        "stale_claim" => {
            let held = (!d.agent_id.is_empty()).then(|| Box::new(Holder { agent_id: d.agent_id, until: d.until }));
            Error::StaleClaim { card: d.card, expected: number("epoch"), actual: d.actual, ended: d.ended, held }
        }
        "not_ready" => Error::NotReady { card: d.card, reason: d.reason },
        "capacity_reached" => Error::CapacityReached { agent_id: d.agent_id, held: d.held, capacity: d.capacity },
        "dependency_cycle" => Error::DependencyCycle { path: d.path },
        "neighbour_elsewhere" => Error::invalid(
            &format!("/{}", d.field),
            format!("names a card that is not another live card of the column {}", d.column),
        ),
        "neighbour_not_on_board" => {
            Error::invalid(&format!("/{}", d.field), "names a column that is not another column of the same board")
        }
        "target_not_on_board" => {
            Error::invalid("/move_cards_to", "names a column that is not another column of the same board")
        }
        "cursor_too_old" => Error::invalid(
            "/cursor",
            "is too old: the order of its column was written anew since; start again without one",
        ),
        "window_ahead" => Error::invalid("/from", "must not be in the future"),
        "unknown_time_zone" => Error::invalid("/time_zone", "is not an IANA time zone such as Europe/Berlin"),
        "board_archived" => Error::State {
            code: "board_archived",
            detail: format!("The board {} is archived. Set archived to false to change what is on it.", d.board),
        },
        "column_not_empty" => Error::State {
            code: "column_not_empty",
            detail: format!(
                "The column {} holds {} cards. Move them out of it first; to delete it, you may name the column they go to \
                 as move_cards_to.",
                d.column, d.cards
            ),
        },
        "too_many_cards" => Error::State {
            code: "too_many_cards",
            detail: format!(
                "The column {} holds {} cards; at most {} go with a column that is deleted. Move some of them out of it \
                 first.",
                d.column, d.cards, d.limit
            ),
        },
        "too_many_columns" => Error::State {
            code: "too_many_columns",
            detail: format!("The board has {} columns, which is the most. Delete one first.", d.limit),
        },
        "no_column" => Error::State {
            code: "no_column",
            detail: "The card's board has no column any more. Create one first.".to_owned(),
        },
        "workspace_not_empty" => Error::State {
            code: "workspace_not_empty",
            detail: format!(
                "{} boards are in the workspace {}. Delete them, or move them to another workspace (workspace_id) first.",
                d.boards, d.workspace
            ),
        },
        "not_the_author" => Error::Forbidden {
            detail: format!("Only {}, who wrote the comment, and people may delete it.", d.agent_id),
        },
        "claim_too_old" => Error::State {
            code: "claim_too_old",
            detail: format!("The claim on {} has been kept for as long as a claim may be. Claim it again.", d.card),
        },
        "token_over" => Error::Unauthenticated,
        "tenant_suspended" => Error::TenantSuspended { tenant: d.tenant },
        "tenant_active" => Error::State {
            code: "tenant_active",
            detail: format!("The tenant {} works. Suspend it before it is deleted.", d.tenant),
        },
        "tenant_deleted" => Error::State {
            code: "tenant_deleted",
            detail: format!("The tenant {} was deleted, and its name is not given again. Choose another.", d.tenant),
        },
        "tenant_default" => Error::State {
            code: "tenant_default",
            detail: "The tenant default belongs to whoever runs the server; it cannot be suspended or deleted."
                .to_owned(),
        },
        "wall_missing" => super::wall::wall_missing(&d.role),
        "no_done_column" => Error::State {
            code: "no_done_column",
            detail: "The board has no column of kind done. Create one first.".to_owned(),
        },
        other => Error::internal(format!("unknown refusal {other}")),
    }
}

fn name_of(what: &str, names: Names<'_>) -> String {
    names.iter().find(|(name, _)| *name == what).map(|(_, id)| id.to_string()).unwrap_or_default()
}
