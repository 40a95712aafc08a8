//! Behind the wall between tenants, hot statements still use their indexes.

use kanban_core::{Actor, NewBoard, NewCard, NewWorkspace};
use serde_json::Value;
use sqlx::{AssertSqlSafe, PgConnection, PgPool};

use crate::support::{self, Database};

/// A tenant with so many cards that a plan which reads them all is not the cheapest one, and a small one.
async fn fill(database: &Database) {
    let store = database.store().await;
    for (tenant, is_large) in [("large", true), ("small", false)] {
        store.create_tenant(tenant).await.expect("a tenant");
        let kanban = store.tenant(tenant, Actor::human("ada")).expect("a person");
        kanban.create_workspace(NewWorkspace { name: "work".to_owned(), ..Default::default() }).await.expect("one");
        let board = kanban.create_board(NewBoard::named("Agent Backlog")).await.expect("a board");
        kanban.create_card(board.columns[0].id, NewCard::titled("first")).await.expect("a card");
        // as the first one in all that is not named here
        let more = "
            do $$ begin execute (
                select format(
                    'insert into kanban.cards (%s) select %s
                     from kanban.cards as c cross join generate_series(1, 20000) as n where c.tenant_id = ''large''',
                    string_agg(attname, ', '),
                    string_agg(case attname::text
                        when 'id' then 'gen_random_uuid()'
                        when 'key' then '''AB-'' || (n + 1)'
                        when 'position' then 'position + n * 4294967296'
                        when 'title' then '''card '' || n'
                        when 'assignees' then
                            'case when n % 1000 = 0 then array[''agent-'' || n] else ''{}'' end::text[]'
                        when 'priority' then '(n % 5)::smallint'
                        else attname::text end, ', '))
                from pg_attribute where attrelid = 'kanban.cards'::regclass and attnum > 0 and not attisdropped
                  and attgenerated = '');
            end $$";
        if is_large {
            sqlx::raw_sql(more).execute(&database.superuser().await).await.expect("more cards");
        }
    }
    sqlx::raw_sql("analyze").execute(&database.superuser().await).await.expect("statistics");
}

/// A session of the large tenant, and its board.
async fn large(database: &Database) -> (PgConnection, String) {
    fill(database).await;
    let mut connection = database.application("large").await;
    let board = sqlx::query_scalar("select id::text from kanban.boards").fetch_one(&mut connection).await;
    (connection, board.expect("the large tenant's only"))
}

/// An argument of [`ready_statement`] that asks for nothing.
pub const NO_FILTER: &str = "row(null, null, null, null, null)::kanban.task_filter";

/// What `kanban.next_tasks` runs, for the plan of a function does not show it. Its parameters: tenant, agent, boards, filter,
/// now, the row to go on behind (rank, priority, due, position, id), limit.
pub async fn ready_statement(pool: &PgPool) -> String {
    let source = "select prosrc from pg_proc where pronamespace = 'kanban'::regnamespace and proname = 'next_tasks'";
    let source: String = sqlx::query_scalar(source).fetch_one(pool).await.expect("the function");
    let (_, behind) = source.split_once("return query").expect("it answers a query");
    let mut statement = behind.split_once(';').expect("which ends").0.to_owned();
    let variables = [
        "p_tenant",
        "p_agent",
        "v_boards",
        "p_filter",
        "v_now",
        "p_rank",
        "p_priority",
        "p_due",
        "p_position",
        "p_id",
        "p_limit",
    ];
    for (i, variable) in variables.into_iter().enumerate() {
        assert!(statement.contains(variable), "{variable}: {statement}");
        statement = statement.replace(variable, &format!("${}", i + 1));
    }
    statement
}

/// A statement by the name under which the library has registered it.
pub fn registered(name: &str) -> String {
    kanban_core::statements().into_iter().find(|(known, _)| *known == name).expect("a statement").1
}

/// The plan of a statement on a session that shows the large tenant's rows.
async fn plan(connection: &mut PgConnection, sql: &str, values: &str) -> Value {
    let run =
        format!("deallocate all; prepare probe as {sql}; explain (format json, analyze) execute probe ({values})");
    let rows = sqlx::raw_sql(AssertSqlSafe(run)).fetch_all(connection).await.unwrap_or_else(|e| panic!("{sql}: {e}"));
    let plan: String = sqlx::Row::try_get_unchecked(rows.last().expect("a plan"), 0).expect("its text");
    serde_json::from_str(&plan).expect("JSON")
}

/// Whether some step of a plan goes through a whole table.
fn reads_all(table: &str, plan: &Value) -> bool {
    match plan {
        Value::Array(steps) => steps.iter().any(|step| reads_all(table, step)),
        Value::Object(step) => {
            (step.get("Node Type").is_some_and(|node| node == "Seq Scan")
                && step.get("Relation Name").is_some_and(|name| name == table))
                || step.values().any(|part| reads_all(table, part))
        }
        _ => false,
    }
}

#[tokio::test]
async fn hot_statements_use_their_indexes_behind_the_wall() {
    let database = support::database().await;
    let (mut connection, board) = large(&database).await;
    let after = "-1, -1, '-infinity', 0, '00000000-0000-0000-0000-000000000000', 51";
    let cases = [
        ("GET_CARD_BY_KEY", "'large', 'AB-777'".to_owned(), "cards_key_unique"),
        ("GET_CARDS_BY_KEY", "'large', array['AB-777', 'AB-778']".to_owned(), "cards_key_unique"),
        ("GET_CARDS", "'large', array[gen_random_uuid()]".to_owned(), "cards_pk"),
        ("LIST_CARDS", format!("'large', '{board}'"), "cards_position_unique"),
    ];
    let mut cases = cases.map(|(name, values, index)| (name, registered(name), values, index)).to_vec();
    let tasks = format!("'large', 'agent-5000', array['{board}']::uuid[], {NO_FILTER}, now(), {after}");
    cases.push(("next_tasks", ready_statement(&database.superuser().await).await, tasks, "cards_ready"));
    for (name, sql, values, index) in cases {
        let plan = plan(&mut connection, &sql, &values).await;
        assert!(plan.to_string().contains(index), "{name} uses {index}: {plan}");
        assert!(!reads_all("cards", &plan), "{name} reads all cards: {plan}");
    }
    // what the function that passes the policies does inside is not part of the plan above
    let inside = "explain (format json) select c.id from kanban.cards as c
        where c.tenant_id = 'large' and c.assignees @> array['agent-5000'] and c.assignees <> '{}'
          and c.finished_at is null and c.deleted_at is null";
    let plan: Value = sqlx::query_scalar(inside).fetch_one(&database.superuser().await).await.expect("a plan");
    assert!(plan.to_string().contains("cards_assigned"), "{plan}");
    let behind: Value = sqlx::query_scalar(inside).fetch_one(&mut connection).await.expect("a plan");
    assert!(!behind.to_string().contains("cards_assigned"), "it would not be needed any more: {behind}");
}

#[tokio::test]
async fn cards_that_are_read_together_do_not_read_all_boards() {
    let database = support::database().await;
    let (mut connection, _) = large(&database).await;
    let more = "
        insert into kanban.boards (tenant_id, id, workspace_id, key, name, template, next_number, created_at, updated_at)
        select b.tenant_id, gen_random_uuid(), b.workspace_id, 'X' || n, 'Board ' || n, b.template, 1, now(), now()
        from kanban.boards as b cross join generate_series(1, 100) as n where b.tenant_id = 'large';
        analyze";
    sqlx::raw_sql(more).execute(&database.superuser().await).await.expect("more boards");
    let ids = "'large', array[gen_random_uuid(), gen_random_uuid()]";
    for (name, values) in [("GET_CARDS", ids), ("GET_CARDS_BY_KEY", "'large', array['AB-777', 'AB-778']")] {
        let plan = plan(&mut connection, &registered(name), values).await;
        assert!(!reads_all("boards", &plan), "{name}: {plan}");
    }
    // control: a join with their boards does
    let joined = "select c.* from kanban.cards as c
        join kanban.boards as b on b.tenant_id = $1 and b.id = c.board_id and b.deleted_at is null
        where c.tenant_id = $1 and c.deleted_at is null and c.id = any (array(select unnest($2::uuid[])))";
    let plan = plan(&mut connection, joined, ids).await;
    assert!(reads_all("boards", &plan), "{plan}");
}

/// How often PostgreSQL has run a statement by the plan that it keeps, of twelve times. It makes one for the arguments five
/// times, and goes on so if that seems worth it.
async fn by_kept_plan(connection: &mut PgConnection, sql: &str, values: &str) -> i64 {
    let twelve = format!("execute probe ({values});").repeat(12);
    let kept = "select generic_plans from pg_prepared_statements where name = 'probe'; deallocate probe";
    let run = format!("prepare probe as {sql}; {twelve} {kept}");
    let rows = sqlx::raw_sql(AssertSqlSafe(run)).fetch_all(connection).await.unwrap_or_else(|e| panic!("{sql}: {e}"));
    let count: String = sqlx::Row::try_get_unchecked(rows.last().expect("a count"), 0).expect("its text");
    count.parse().expect("a number")
}

#[tokio::test]
async fn the_plan_of_a_list_is_kept() {
    let database = support::database().await;
    let (mut connection, board) = large(&database).await;
    let statements = kanban_core::statements();
    let values = format!("'large', '{board}'");
    let is_first_page =
        |name: &str| name.starts_with("LIST_CARDS") && !name.ends_with("AFTER") && !name.ends_with("FILTERED");
    for (name, sql) in statements.iter().filter(|(name, _)| is_first_page(name)) {
        assert_eq!(by_kept_plan(&mut connection, sql, &values).await, 7, "{name}");
    }
    let list = registered("LIST_CARDS");
    // control: not knowing how many rows it reads, it makes one each time
    let of_any_length = list.replace("limit 51", "limit $3");
    assert_eq!(by_kept_plan(&mut connection, &of_any_length, &format!("{values}, 51")).await, 0);
}
