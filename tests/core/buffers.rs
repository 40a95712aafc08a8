//! What an operation makes PostgreSQL do: pages that it touches, and bytes that it writes to the log. These figures do not
//! depend on the machine, so they are held here, and times are left to a benchmark.
//!
//! A bound is about a third above what is seen, which each run prints. Whoever has a reason to make an operation dearer raises
//! its bound in the same commit.

use serde_json::Value;
use sqlx::{AssertSqlSafe, PgConnection};

use crate::plans::registered;
use crate::support::{self, Database};

/// A board with a thousand cards, of which most wait to be done: the first one in all that is not named here.
const FILL: &str = "
    do $$ begin execute (
        select format(
            'insert into kanban.cards (%s) select %s from kanban.cards as c cross join generate_series(1, 1000) as n',
            string_agg(attname, ', '),
            string_agg(case attname::text
                when 'id' then 'lpad(n::text, 32, ''0'')::uuid'
                when 'key' then '''AB-'' || (n + 1)'
                when 'position' then 'position + n * 4294967296'
                when 'title' then '''card '' || n'
                when 'priority' then '(n % 5)::smallint'
                else attname::text end, ', '))
        from pg_attribute where attrelid = 'kanban.cards'::regclass and attnum > 0 and not attisdropped and attgenerated = '');
    end $$;
    insert into kanban.column_visits (tenant_id, card_id, visit, board_id, column_id, kind, entered_at, is_wip, furthest)
    select tenant_id, id, 1, board_id, column_id, status, column_since, false, 0 from kanban.cards where key <> 'AB-1';
    update kanban.columns as o set cards = (select count(*) from kanban.cards as c where c.column_id = o.id), wip_limit = null;
    update kanban.boards set next_number = 2000";

/// What one execution cost.
#[derive(Debug, Clone, Copy)]
struct Cost {
    buffers: i64,
    wal: i64,
}

/// The least of a few executions, each on another card: what they all have to do. The first ones also read catalogues, and a
/// page that splits costs whoever happens to fill it.
async fn least(connection: &mut PgConnection, name: &str, values: impl Fn(u32) -> String) -> Cost {
    let sql = registered(name);
    let prepare = format!("deallocate all; prepare measured as {sql}");
    sqlx::raw_sql(AssertSqlSafe(prepare)).execute(&mut *connection).await.expect("it prepares");
    let mut costs = Vec::new();
    for n in 1..=8 {
        let run = format!("explain (analyze, buffers, wal, format json) execute measured ({})", values(n));
        let row = sqlx::raw_sql(AssertSqlSafe(run)).fetch_one(&mut *connection).await;
        let row = row.unwrap_or_else(|error| panic!("{name}: {error}"));
        let text: String = sqlx::Row::try_get_unchecked(&row, 0).expect("its text");
        let plan: Value = serde_json::from_str(&text).expect("JSON");
        let count = |what: &str| plan[0]["Plan"][what].as_i64().unwrap_or_default();
        // an image of a whole page follows a checkpoint, whenever that was
        let images = count("WAL FPI") * 8192;
        costs.push(Cost {
            buffers: count("Shared Hit Blocks") + count("Shared Read Blocks"),
            wal: (count("WAL Bytes") - images).max(0),
        });
    }
    Cost {
        buffers: costs.iter().map(|cost| cost.buffers).min().expect("some"),
        wal: costs.iter().map(|cost| cost.wal).min().expect("some"),
    }
}

fn id(n: u32) -> String {
    format!("'{n:0>32}'::uuid")
}

fn as_uuid(id: impl ToString) -> String {
    let id: ulid::Ulid = id.to_string().parse().expect("an id is a ULID");
    format!("'{}'::uuid", uuid::Uuid::from(id))
}

async fn filled() -> (Database, kanban_core::BoardDetail) {
    let database = support::database().await;
    let store = database.store().await;
    let (kanban, board) = support::board(&store).await;
    kanban.create_card(board.columns[0].id, kanban_core::NewCard::titled("first")).await.expect("a card");
    let pool = database.superuser().await;
    sqlx::raw_sql(FILL).execute(&pool).await.expect("a board of a thousand cards");
    // not among others
    sqlx::raw_sql("vacuum analyze").execute(&pool).await.expect("statistics");
    (database, board)
}

const NEXT_TASKS: &str = "null, null, null, null, null, -1, -1, null, 0, '00000000-0000-0000-0000-000000000000', 11";

#[tokio::test]
async fn what_agents_do_all_day_touches_few_pages_and_writes_little() {
    let (database, board) = filled().await;
    let mut connection = database.application("default").await;
    let human = r#"'default', '{"kind":"human","id":"ada"}'"#;
    let me = r#"'{"kind":"agent","id":"me"}'"#;
    let agent = format!("'default', {me}");
    let column = |n: usize| as_uuid(board.columns[n].id);
    let board_id = as_uuid(board.board.id);
    let first = column(0);
    let (second, done) = (column(1), column(board.columns.len() - 1));
    let mut seen = Vec::new();
    let mut hold = |name: &'static str, cost: Cost, buffers: i64, wal: i64| {
        eprintln!("{name}: {cost:?}");
        seen.push((name, cost, buffers, wal));
    };
    let c = &mut connection;
    hold("get", least(c, "GET_CARD", |n| format!("'default', {}", id(n))).await, 6, 0);
    hold("list", least(c, "LIST_CARDS", |_| format!("'default', {board_id}")).await, 16, 0);
    hold(
        "next_tasks",
        least(c, "NEXT_TASKS", |_| format!("'default', 'me', {board_id}, null, {NEXT_TASKS}")).await,
        60,
        0,
    );
    let update = |n: u32| {
        let patch = format!(r#"'{{"priority":"high","workflow_state":{{"step":{n}}}}}'"#);
        format!("{human}, {}, null, null, null, {patch}", id(n * 5))
    };
    hold("update", least(c, "UPDATE_CARD", update).await, 52, 2700);
    let without_index =
        |n: u32| format!(r#"{human}, {}, null, null, null, '{{"fields":{{"step":{n}}}}}'"#, id(n * 5 + 1));
    hold("update of what no index has", least(c, "UPDATE_CARD", without_index).await, 28, 1700);
    let carry =
        |n: u32| format!("{human}, {}, null, null, null, {second}, null, null, null, null, null", id(n * 5 + 2));
    hold("move", least(c, "MOVE_CARD", carry).await, 110, 4300);
    let create = |n: u32| {
        format!(
            "{human}, {first}, null, null, null, null, null, {}, null, 'Fix the login', 'It fails.', '{{}}', '{{}}', 2::smallint, \
             null, '{{}}', '[]', '{{}}', '{{}}'",
            id(5000 + n)
        )
    };
    hold("create", least(c, "CREATE_CARD", create).await, 90, 5100);
    let comment = |n: u32| format!("{human}, {}, {}, null, null, 'Done so far.', '{{}}'", id(7000 + n), id(n * 5 + 3));
    hold("comment", least(c, "CREATE_COMMENT", comment).await, 50, 2700);
    let claim = |actors: &str, agents: &str| {
        format!("{actors}, {agents}, {board_id}, null, null, null, null, null, null, 1, 900, true, null")
    };
    let one = |_| claim(&format!("'default', array[{me}]::jsonb[]"), "'{me}'");
    hold("claim_next", least(c, "CLAIM_NEXT", one).await, 170, 4800);
    let claimed: Vec<(String, i64)> =
        sqlx::query_as("select id::text, claim_epoch from kanban.cards where claim_agent = 'me' order by id")
            .persistent(false)
            .fetch_all(&mut *c)
            .await
            .expect("what is claimed");
    let own = |n: u32| {
        let (id, epoch) = &claimed[n as usize - 1];
        format!("{agent}, '{id}', null, {epoch}")
    };
    hold("heartbeat", least(c, "HEARTBEAT", |n| format!("{}, 900, 86400", own(n))).await, 52, 2450);
    let completed = |n: u32| {
        let (id, epoch) = &claimed[n as usize - 1];
        format!("'default', array[{me}]::jsonb[], '{{{id}}}', '{{null}}', '{{{epoch}}}'")
    };
    hold("complete", least(c, "COMPLETE", completed).await, 128, 5000);
    let many = |_| claim(&format!("'default', array_fill({me}::jsonb, array[8])"), "'{b,c,d,e,f,g,h,i}'");
    hold("claim_next for eight agents", least(c, "CLAIM_NEXT", many).await, 900, 4000 * 8);
    let finished: i64 = sqlx::query_scalar(AssertSqlSafe(format!(
        "select count(*) from kanban.cards where column_id = {done} and finished_at is not null"
    )))
    .persistent(false)
    .fetch_one(&mut *c)
    .await
    .expect("a number");
    assert_eq!(finished, 8, "what is measured is done");
    for (name, cost, buffers, wal) in seen {
        assert!(cost.buffers <= buffers, "{name} touches more than {buffers} pages: {cost:?}");
        assert!(cost.wal <= wal, "{name} writes more than {wal} bytes: {cost:?}");
    }
}

/// Pages that next_tasks touches on a board with 900 cards in progress, of which some agents have left `lapsed` behind; `also` is
/// carried out before they are counted.
async fn pages_among_leases(lapsed: u32, also: &str) -> i64 {
    let (database, board) = filled().await;
    let pool = database.superuser().await;
    let doing = as_uuid(board.columns.iter().find(|c| c.kind == kanban_core::ColumnKind::Doing).expect("a column").id);
    let leased = format!(
        "update kanban.cards
         set status = 'doing', column_id = {doing}, started_at = now(), claim_agent = 'gone', claim_epoch = 1, claimed_at = now(),
             claim_kind = 'agent', claim_ready_at = now(),
             lease_until = now() + case when split_part(key, '-', 2)::integer < 2 + {lapsed} then interval '-1 h' else '1 h' end
         where split_part(key, '-', 2)::integer between 2 and 901; {also}"
    );
    sqlx::raw_sql(AssertSqlSafe(leased)).execute(&pool).await.expect("cards under leases");
    sqlx::raw_sql("vacuum analyze").execute(&pool).await.expect("statistics");
    let mut connection = database.application("default").await;
    let id = as_uuid(board.board.id);
    let cost = least(&mut connection, "NEXT_TASKS", |_| format!("'default', 'me', {id}, null, {NEXT_TASKS}")).await;
    eprintln!("{lapsed} of 900 leases have ended: {cost:?}");
    cost.buffers
}

#[tokio::test]
async fn leases_that_have_ended_cost_few_pages_whether_few_or_many() {
    for lapsed in [0, 5, 900] {
        let pages = pages_among_leases(lapsed, "").await;
        assert!(pages <= 80, "{pages} pages where {lapsed} leases have ended");
    }
}

#[tokio::test]
async fn control_without_their_order_ended_leases_cost_many_pages() {
    let pages = pages_among_leases(900, "drop index kanban.cards_leased").await;
    assert!(pages > 80, "a bound that it keeps proves nothing: {pages}");
}

#[tokio::test]
async fn control_without_the_index_of_ready_cards_pages_are_not_few() {
    let (database, board) = filled().await;
    sqlx::raw_sql("drop index kanban.cards_ready").execute(&database.superuser().await).await.expect("it goes");
    let mut connection = database.application("default").await;
    let board = as_uuid(board.board.id);
    let cost = least(&mut connection, "NEXT_TASKS", |_| format!("'default', 'me', {board}, null, {NEXT_TASKS}")).await;
    eprintln!("{cost:?}");
    assert!(cost.buffers > 60, "a bound that it keeps proves nothing: {cost:?}");
}
