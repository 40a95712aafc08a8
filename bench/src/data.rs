//! The seeded data set: many boards of a usual size, one large, one small. Ids are numbers, so that every contestant can
//! name any thing without asking first.

pub mod words;

use sqlx::PgConnection;
use sqlx::types::Uuid;

use crate::Outcome;

/// Cards on each usual board.
pub const EACH: u64 = 900;
/// Cards on the large board, whose key is `BIG`.
pub const BIG: u64 = 100_000;
/// Cards on the small board, whose key is `SMALL`.
pub const SMALL: u64 = 1_000;

const COLUMN_BASE: u64 = 1 << 40;
const BOARD_BASE: u64 = 1 << 41;

/// How much data there is.
#[derive(Debug, Clone, Copy)]
pub struct Size {
    /// Usual boards, numbered from 1, with keys `B1` and so on.
    pub boards: u64,
    /// Whether `BIG` and `SMALL` come behind them.
    pub has_big_and_small: bool,
}

impl Size {
    /// Cards on the usual boards, numbered from 1.
    pub fn cards(self) -> u64 {
        self.boards * EACH
    }

    /// All cards.
    pub fn all(self) -> u64 {
        self.cards() + if self.has_big_and_small { BIG + SMALL } else { 0 }
    }
}

/// A card by its number.
pub fn card(n: u64) -> Uuid {
    Uuid::from_u128(n.into())
}

/// A column: 0 todo, 1 doing, 2 done.
pub fn column(board: u64, place: u64) -> Uuid {
    Uuid::from_u128((COLUMN_BASE + board * 4 + place).into())
}

/// A board by its number.
pub fn board(n: u64) -> Uuid {
    Uuid::from_u128((BOARD_BASE + n).into())
}

/// A card as SQL, over an expression for its number.
pub fn card_sql(n: &str) -> String {
    format!("lpad(to_hex({n}::bigint), 32, '0')::uuid")
}

/// A column, as SQL.
pub fn column_sql(board: &str, place: &str) -> String {
    card_sql(&format!("({COLUMN_BASE} + {board} * 4 + {place})"))
}

/// A board, as SQL.
pub fn board_sql(n: &str) -> String {
    card_sql(&format!("({BOARD_BASE} + {n})"))
}

/// Fills an empty, migrated database. Rows are right by construction, so references are not looked up one by one.
pub async fn fill(admin: &mut PgConnection, size: Size) -> Outcome<()> {
    let (boards, each, big, small) = (size.boards, EACH, BIG, SMALL);
    let cards = size.cards();
    // the large and the small board come behind the usual ones
    let (big_board, small_board) = (boards + 1, boards + 2);
    let last_board = if size.has_big_and_small { small_board } else { boards };
    let all = [
        "set session_replication_role = replica; set synchronous_commit = off; set maintenance_work_mem = '512MB'".to_owned(),
        "insert into kanban.workspaces (tenant_id, id, name, created_at, updated_at)
         values ('default', '00000000-0000-0000-0000-0000000000ff', 'bench', now(), now())"
            .to_owned(),
        format!(
            "insert into kanban.boards (tenant_id, id, workspace_id, key, name, template, next_number, created_at, updated_at)
             select 'default', {id}, '00000000-0000-0000-0000-0000000000ff',
                 case n when {big_board} then 'BIG' when {small_board} then 'SMALL' else 'B' || n end, 'Board ' || n,
                 'empty', 1 + case n when {big_board} then {big} when {small_board} then {small} else {each} end, now(), now()
             from generate_series(1, {last_board}) as n",
            id = board_sql("n"),
        ),
        format!(
            "insert into kanban.columns
                 (tenant_id, id, board_id, name, kind, position, wip_limit, cards, created_at, updated_at)
             select 'default', {id}, b.id, k.kind, k.kind, k.place * 1048576,
                 case k.kind when 'doing' then 1000000 end, 0, now(), now()
             from generate_series(1, {last_board}) as n
             cross join unnest(array['todo', 'doing', 'done']) with ordinality as k (kind, place)
             join kanban.boards as b on b.id = {board}",
            id = column_sql("n", "(k.place - 1)"),
            board = board_sql("n"),
        ),
        // four of five wait to be done; nine of ten have a text that one would write to an agent
        format!(
            "insert into kanban.cards (
                 tenant_id, id, board_id, column_id, key, position, status, title, description, labels, assignees,
                 priority, due_at, fields, links, agent_context, workflow_state, started_at, finished_at, column_since,
                 ready_at, created_by_kind, created_by_id, created_at, updated_at, updated_hour)
             select 'default', {id}, b.id, {column}, b.key || '-' || g.number, g.number * 4294967296,
                 case g.done when 1 then 'done' else 'todo' end, 'Card ' || g.n || ' about topic ' || g.n % 1000,
                 repeat('What is to be done, where, and how one sees that it is done. ', (g.n % 10)::integer),
                 case g.n % 7 when 0 then array['bug'] when 1 then array['docs', 'later'] else '{{}}' end, '{{}}',
                 g.n * 7919 % 5, case g.n % 3 when 0 then now() + g.n % 100000 * interval '1 minute' end,
                 jsonb_build_object('estimate', g.n % 13, 'area', 'area ' || g.n % 31), '[]',
                 jsonb_build_object('goal', 'Do what card ' || g.n || ' says', 'attempt', g.n % 3), '{{}}',
                 case g.done when 1 then now() end, case g.done when 1 then now() end, now(), now(), 'human', 'ada',
                 now() - g.n % 500000 * interval '1 minute', u.at, kanban.hour(u.at)
             from (
                 select n, case when n > {cards} + {big} then n - {cards} - {big} when n > {cards} then n - {cards}
                                else (n - 1) % {each} + 1 end as number,
                     case when n > {cards} + {big} then {small_board} when n > {cards} then {big_board}
                          else (n - 1) / {each} + 1 end as board,
                     case when n % 5 = 0 then 1 else 0 end as done
                 from generate_series(1::bigint, {all}) as n) as g
             cross join lateral (select now() - g.n % 300000 * interval '1 minute' as at) as u
             join kanban.boards as b on b.id = {board}",
            id = card_sql("g.n"),
            column = column_sql("g.board", "(g.done * 2)"),
            all = size.all(),
            board = board_sql("g.board"),
        ),
        "insert into kanban.column_visits
             (tenant_id, card_id, visit, board_id, column_id, kind, entered_at, is_wip, furthest)
         select tenant_id, id, 1, board_id, column_id, status, column_since, false, 0 from kanban.cards"
            .to_owned(),
        "update kanban.columns as o set cards = n.cards
         from (select column_id, count(*) as cards from kanban.cards group by column_id) as n where n.column_id = o.id"
            .to_owned(),
        "set session_replication_role = default".to_owned(),
        "vacuum analyze".to_owned(),
        "checkpoint".to_owned(),
    ];
    for statement in all {
        sqlx::raw_sql(sqlx::AssertSqlSafe(statement)).execute(&mut *admin).await?;
    }
    Ok(())
}
