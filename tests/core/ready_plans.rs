//! Ready work is read from an index in its order: what a list costs does not grow with its board.

use serde_json::Value;
use sqlx::{AssertSqlSafe, PgConnection};

use crate::plans::{self, NO_FILTER};
use crate::support;

/// Fills two boards with queued cards, and as many again that are not ready: finished, blocked, claimed, assigned.
const FILL: &str = "
    set session_replication_role = replica;
    insert into kanban.boards (tenant_id, id, workspace_id, key, name, template, created_at, updated_at)
    select b.tenant_id, gen_random_uuid(), b.workspace_id, k.key, k.key, 'empty', now(), now()
    from kanban.boards as b cross join unnest(array['LARGE', 'SMALL']) as k (key);
    insert into kanban.columns (tenant_id, id, board_id, name, kind, position, created_at, updated_at)
    select b.tenant_id, gen_random_uuid(), b.id, k.kind, k.kind, k.place * 1048576, now(), now()
    from kanban.boards as b
    cross join unnest(array['todo', 'doing', 'done']) with ordinality as k (kind, place) where b.key <> 'AB';
    insert into kanban.cards (
        tenant_id, id, board_id, column_id, key, position, status, title, description, labels, assignees, priority, due_at,
        fields, links, agent_context, workflow_state, started_at, finished_at, column_since, ready_at, open_blockers,
        claim_agent, claimed_at, lease_until, claim_kind, claim_ready_at, created_by_kind, created_by_id, created_at,
        updated_at)
    select b.tenant_id, gen_random_uuid(), b.id, o.id, b.key || '-' || n, n * 4294967296, o.kind, 'Card ' || n,
        repeat('What is to be done. ', 20), case n % 7 when 0 then array['bug'] else '{}' end,
        case when n % 20 = 11 then array['somebody'] else '{}' end, n * 7919 % 5,
        case n % 3 when 0 then now() + n * interval '1 minute' end, '{}', '[]', '{}', '{}',
        case o.kind when 'todo' then null else now() end, case o.kind when 'done' then now() end, now(), now(),
        case when n % 20 = 13 then 1 else 0 end, h.agent, h.at, h.at + interval '1 hour', h.kind, h.at, 'human', 'ada',
        now(), now()
    from kanban.boards as b
    cross join generate_series(1, case b.key when 'LARGE' then 100000 else 1000 end) as n
    join kanban.columns as o on o.board_id = b.id
        and o.kind = case when n % 20 < 10 then 'todo' when n % 20 in (11, 13) then 'todo' when n % 20 = 15 then 'doing'
                          else 'done' end
    left join lateral (select 'worker-' || n as agent, now() as at, 'agent' as kind where n % 20 = 15) as h on true
    where b.key <> 'AB';
    analyze kanban.cards; analyze kanban.columns; analyze kanban.boards";

/// What a statement read: pages, and rows of cards, those it passed over included.
#[derive(Debug)]
struct Read {
    buffers: i64,
    rows: i64,
    plan: String,
}

async fn read(connection: &mut PgConnection, sql: &str, values: &str) -> Read {
    let prepare = format!("deallocate all; prepare tasks as {sql}");
    sqlx::raw_sql(AssertSqlSafe(prepare)).execute(&mut *connection).await.expect("it prepares");
    let run = format!("explain (analyze, buffers, format json) execute tasks ({values})");
    // the second time, catalogues are read already
    let _ = sqlx::raw_sql(AssertSqlSafe(run.clone())).fetch_all(&mut *connection).await.expect("it runs");
    let row = sqlx::raw_sql(AssertSqlSafe(run)).fetch_one(&mut *connection).await.expect("it runs");
    let text: String = sqlx::Row::try_get_unchecked(&row, 0).expect("its text");
    let plan: Value = serde_json::from_str(&text).expect("JSON");
    let whole = &plan[0]["Plan"];
    let count = |name: &str| whole[name].as_i64().unwrap_or_default();
    Read { buffers: count("Shared Hit Blocks") + count("Shared Read Blocks"), rows: rows_of_cards(whole), plan: text }
}

fn rows_of_cards(step: &Value) -> i64 {
    let inner = step["Plans"].as_array().into_iter().flatten().map(rows_of_cards).sum::<i64>();
    if step["Relation Name"] != "cards" {
        return inner;
    }
    let number = |name: &str| step[name].as_f64().unwrap_or_default();
    let each = number("Actual Rows") + number("Rows Removed by Filter") + number("Rows Removed by Index Recheck");
    inner + (each * number("Actual Loops")).ceil() as i64
}

#[tokio::test]
async fn next_tasks_reads_about_what_it_returns_however_large_the_board_is() {
    let database = support::database().await;
    let store = database.store().await;
    support::board(&store).await;
    let pool = database.superuser().await;
    sqlx::raw_sql(FILL).execute(&pool).await.expect("two boards");
    let statement = plans::ready_statement(&pool).await;
    let mut connection = database.application("default").await;
    let returned = 51;
    let start = "-1, -1, '-infinity', 0, '00000000-0000-0000-0000-000000000000', 51";
    for mode in ["force_custom_plan", "force_generic_plan"] {
        let set = format!("set plan_cache_mode = {mode}");
        sqlx::raw_sql(AssertSqlSafe(set)).execute(&mut connection).await.expect("a setting");
        // ten thousand cards further on: as a late page of the larger board
        let late: (i32, i64, String) = sqlx::query_as(
            "select c.priority::integer, c.position, c.id::text from kanban.cards as c
             join kanban.boards as b on b.id = c.board_id and b.key = 'LARGE'
             where c.status = 'todo' and c.open_blockers = 0 and c.assignees = '{}' and c.due_at is null
             order by c.priority, c.position, c.id offset 10000 limit 1",
        )
        .persistent(false)
        .fetch_one(&mut connection)
        .await
        .expect("a card");
        let late = format!("1, {}, 'infinity', {}, '{}', 51", late.0, late.1, late.2);
        let mut on = async |board: &str, filter: &str, after: &str| {
            let boards = format!("array(select id from kanban.boards where key = '{board}')");
            let boards: String = sqlx::query_scalar(AssertSqlSafe(format!("select {boards}::text")))
                .persistent(false)
                .fetch_one(&mut connection)
                .await
                .expect("the board");
            let values = format!("'default', 'me', '{boards}', {filter}, now(), {after}");
            let read = read(&mut connection, &statement, &values).await;
            eprintln!("{mode} {board} {filter}: {} pages, {} rows of cards", read.buffers, read.rows);
            // each once, and a few that are somebody's; the whole rows are read for those that are answered only
            assert!(read.rows <= returned + 20, "{board}: {read:?}");
            assert!(read.plan.contains("cards_ready"), "{board}: {}", read.plan);
            read
        };
        let small = on("SMALL", NO_FILTER, start).await;
        let large = on("LARGE", NO_FILTER, start).await;
        assert!(large.buffers <= small.buffers * 3 / 2 + 20, "{small:?}\n{large:?}");
        let later = on("LARGE", NO_FILTER, &late).await;
        assert!(later.buffers <= small.buffers * 3 / 2 + 20, "{small:?}\n{later:?}");
        if mode == "force_custom_plan" {
            let urgent = on("LARGE", "row(null, null, 3, null, null)::kanban.task_filter", start).await;
            assert!(urgent.buffers <= small.buffers * 3 / 2 + 20, "a priority is where its cards begin: {urgent:?}");
        }
    }
}
