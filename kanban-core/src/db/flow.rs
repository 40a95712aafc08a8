//! What a board's metrics are made of. A statement takes the tenant, the board, where stays count also when the board was
//! archived, then the window's two ends. A day is what a clock in the time zone shows.

use serde::Deserialize;
use sqlx::types::{Json, Uuid};
use time::{Date, OffsetDateTime};

use super::collisions::CollisionsRow;
use super::{Conn, actor_kind, registered};
use crate::model::{ActorKind, BoardRef, MetricsWindow, Seconds, Spread};

registered! {
    /// The board, the window that was asked for or its defaults, and the days that it touches.
    FLOW_WINDOW = "select b.id, b.key, b.archived_at, z.name as time_zone, now() as now, e.at as until, s.at as since, (s.at at time zone z.name)::date as first_day,
            ((e.at - interval '1 microsecond') at time zone z.name)::date as last_day
        from kanban.boards as b
        cross join lateral (select coalesce($4, b.time_zone) as name) as z
        cross join lateral (select coalesce($6::timestamptz, now()) as at) as e
        cross join lateral (
            select coalesce($5::timestamptz,
                (date_trunc('day', e.at at time zone z.name) - make_interval(days => $7)) at time zone z.name) as at) as s
        where b.tenant_id = $1 and b.deleted_at is null
          and b.id = kanban.board_id($1, $2, $3)";
    FLOW_WIP = "with s as materialized (
            select card_id, entered_at, left_at from kanban.stays($1, $2, $3, $4, $5) where is_wip
        ),
        open as (
            select kanban.micros($5 - c.started_at) as age
            from s join kanban.cards as c on c.tenant_id = $1 and c.id = s.card_id
            where s.left_at is null or s.left_at >= $5
        )
        select
            (select count(*) from s where entered_at < $4) as at_start,
            (select count(*) from open) as at_end,
            (select coalesce(sum(kanban.micros(least(coalesce(left_at, $5), $5) - greatest(entered_at, $4))), 0)::text
             from s) as item_micros,
            (select kanban.spread(array_agg(age order by age)) from open) as age";
    FLOW_OLDEST = "select c.id, c.key, c.title, o.name as column_name, kanban.micros($5 - c.started_at) as age
        from kanban.stays($1, $2, $3, $4, $5) as s
        join kanban.cards as c on c.tenant_id = $1 and c.id = s.card_id
        join kanban.columns as o on o.tenant_id = $1 and o.id = s.column_id
        where s.is_wip and (s.left_at is null or s.left_at >= $5)
        order by c.started_at, c.id limit 10";
    FLOW_FINISHED = "with f as materialized (
            select card_id, key, started_at, finished_at, kanban.micros(finished_at - started_at) as cycle,
                kanban.micros(finished_at - created_at) as lead
            from kanban.finished_cards($1, $2, $3, $4)
        )
        select
            (select kanban.spread(array_agg(cycle order by cycle)) from f) as cycle,
            (select kanban.spread(array_agg(lead order by lead)) from f) as lead,
            (select count(*) from f where cycle = 0) as straight,
            array(select key from f where cycle = 0 order by finished_at, card_id limit 10) as straight_cards,
            (select coalesce(sum(kanban.micros(v.left_at - v.entered_at)), 0)::text
             from f join kanban.column_visits as v on v.tenant_id = $1 and v.card_id = f.card_id and v.kind = 'doing')
                as doing_micros";
    FLOW_COLUMNS = "with s as materialized (
            select card_id, visit, column_id, entered_at, left_at from kanban.stays($1, $2, $3, $4, $5)
        ),
        held as (
            select s.column_id, count(*) as visits, count(*) filter (where s.entered_at >= $4) as arrivals,
                count(*) filter (where s.entered_at >= $4 and exists (
                    select from kanban.column_visits as e
                    where e.tenant_id = $1 and e.card_id = s.card_id and e.visit < s.visit and e.column_id = s.column_id))
                    as returns,
                count(*) filter (where s.left_at < $5) as departures,
                count(*) filter (where s.left_at is null or s.left_at >= $5) as cards,
                sum(kanban.micros(least(coalesce(s.left_at, $5), $5) - greatest(s.entered_at, $4)))::text as micros,
                kanban.spread(array_agg(kanban.micros($5 - s.entered_at) order by $5 - s.entered_at)
                              filter (where s.left_at is null or s.left_at >= $5)) as age
            from s group by s.column_id
        ),
        done as (
            select v.column_id, count(*) as arrivals, count(*) filter (where exists (
                    select from kanban.column_visits as e
                    where e.tenant_id = $1 and e.card_id = v.card_id and e.visit < v.visit and e.column_id = v.column_id))
                    as returns
            from kanban.column_visits as v
            where v.tenant_id = $1 and v.board_id = $2 and v.kind = 'done' and v.entered_at >= $4 and v.entered_at < $5
            group by v.column_id
        )
        select o.id, o.name, o.kind, o.wip_limit, coalesce(h.arrivals, 0) + coalesce(d.arrivals, 0) as arrivals,
            coalesce(h.returns, 0) + coalesce(d.returns, 0) as returns, h.departures, h.visits, h.cards, h.micros, h.age
        from kanban.columns as o
        left join held as h on h.column_id = o.id
        left join done as d on d.column_id = o.id
        where o.tenant_id = $1 and o.board_id = $2
          and (o.deleted_at is null or h.column_id is not null or d.column_id is not null)
        order by o.position, o.id";
    FLOW_DAYS = "with s as materialized (
            select entered_at, left_at from kanban.stays($1, $2, $3, $4, $5) where is_wip
        )
        select u.day, sum(u.finished) as finished, sum(u.wip) as wip, sum(u.backlog) as backlog, sum(u.todo) as todo,
            sum(u.doing) as doing, sum(u.done) as done
        from (
            select (v.entered_at at time zone $6)::date as day, 0 as finished, 0 as wip,
                (v.furthest < 1)::integer as backlog,
                (v.furthest < 2 and kanban.kind_rank(v.kind) >= 2)::integer as todo,
                (v.furthest < 3 and kanban.kind_rank(v.kind) >= 3)::integer as doing,
                (v.furthest < 4 and kanban.kind_rank(v.kind) >= 4)::integer as done
            from kanban.column_visits as v
            where v.tenant_id = $1 and v.board_id = $2 and v.entered_at >= $4 and v.entered_at < $5
            union all
            select (entered_at at time zone $6)::date, 0, 1, 0, 0, 0, 0 from s where entered_at >= $4
            union all
            select (left_at at time zone $6)::date, 0, -1, 0, 0, 0, 0 from s where left_at < $5
            union all
            select (finished_at at time zone $6)::date, 1, 0, 0, 0, 0, 0 from kanban.finished_cards($1, $2, $4, $5)
        ) as u
        group by u.day order by u.day";
    FLOW_REACHED = "select backlog, todo, doing, done, counted from kanban.cards_reached($1, $2, $3)";
    FLOW_KEEP_CHECKPOINT = "select kanban.keep_checkpoint($1, $2, date_trunc('day', $3::timestamptz, 'UTC'))::text";
    FLOW_REMOVED = "select
            (select count(*) from kanban.column_visits
             where tenant_id = $1 and board_id = $2 and effect = 'reopened' and entered_at >= $4 and entered_at < $5)
                as reopened,
            (select count(*) from kanban.cards
             where tenant_id = $1 and board_id = $2 and deleted_at >= $4 and deleted_at < $5 and finished_at is null)
                as deleted,
            (select count(*) from kanban.cards
             where tenant_id = $1 and board_id = $2 and deleted_at >= $4 and deleted_at < $5 and finished_at is null
               and started_at is not null) as deleted_in_progress,
            (select count(*) from kanban.column_visits
             where tenant_id = $1 and board_id = $2 and stay_class = 0 and kind <> 'done' and $3 >= $4 and $3 < $5)
                as archived,
            (select count(*) from kanban.column_visits
             where tenant_id = $1 and board_id = $2 and stay_class = 0 and kind <> 'done' and is_wip and $3 >= $4
               and $3 < $5) as archived_in_progress";
    FLOW_FINISHED_BY_KIND = "select f.worker_kind as kind, count(*) as finished,
            kanban.spread(array_agg(kanban.micros(f.finished_at - f.started_at) order by f.finished_at - f.started_at))
                as cycle
        from kanban.finished_cards($1, $2, $3, $4) as f group by f.worker_kind";
    /// The claims that ended on the board: those that are over, and those whose lease is while nobody has noticed yet.
    FLOW_CLAIMS_BY_KIND = "with e as (
            select card_id, epoch, kind, ready_at, claimed_at, ended_at, outcome from kanban.past_claims
            where tenant_id = $1 and board_id = $2 and ended_at >= $3 and ended_at < $4
            union all
            select id, claim_epoch, claim_kind, claim_ready_at, claimed_at, greatest(claimed_at, lease_until), 'expired'
            from kanban.cards
            where tenant_id = $1 and claim_agent is not null and board_id = $2
              and greatest(claimed_at, lease_until) >= $3 and greatest(claimed_at, lease_until) < $4
        )
        select e.kind, count(*) as claims,
            count(*) filter (where exists (
                select from kanban.past_claims as o
                where o.tenant_id = $1 and o.card_id = e.card_id and o.epoch = e.epoch - 1
                  and o.outcome in ('released', 'expired'))) as reclaims,
            count(*) filter (where e.outcome = 'released') as released,
            count(*) filter (where e.outcome = 'expired') as expired,
            kanban.spread(array_agg(kanban.micros(e.claimed_at - e.ready_at) order by e.claimed_at - e.ready_at))
                as queue_wait,
            kanban.spread(array_agg(kanban.micros(e.ended_at - e.claimed_at) order by e.ended_at - e.claimed_at))
                as lease_time
        from e group by e.kind";
    /// Today, the first day to draw from (so many days before, but not before anything was on the board), and the cards
    /// that are to be finished.
    FORECAST_HEAD = "select b.id, b.key, z.name as time_zone, d.today,
            greatest(d.today - $5::integer, least(
                (b.created_at at time zone z.name)::date,
                (select (min(v.entered_at) at time zone z.name)::date from kanban.column_visits as v
                 where v.tenant_id = $1 and v.board_id = b.id))) as first_day,
            (select coalesce(sum(o.cards), 0) from kanban.columns as o
             where o.tenant_id = $1 and o.board_id = b.id and o.kind in ('todo', 'doing') and o.deleted_at is null
               and b.archived_at is null) as open
        from kanban.boards as b
        cross join lateral (select coalesce($4, b.time_zone) as name) as z
        cross join lateral (select (now() at time zone z.name)::date as today) as d
        where b.tenant_id = $1 and b.deleted_at is null
          and b.id = kanban.board_id($1, $2, $3)";
    /// Cards finished on each of the days from $4 up to and without $5 in the time zone $3. A day may begin an hour beside
    /// where the zone's rules put its midnight, so days around are read too and left out.
    FORECAST_HISTORY = "select (f.finished_at at time zone $3)::date as day, count(*) as finished
        from kanban.finished_cards($1, $2, ($4::date::timestamp - interval '1 day') at time zone $3,
                                   ($5::date::timestamp + interval '1 day') at time zone $3) as f
        where (f.finished_at at time zone $3)::date >= $4 and (f.finished_at at time zone $3)::date < $5
        group by 1";
    FLOW_COLLISIONS_BY_KIND = "select actor_kind as kind, sum(versions)::bigint as versions, sum(epochs)::bigint as epochs
        from kanban.collisions
        where tenant_id = $1 and board_id = $2 and minute >= $3 and minute < $4
        group by actor_kind";
}

#[derive(sqlx::FromRow)]
pub(crate) struct WindowRow {
    pub(crate) id: Uuid,
    pub(crate) key: String,
    pub(crate) archived_at: Option<OffsetDateTime>,
    pub(crate) time_zone: String,
    pub(crate) now: OffsetDateTime,
    pub(crate) since: OffsetDateTime,
    pub(crate) until: OffsetDateTime,
    pub(crate) first_day: Date,
    pub(crate) last_day: Date,
}

/// What `kanban.spread` answers.
#[derive(Deserialize)]
pub(crate) struct SpreadRow {
    count: i64,
    total: String,
    p50: Option<i64>,
    p85: Option<i64>,
    p95: Option<i64>,
}

impl SpreadRow {
    /// The sum in seconds.
    pub(crate) fn total_seconds(&self) -> f64 {
        seconds(&self.total)
    }
}

impl From<&SpreadRow> for Spread {
    fn from(row: &SpreadRow) -> Self {
        let total = micros(&row.total);
        Self {
            count: row.count,
            mean_seconds: (row.count > 0).then(|| total as f64 / row.count as f64 / 1e6),
            p50_seconds: row.p50.map(Seconds::from_micros),
            p85_seconds: row.p85.map(Seconds::from_micros),
            p95_seconds: row.p95.map(Seconds::from_micros),
        }
    }
}

/// A sum of microseconds, which PostgreSQL writes as text because it may be more than 64 bits hold.
fn micros(text: &str) -> i128 {
    text.parse().expect("the sum of whole numbers is one")
}

pub(crate) fn seconds(micros_text: &str) -> f64 {
    micros(micros_text) as f64 / 1e6
}

type SpreadJson = Json<SpreadRow>;

#[derive(sqlx::FromRow)]
pub(crate) struct WipRow {
    pub(crate) at_start: i64,
    pub(crate) at_end: i64,
    pub(crate) item_micros: String,
    pub(crate) age: SpreadJson,
}

#[derive(sqlx::FromRow)]
pub(crate) struct OldestRow {
    pub(crate) id: Uuid,
    pub(crate) key: String,
    pub(crate) title: String,
    pub(crate) column_name: String,
    pub(crate) age: i64,
}

#[derive(sqlx::FromRow)]
pub(crate) struct FinishedRow {
    pub(crate) cycle: SpreadJson,
    pub(crate) lead: SpreadJson,
    pub(crate) straight: i64,
    pub(crate) straight_cards: Vec<String>,
    pub(crate) doing_micros: String,
}

#[derive(sqlx::FromRow)]
pub(crate) struct ColumnRow {
    pub(crate) id: Uuid,
    pub(crate) name: String,
    pub(crate) kind: String,
    pub(crate) wip_limit: Option<i32>,
    pub(crate) arrivals: i64,
    pub(crate) returns: i64,
    pub(crate) departures: Option<i64>,
    pub(crate) visits: Option<i64>,
    pub(crate) cards: Option<i64>,
    pub(crate) micros: Option<String>,
    pub(crate) age: Option<SpreadJson>,
}

#[derive(sqlx::FromRow)]
pub(crate) struct DayRow {
    pub(crate) day: Date,
    pub(crate) finished: i64,
    pub(crate) wip: i64,
    pub(crate) backlog: i64,
    pub(crate) todo: i64,
    pub(crate) doing: i64,
    pub(crate) done: i64,
}

#[derive(sqlx::FromRow)]
pub(crate) struct ReachedRow {
    pub(crate) backlog: i64,
    pub(crate) todo: i64,
    pub(crate) doing: i64,
    pub(crate) done: i64,
    /// How many visits had to be counted.
    pub(crate) counted: i64,
}

#[derive(sqlx::FromRow)]
pub(crate) struct RemovedRow {
    pub(crate) reopened: i64,
    pub(crate) deleted: i64,
    pub(crate) deleted_in_progress: i64,
    pub(crate) archived: i64,
    pub(crate) archived_in_progress: i64,
}

#[derive(sqlx::FromRow)]
pub(crate) struct KindFinishedRow {
    kind: String,
    pub(crate) finished: i64,
    pub(crate) cycle: SpreadJson,
}

impl KindFinishedRow {
    pub(crate) fn kind(&self) -> ActorKind {
        actor_kind(&self.kind)
    }
}

#[derive(sqlx::FromRow)]
pub(crate) struct KindClaimsRow {
    kind: String,
    pub(crate) claims: i64,
    pub(crate) reclaims: i64,
    pub(crate) released: i64,
    pub(crate) expired: i64,
    pub(crate) queue_wait: SpreadJson,
    pub(crate) lease_time: SpreadJson,
}

impl KindClaimsRow {
    pub(crate) fn kind(&self) -> ActorKind {
        actor_kind(&self.kind)
    }
}

#[derive(sqlx::FromRow)]
pub(crate) struct KindCollisionsRow {
    kind: String,
    #[sqlx(flatten)]
    pub(crate) collisions: CollisionsRow,
}

impl KindCollisionsRow {
    pub(crate) fn kind(&self) -> ActorKind {
        actor_kind(&self.kind)
    }
}

/// All that a board's metrics are made of, seen at one moment.
pub(crate) struct Flow {
    pub(crate) wip: WipRow,
    pub(crate) oldest: Vec<OldestRow>,
    pub(crate) finished: FinishedRow,
    pub(crate) columns: Vec<ColumnRow>,
    pub(crate) days: Vec<DayRow>,
    pub(crate) reached: ReachedRow,
    pub(crate) removed: RemovedRow,
    pub(crate) finished_by_kind: Vec<KindFinishedRow>,
    pub(crate) claims_by_kind: Vec<KindClaimsRow>,
    pub(crate) collisions_by_kind: Vec<KindCollisionsRow>,
}

pub(crate) async fn window(
    mut conn: Conn,
    tenant: &str,
    board: &BoardRef,
    asked: &MetricsWindow,
    days: i32,
) -> sqlx::Result<Option<WindowRow>> {
    sqlx::query_as(FLOW_WINDOW.sql)
        .bind(tenant)
        .bind(board.id())
        .bind(board.key())
        .bind(asked.time_zone.as_deref())
        .bind(asked.from.map(crate::Timestamp::to_offset_date_time))
        .bind(asked.to.map(crate::Timestamp::to_offset_date_time))
        .bind(days)
        .fetch_optional(&mut *conn)
        .await
}

pub(crate) async fn flow(mut conn: Conn, tenant: &str, w: &WindowRow) -> sqlx::Result<Flow> {
    macro_rules! rows {
        ($statement:ident, $($parameter:expr),*) => {
            sqlx::query_as($statement.sql).bind(tenant).bind(w.id)$(.bind($parameter))*
        };
    }
    let is_mine = conn.begin_snapshot().await?;
    let (archived, from, to) = (w.archived_at, w.since, w.until);
    let flow = Flow {
        wip: rows!(FLOW_WIP, archived, from, to).fetch_one(&mut *conn).await?,
        oldest: rows!(FLOW_OLDEST, archived, from, to).fetch_all(&mut *conn).await?,
        finished: rows!(FLOW_FINISHED, from, to).fetch_one(&mut *conn).await?,
        columns: rows!(FLOW_COLUMNS, archived, from, to).fetch_all(&mut *conn).await?,
        days: rows!(FLOW_DAYS, archived, from, to, &w.time_zone).fetch_all(&mut *conn).await?,
        reached: rows!(FLOW_REACHED, from).fetch_one(&mut *conn).await?,
        removed: rows!(FLOW_REMOVED, archived, from, to).fetch_one(&mut *conn).await?,
        finished_by_kind: rows!(FLOW_FINISHED_BY_KIND, from, to).fetch_all(&mut *conn).await?,
        claims_by_kind: rows!(FLOW_CLAIMS_BY_KIND, from, to).fetch_all(&mut *conn).await?,
        collisions_by_kind: rows!(FLOW_COLLISIONS_BY_KIND, from, to).fetch_all(&mut *conn).await?,
    };
    if is_mine {
        conn.end(false).await?;
    }
    Ok(flow)
}

/// Keeps what had been reached at the beginning of a day (UTC), for the next who asks.
pub(crate) async fn keep_checkpoint(mut conn: Conn, tenant: &str, w: &WindowRow) -> sqlx::Result<()> {
    let query = sqlx::query(FLOW_KEEP_CHECKPOINT.sql).bind(tenant).bind(w.id).bind(w.since);
    query.execute(&mut *conn).await.map(drop)
}

#[derive(sqlx::FromRow)]
pub(crate) struct ForecastHead {
    pub(crate) id: Uuid,
    pub(crate) key: String,
    pub(crate) time_zone: String,
    pub(crate) today: Date,
    pub(crate) first_day: Date,
    pub(crate) open: i64,
}

#[derive(sqlx::FromRow)]
pub(crate) struct FinishedOn {
    pub(crate) day: Date,
    pub(crate) finished: i64,
}

pub(crate) async fn history(
    mut conn: Conn,
    tenant: &str,
    board: &BoardRef,
    time_zone: Option<&str>,
    days: u32,
) -> sqlx::Result<Option<(ForecastHead, Vec<FinishedOn>)>> {
    let head = sqlx::query_as::<_, ForecastHead>(FORECAST_HEAD.sql).bind(tenant).bind(board.id()).bind(board.key());
    let head = head.bind(time_zone).bind(days as i32).fetch_optional(&mut *conn).await?;
    let Some(head) = head else { return Ok(None) };
    let rows = sqlx::query_as(FORECAST_HISTORY.sql).bind(tenant).bind(head.id).bind(&head.time_zone);
    let rows = rows.bind(head.first_day).bind(head.today).fetch_all(&mut *conn).await?;
    Ok(Some((head, rows)))
}
