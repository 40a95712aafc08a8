//! Lists of a large board: each order has its index, and a late page costs what the first does.

use sqlx::{AssertSqlSafe, PgConnection, PgPool, Row};

use crate::plans::registered;
use crate::support;

/// The large board, among others.
const CARDS: i64 = 100_000;

/// Fills a board with many cards, as many programs over months would have, and some more with a few hundred.
async fn fill(pool: &PgPool) {
    // rows that are right by construction: no need to look each reference up
    let fill = format!(
        "set session_replication_role = replica;
         insert into kanban.boards (tenant_id, id, workspace_id, key, name, template, created_at, updated_at)
         select tenant_id, gen_random_uuid(), workspace_id, 'X' || n, 'X', 'empty', now(), now()
         from kanban.boards cross join generate_series(1, 30) as n;
         insert into kanban.columns (tenant_id, id, board_id, name, kind, position, created_at, updated_at)
         select b.tenant_id, gen_random_uuid(), b.id, k.kind, k.kind, k.place * 1048576, now(), now()
         from kanban.boards as b
         cross join unnest(array['todo', 'doing', 'done']) with ordinality as k (kind, place) where b.key <> 'AB';
         insert into kanban.cards (
             tenant_id, id, board_id, column_id, key, position, status, title, description, labels, assignees, priority,
             due_at, fields, links, agent_context, workflow_state, started_at, finished_at, column_since, ready_at,
             created_by_kind, created_by_id, created_at, updated_at, updated_hour)
         select b.tenant_id, gen_random_uuid(), b.id, o.id, b.key || '-' || n, n * 4294967296, o.kind, 'Card ' || n,
             repeat('What is to be done. ', 20), case n % 7 when 0 then array['bug'] else '{{}}' end, '{{}}', n * 7919 % 5,
             case n % 3 when 0 then now() + n * interval '1 minute' end, '{{}}', '[]', '{{}}', '{{}}',
             case o.kind when 'todo' then null else now() end, case o.kind when 'done' then now() end, now(), now(),
             'human', 'ada', now() - n * interval '1 minute', u.at, kanban.hour(u.at)
         from kanban.boards as b
         cross join generate_series(1, {CARDS}) as n
         join lateral (select c.* from kanban.columns as c where c.board_id = b.id order by c.position
                       offset n % 3 limit 1) as o on true
         cross join lateral (select now() - (n * 7919 % {CARDS}) * interval '1 minute' as at) as u
         where n <= case b.key when 'AB' then {CARDS} else 500 end;
         set session_replication_role = default;
         analyze kanban.cards;
         analyze kanban.columns;
         analyze kanban.boards;"
    );
    sqlx::raw_sql(AssertSqlSafe(fill)).execute(pool).await.expect("the boards are filled");
}

/// A plan and how many pages it took.
struct Plan {
    text: String,
    buffers: i64,
}

impl Plan {
    fn has(&self, what: &str) -> bool {
        self.text.contains(what)
    }
}

/// Runs a registered statement with these arguments and answers how it was carried out.
async fn explain(connection: &mut PgConnection, name: &str, arguments: &[String]) -> Plan {
    let sql = registered(name);
    let prepare = format!("deallocate all; prepare page as {sql}");
    sqlx::raw_sql(AssertSqlSafe(prepare)).execute(&mut *connection).await.expect("it prepares");
    let run = format!("explain (analyze, buffers, timing off, summary off) execute page ({})", arguments.join(", "));
    // the second time, catalogues are read already
    let _ = sqlx::raw_sql(AssertSqlSafe(run.clone())).fetch_all(&mut *connection).await.expect("it runs");
    let rows = sqlx::raw_sql(AssertSqlSafe(run)).fetch_all(&mut *connection).await.expect("it runs");
    let lines: Vec<String> = rows.iter().map(|row| row.get(0)).collect();
    let text = lines.join("\n");
    // the first line with buffers is that of the whole
    let whole = lines.iter().find(|line| line.contains("Buffers:")).expect("it read something");
    let count = |kind: &str| {
        let number = whole.split_once(kind).map(|(_, rest)| rest.split([' ', ',']).next().unwrap_or_default());
        number.map_or(0, |number| number.parse::<i64>().expect("a number"))
    };
    Plan { buffers: count("hit=") + count("read="), text }
}

/// Where the two hundredth page of fifty begins, as arguments behind those of the first.
async fn late(connection: &mut PgConnection, order: &str, columns: &str) -> Vec<String> {
    let row = format!(
        "select {columns} from kanban.cards as c join kanban.columns as o on o.id = c.column_id
         join kanban.boards as b on b.id = c.board_id where b.key = 'AB' order by {order} offset 9949 limit 1"
    );
    let row = sqlx::raw_sql(AssertSqlSafe(row)).fetch_one(connection).await.expect("the last card of page 199");
    (0..row.len()).map(|i| format!("'{}'", row.get::<String, _>(i))).collect()
}

#[tokio::test]
async fn each_order_has_its_index_and_a_late_page_costs_what_the_first_does() {
    let database = support::database().await;
    let store = database.store().await;
    let (_, board) = support::board(&store).await;
    let pool = database.superuser().await;
    fill(&pool).await;
    let mut connection = pool.acquire().await.expect("a connection");
    let id: String = sqlx::query_scalar("select id::text from kanban.boards where key = 'AB'")
        .fetch_one(&mut *connection)
        .await
        .expect("the board");
    assert_eq!(board.board.key, "AB");
    let (tenant, board) = ("'default'".to_owned(), format!("'{id}'"));
    let first = [tenant.clone(), board.clone()];
    for mode in ["force_custom_plan", "force_generic_plan"] {
        sqlx::raw_sql(AssertSqlSafe(format!("set plan_cache_mode = {mode}")))
            .execute(&mut *connection)
            .await
            .expect("a setting");
        for (end, turn) in [("", ""), ("_REVERSED", " desc")] {
            let (all, none) = if end.is_empty() { (i64::MIN, i64::MAX) } else { (i64::MAX, i64::MIN) };
            let order = format!("o.position{turn}, c.position{turn}");
            let at = late(&mut connection, &order, "o.position::text, o.id::text, c.position::text").await;
            let [place, column, cut] = at.try_into().expect("three");
            let (all, none) = (format!("'{all}'"), format!("'{none}'"));
            let later = [&*tenant, &column, &column, &cut, "0", &place, &all, &none, &board];
            let later = later.map(str::to_owned);
            compare(&mut connection, &format!("LIST_CARDS{end}"), "cards_position_unique", &first, &later).await;

            let micros = |value| format!("{value}::text");
            for (name, index, order, columns) in [
                ("CREATED_AT", "cards_by_created_at", "c.created_at", micros("c.created_at")),
                ("UPDATED_AT", "cards_by_updated_hour", "c.updated_at", micros("c.updated_at")),
                ("PRIORITY", "cards_by_priority", "c.priority", micros("c.priority")),
                ("DUE_AT", "cards_by_due_at", "c.due_at", micros("c.due_at")),
            ] {
                let order = format!("{order}{turn}, c.id{turn}");
                let at = late(&mut connection, &order, &format!("coalesce({columns}, ''), c.id::text")).await;
                let [at, card] = at.try_into().expect("two");
                let at = if at == "''" { "null".to_owned() } else { at };
                let mut later = vec![tenant.clone(), board.clone(), at.clone()];
                if name == "UPDATED_AT" {
                    later.push(at);
                }
                later.push(card);
                compare(&mut connection, &format!("LIST_CARDS_BY_{name}{end}"), index, &first, &later).await;
            }
        }
    }
}

async fn compare(connection: &mut PgConnection, name: &str, index: &str, first: &[String], later: &[String]) {
    let first = explain(connection, name, first).await;
    let later = explain(connection, &format!("{name}_AFTER"), later).await;
    for plan in [&first, &later] {
        assert!(plan.has(index) && !plan.has("Seq Scan on cards"), "{name}: {}", plan.text);
        // only the columns of the board are sorted, or the cards of an hour
        let sorts = plan.text.matches("  Sort  ").count();
        assert!(
            sorts <= usize::from(name.starts_with("LIST_CARDS") && !name.contains("_BY_")),
            "{name}: {}",
            plan.text
        );
    }
    // where the order is finer than the index, all cards that were changed in the same hour are looked at
    let same_hour = if name.contains("UPDATED_AT") { 60 } else { 0 };
    let most = first.buffers * 5 / 4 + 10 + same_hour;
    assert!(later.buffers <= most, "{name}: {} pages, then {}\n{}", first.buffers, later.buffers, later.text);
}
