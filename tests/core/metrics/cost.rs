//! What metrics cost: as much as happened in the window, and not as much as ever happened on the board.

use kanban_core::{BoardDetail, BoardMetrics, Kanban, MetricsWindow, NewCard, Seconds, Timestamp};
use sqlx::{AssertSqlSafe, PgPool};

use crate::support;

/// Cards that were worked on and finished, $1 a day for so many days before today, behind the store's back: each waits two
/// hours, is worked on for four, and is done.
fn history(a_day: usize, days: usize) -> String {
    format!(
        "with made as (
             select gen_random_uuid() as id, row_number() over () as number,
                 date_trunc('hour', now()) - make_interval(days => d, mins => 10 * i) - interval '7 hours' as at
             from generate_series(1, {days}) as d cross join generate_series(1, {a_day}) as i
         ),
         place as (select b.id as board, b.key, (select id from kanban.columns where board_id = b.id and kind = 'todo') as todo,
                       (select id from kanban.columns where board_id = b.id and kind = 'doing') as doing,
                       (select id from kanban.columns where board_id = b.id and kind = 'done') as done
                   from kanban.boards as b),
         cards as (
             insert into kanban.cards (tenant_id, id, board_id, column_id, key, position, status, title, description, labels,
                 assignees, priority, fields, links, agent_context, workflow_state, started_at, finished_at, column_since, visit,
                 ready_at, created_by_kind, created_by_id, created_at, updated_at)
             select 'default', m.id, p.board, p.done, p.key || '-' || m.number, m.number, 'done', 'work', '', '{{}}', '{{}}', 2,
                 '{{}}', '[]', '{{}}', '{{}}', m.at + interval '2 h', m.at + interval '6 h', m.at + interval '6 h', 3, m.at,
                 'human', 'ada', m.at, m.at
             from made as m cross join place as p
         )
         insert into kanban.column_visits (tenant_id, card_id, visit, board_id, column_id, kind, entered_at, left_at, is_wip,
             effect, furthest, worker_kind, worker_id, stay_class)
         select 'default', m.id, v.visit, p.board, case v.visit when 1 then p.todo when 2 then p.doing else p.done end,
             v.kind, m.at + v.enters, m.at + v.leaves, v.kind = 'doing', v.effect, v.furthest,
             case when v.effect is not null then 'agent' end, case when v.effect is not null then 'a' end,
             kanban.stay_class(m.at + v.enters, m.at + v.leaves)
         from made as m cross join place as p
         cross join (values (1, 'todo', interval '0', interval '2 h', null, 0), (2, 'doing', '2 h', '6 h', null, 2),
                            (3, 'done', '6 h', null, 'finished', 3)) as v (visit, kind, enters, leaves, effect, furthest);
         update kanban.columns set cards = (select count(*) from kanban.cards as c where c.column_id = columns.id);
         update kanban.boards set next_number = 1000000;
         analyze kanban.cards; analyze kanban.column_visits"
    )
}

async fn board_with(a_day: usize, days: usize) -> (PgPool, Kanban, BoardDetail) {
    let database = support::database().await;
    let store = database.store().await;
    let pool = database.superuser().await;
    let (kanban, board) = support::board(&store).await;
    sqlx::raw_sql(AssertSqlSafe(history(a_day, days))).execute(&pool).await.expect("a history");
    (pool, kanban, board)
}

/// The large tables of which a plan reads every row.
fn whole_tables(plan: &serde_json::Value, found: &mut Vec<String>) {
    match plan {
        serde_json::Value::Object(node) => {
            let table = node.get("Relation Name").and_then(|name| name.as_str()).unwrap_or_default();
            if node.get("Node Type").is_some_and(|kind| kind == "Seq Scan")
                && ["cards", "column_visits"].contains(&table)
            {
                found.push(table.to_owned());
            }
            node.values().for_each(|part| whole_tables(part, found));
        }
        serde_json::Value::Array(parts) => parts.iter().for_each(|part| whole_tables(part, found)),
        _ => {}
    }
}

/// Pages that each statement of a board's metrics touches for a window, by its name, and which tables are read whole.
async fn pages(
    pool: &PgPool,
    board: &BoardDetail,
    from: Timestamp,
    to: Timestamp,
) -> (Vec<(&'static str, i64)>, Vec<String>) {
    let mut scanned = Vec::new();
    let mut connection = pool.acquire().await.expect("a connection");
    let board = format!("'{}'", uuid::Uuid::from(board.board.id.to_string().parse::<ulid::Ulid>().expect("an id")));
    let mut pages = Vec::new();
    for (name, sql) in kanban_core::statements() {
        let window = format!("'{from}', '{to}'");
        let parameters = match name {
            "FLOW_WIP" | "FLOW_OLDEST" | "FLOW_COLUMNS" | "FLOW_REMOVED" => format!("null, {window}"),
            "FLOW_DAYS" => format!("null, {window}, 'UTC'"),
            "FLOW_FINISHED" | "FLOW_FINISHED_BY_KIND" | "FLOW_CLAIMS_BY_KIND" | "FLOW_COLLISIONS_BY_KIND" => window,
            "FLOW_REACHED" => format!("'{from}'"),
            _ => continue,
        };
        let setup = format!("set jit = off; prepare probe as {sql}");
        sqlx::raw_sql(AssertSqlSafe(setup)).execute(&mut *connection).await.expect("it is prepared");
        let explain =
            format!("explain (analyze, buffers, format json) execute probe ('default', {board}, {parameters})");
        let plan: serde_json::Value = sqlx::query_scalar(AssertSqlSafe(explain))
            .persistent(false)
            .fetch_one(&mut *connection)
            .await
            .unwrap_or_else(|error| panic!("{name}: {error}"));
        sqlx::raw_sql("deallocate probe").execute(&mut *connection).await.expect("it goes away");
        whole_tables(&plan, &mut scanned);
        let count = |what: &str| plan[0]["Plan"][what].as_i64().expect("a number");
        pages.push((name, count("Shared Hit Blocks") + count("Shared Read Blocks")));
    }
    assert_eq!(pages.len(), 10, "every part is asked");
    (pages, scanned)
}

fn days_ago(now: Timestamp, days: i64) -> Timestamp {
    (now.to_offset_date_time() - time::Duration::days(days)).into()
}

#[tokio::test]
async fn a_window_costs_what_happened_in_it_however_old_the_board_is() {
    // a week has 140 cards, each with three visits
    let bound = 100 + 6 * 420;
    for days in [60, 480] {
        let (pool, kanban, board) = board_with(20, days).await;
        // somebody has looked at the board before, which is when sums over long stretches are kept
        let now = kanban.board_metrics(board.board.id, MetricsWindow::default()).await.expect("metrics").window.until;
        for ago in [8, 50, 180, 470].into_iter().filter(|ago| *ago < days as i64) {
            let (from, to) = (days_ago(now, ago), days_ago(now, ago - 7));
            let week = MetricsWindow { from: Some(from), to: Some(to), time_zone: None };
            assert_eq!(kanban.board_metrics(board.board.id, week).await.expect("metrics").finished, 140);
            let (pages, whole) = pages(&pool, &board, from, to).await;
            assert!(days < 100 || whole.is_empty(), "{whole:?} are read whole for a week {ago} days ago");
            for (name, pages) in pages {
                assert!(pages <= bound, "{name}: {pages} pages for a week {ago} days ago on a board of {days} days");
            }
        }
    }
}

#[tokio::test]
async fn sums_that_were_long_to_count_are_kept_and_are_the_same() {
    let (pool, kanban, board) = board_with(10, 150).await;
    let now = kanban.board_metrics(board.board.id, MetricsWindow::default()).await.expect("metrics").window.until;
    let kept = || async {
        let count = "select count(*) from kanban.flow_checkpoints";
        sqlx::query_scalar::<_, i64>(count).fetch_one(&pool).await.expect("a number")
    };
    assert_eq!(kept().await, 1, "over 1,000 visits lie before the window");
    let window = MetricsWindow { from: Some(days_ago(now, 10)), to: Some(now), time_zone: None };
    let with = kanban.board_metrics(board.board.id, window.clone()).await.expect("metrics");
    assert_eq!(kept().await, 1, "from the checkpoint on there is little to count");
    sqlx::raw_sql("delete from kanban.flow_checkpoints").execute(&pool).await.expect("forgotten");
    let without = kanban.board_metrics(board.board.id, window).await.expect("metrics");
    assert_eq!(with, without);
    assert_eq!(
        kanban
            .examine()
            .await
            .expect("an examination")
            .findings
            .iter()
            .map(|f| f.check)
            .find(|c| *c == "flow checkpoints"),
        None
    );
    // an import writes into the past: what was kept of it is forgotten
    assert_eq!(kept().await, 1);
    let issue = r#"{"id":"x-1","title":"old","status":"closed","priority":2,"created_at":"2026-01-01T00:00:00Z","closed_at":"2026-01-02T00:00:00Z"}"#;
    let cards = kanban_core::import::beads::read(issue.as_bytes()).expect("an issue");
    kanban.import(&board.board.name, cards, |_, _| ()).await.expect("it comes in");
    assert_eq!(kept().await, 0);
}

#[tokio::test]
async fn what_rests_on_very_much_is_kept_for_a_moment_and_says_how_old_it_is() {
    let (_pool, kanban, board) = board_with(110, 61).await;
    let window = |from| MetricsWindow { from: Some(from), ..MetricsWindow::default() };
    let ask = async |from| kanban.board_metrics(board.board.id, window(from)).await.expect("metrics");
    let now = ask(days_ago(time::OffsetDateTime::now_utc().into(), 1)).await.window.until;
    let (long, short) = (days_ago(now, 65), days_ago(now, 3));
    let first = ask(long).await;
    assert_eq!((first.finished, first.age_seconds), (6710, Seconds::default()));
    let card = kanban.create_card(board.columns[2].id, NewCard::titled("Straight to done")).await.expect("a card");
    assert_eq!(ask(short).await.age_seconds, Seconds::default(), "little happened in it");
    // what is asked for again is given as it was, and renewed meanwhile; in a transaction it is computed
    let again = ask(long).await;
    assert!(again.age_seconds > Seconds::default(), "{:?}", again.age_seconds);
    assert_eq!(BoardMetrics { age_seconds: first.age_seconds, ..again }, first);
    let in_transaction = kanban
        .transaction(|kanban| {
            let (board, window) = (board.board.id, window(long));
            async move { kanban.board_metrics(board, window).await }
        })
        .await
        .expect("metrics");
    assert_eq!((in_transaction.finished, in_transaction.age_seconds), (6711, Seconds::default()));
    while ask(long).await.finished < 6711 {}
    // nobody is given what is no longer there
    let detail = kanban.get_board(board.board.id).await.expect("the board");
    assert!(card.finished_at.is_some());
    kanban.delete_board(board.board.id, detail.board.version).await.expect("it is deleted");
    let error = kanban.board_metrics(board.board.id, window(long)).await.expect_err("it is gone");
    assert_eq!(error.code(), "not_found");
}
