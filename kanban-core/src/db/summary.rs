//! What one agent did: tenant $1, agent $2, board $3 (null for all), from $4 up to $5.

use sqlx::types::{Json, Uuid};
use time::{Date, OffsetDateTime};

use super::collisions::CollisionsRow;
use super::flow::{FinishedOn, SpreadRow};
use super::{Conn, registered};
use crate::model::MetricsWindow;

/// The cards that the agent finished in the window, each once, as they are now.
macro_rules! finished {
    () => {
        "select c.id, c.started_at, c.finished_at
        from kanban.column_visits as v
        join kanban.cards as c on c.tenant_id = $1 and c.id = v.card_id and c.finished_at = v.entered_at
        where v.tenant_id = $1 and v.worker_id = $2 and v.worker_kind = 'agent' and v.effect = 'finished'
          and ($3::uuid is null or v.board_id = $3) and v.entered_at >= $4 and v.entered_at < $5
          and not exists (select from kanban.column_visits as l
                          where l.tenant_id = $1 and l.card_id = v.card_id and l.visit > v.visit
                            and l.effect = 'finished')"
    };
}

registered! {
    /// A window on all boards.
    SUMMARY_WINDOW = "select now() as now, e.at as until, s.at as since, (s.at at time zone $1)::date as first_day,
            ((e.at - interval '1 microsecond') at time zone $1)::date as last_day
        from (select coalesce($3::timestamptz, now()) as at) as e
        cross join lateral (
            select coalesce($2::timestamptz,
                (date_trunc('day', e.at at time zone $1) - make_interval(days => $4)) at time zone $1) as at) as s";
    SUMMARY_FINISHED = concat!("with f as (", finished!(), ")
        select kanban.spread(array_agg(kanban.micros(finished_at - started_at) order by finished_at - started_at))
        from f");
    SUMMARY_DAYS = concat!("with f as (", finished!(), ")
        select (finished_at at time zone $6)::date as day, count(*) as finished from f group by 1");
    SUMMARY_NOW = "with mine as (
            select id from kanban.cards
            where tenant_id = $1 and claim_agent = $2 and finished_at is null and deleted_at is null
            union
            select a.id from kanban.assigned_cards($1, $2) as a (id)
        )
        select count(*) filter (where h.is_held) as held,
            count(*) filter (where c.started_at is not null and (h.is_held or $2 = any (c.assignees))) as in_progress
        from mine as m
        join kanban.cards as c on c.tenant_id = $1 and c.id = m.id
        join kanban.boards as b on b.tenant_id = $1 and b.id = c.board_id
        cross join lateral (select coalesce(c.claim_agent = $2 and c.lease_until > now(), false) as is_held) as h
        where b.archived_at is null and b.deleted_at is null and ($3::uuid is null or c.board_id = $3)";
    SUMMARY_CLAIMS = "with all_claims as (
            select board_id, ready_at, claimed_at, ended_at, outcome from kanban.past_claims
            where tenant_id = $1 and agent_id = $2 and ended_at >= $4
            union all
            select board_id, claim_ready_at, claimed_at, greatest(claimed_at, lease_until),
                case when lease_until <= now() then 'expired' end
            from kanban.cards where tenant_id = $1 and claim_agent = $2
        ),
        c as (select ready_at, claimed_at, ended_at, outcome, outcome is not null and ended_at >= $4 and ended_at < $5
                  as has_ended
              from all_claims where $3::uuid is null or board_id = $3)
        select count(*) filter (where claimed_at >= $4 and claimed_at < $5) as claimed,
            count(*) filter (where has_ended and outcome = 'released') as released,
            count(*) filter (where has_ended and outcome = 'expired') as expired,
            kanban.spread(array_agg(kanban.micros(claimed_at - ready_at) order by claimed_at - ready_at)
                          filter (where has_ended)) as queue_wait,
            kanban.spread(array_agg(kanban.micros(ended_at - claimed_at) order by ended_at - claimed_at)
                          filter (where has_ended)) as lease_time
        from c";
    SUMMARY_COMMENTS = "select count(*) from kanban.comments as m
        where m.tenant_id = $1 and m.author_id = $2 and m.author_kind = 'agent' and m.deleted_at is null
          and m.created_at >= $4 and m.created_at < $5
          and ($3::uuid is null or exists (select from kanban.cards as c
                                           where c.tenant_id = $1 and c.id = m.card_id and c.board_id = $3))";
    SUMMARY_REOPENED = "select count(*)
        from kanban.column_visits as r
        cross join lateral (
            select f.worker_kind, f.worker_id from kanban.column_visits as f
            where f.tenant_id = $1 and f.card_id = r.card_id and f.visit < r.visit and f.effect = 'finished'
            order by f.visit desc limit 1) as l
        where r.tenant_id = $1 and r.effect = 'reopened' and ($3::uuid is null or r.board_id = $3)
          and r.entered_at >= $4 and r.entered_at < $5 and l.worker_kind = 'agent' and l.worker_id = $2";
    SUMMARY_COLLISIONS = "select coalesce(sum(versions), 0)::bigint as versions, coalesce(sum(epochs), 0)::bigint as epochs
        from kanban.collisions
        where tenant_id = $1 and actor_id = $2 and actor_kind = 'agent' and ($3::uuid is null or board_id = $3)
          and minute >= $4 and minute < $5";
}

/// When, and which days that touches.
#[derive(sqlx::FromRow)]
pub(crate) struct SpanRow {
    pub(crate) now: OffsetDateTime,
    pub(crate) since: OffsetDateTime,
    pub(crate) until: OffsetDateTime,
    pub(crate) first_day: Date,
    pub(crate) last_day: Date,
}

#[derive(sqlx::FromRow)]
pub(crate) struct NowRow {
    pub(crate) held: i64,
    pub(crate) in_progress: i64,
}

#[derive(sqlx::FromRow)]
pub(crate) struct ClaimsRow {
    pub(crate) claimed: i64,
    pub(crate) released: i64,
    pub(crate) expired: i64,
    pub(crate) queue_wait: Json<SpreadRow>,
    pub(crate) lease_time: Json<SpreadRow>,
}

/// All that a summary is made of, seen at one moment.
pub(crate) struct Summary {
    pub(crate) cycle: SpreadRow,
    pub(crate) days: Vec<FinishedOn>,
    pub(crate) now: NowRow,
    pub(crate) claims: ClaimsRow,
    pub(crate) comments: i64,
    pub(crate) reopened: i64,
    pub(crate) collisions: CollisionsRow,
}

pub(crate) async fn window(mut conn: Conn, time_zone: &str, asked: &MetricsWindow, days: i32) -> sqlx::Result<SpanRow> {
    sqlx::query_as(SUMMARY_WINDOW.sql)
        .bind(time_zone)
        .bind(asked.from.map(crate::Timestamp::to_offset_date_time))
        .bind(asked.to.map(crate::Timestamp::to_offset_date_time))
        .bind(days)
        .fetch_one(&mut *conn)
        .await
}

pub(crate) async fn summary(
    mut conn: Conn,
    tenant: &str,
    agent: &str,
    board: Option<Uuid>,
    w: &SpanRow,
    time_zone: &str,
) -> sqlx::Result<Summary> {
    macro_rules! rows {
        ($query:ident, $statement:ident) => {
            sqlx::$query($statement.sql).bind(tenant).bind(agent).bind(board).bind(w.since).bind(w.until)
        };
    }
    let is_mine = conn.begin_snapshot().await?;
    let Json(cycle) = rows!(query_scalar, SUMMARY_FINISHED).fetch_one(&mut *conn).await?;
    let now = sqlx::query_as(SUMMARY_NOW.sql).bind(tenant).bind(agent).bind(board);
    let summary = Summary {
        cycle,
        days: rows!(query_as, SUMMARY_DAYS).bind(time_zone).fetch_all(&mut *conn).await?,
        now: now.fetch_one(&mut *conn).await?,
        claims: rows!(query_as, SUMMARY_CLAIMS).fetch_one(&mut *conn).await?,
        comments: rows!(query_scalar, SUMMARY_COMMENTS).fetch_one(&mut *conn).await?,
        reopened: rows!(query_scalar, SUMMARY_REOPENED).fetch_one(&mut *conn).await?,
        collisions: rows!(query_as, SUMMARY_COLLISIONS).fetch_one(&mut *conn).await?,
    };
    if is_mine {
        conn.end(false).await?;
    }
    Ok(summary)
}
