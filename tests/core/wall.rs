//! The wall between tenants: what a statement that forgets its tenant still cannot see or change.

use std::collections::BTreeSet;

use kanban_core::{
    Actor, BoardDetail, ClaimNext, JsonObject, Kanban, NewBoard, NewCard, NewComment, NewDependency, NewToken,
    NewWorkspace, Store, TokenScope,
};
use serde_json::json;
use sqlx::{AssertSqlSafe, Connection, PgConnection, PgPool, Row};

use crate::support::{self, Database};

/// In every text of the tenant that must not be seen.
const MARKER: &str = "globex";

/// A tenant with one of each thing, and its name in all their texts.
async fn fill(store: &Store, tenant: &str, key: &str) -> (Kanban, BoardDetail) {
    store.create_tenant(tenant).await.expect("a tenant");
    let named = |what: &str| format!("{tenant} {what}");
    let kanban = store.tenant(tenant, Actor::human(named("planner"))).expect("a person");
    let metadata = JsonObject::from_value(&json!({ "of": tenant })).expect("an object");
    let workspace = NewWorkspace { name: named("workspace"), metadata: metadata.clone(), ..Default::default() };
    kanban.create_workspace(workspace).await.expect("a workspace");
    let new = NewBoard { key: Some(key.to_owned()), metadata: metadata.clone(), ..NewBoard::named(named("board")) };
    let board = kanban.create_board(new).await.expect("a board");
    let mut cards = Vec::new();
    for i in 0..6 {
        let card = NewCard {
            external_id: Some(format!("{tenant}-{i}")),
            description: named("description"),
            labels: vec![named("label")],
            assignees: if i % 2 == 0 { vec![named("agent")] } else { Vec::new() },
            fields: metadata.clone(),
            ..NewCard::titled(named(&format!("card {i}")))
        };
        cards.push(kanban.create_card(board.columns[0].id, card).await.expect("a card"));
    }
    kanban.create_comment(cards[0].id, NewComment::saying(named("comment"))).await.expect("a comment");
    kanban.add_dependency(cards[5].id, NewDependency::waits_for(cards[4].id)).await.expect("a dependency");
    let token = NewToken::named(named("token"), TokenScope::Read);
    kanban.create_token(token).await.expect("a token");
    let agent = store.tenant(tenant, Actor::agent(named("agent"))).expect("an agent");
    let claimed = agent.claim_next(&named("agent"), ClaimNext::default()).await.expect("a claim");
    assert_eq!(claimed.items.len(), 1);
    (kanban, board)
}

async fn run(connection: &mut PgConnection, sql: String) -> sqlx::Result<()> {
    sqlx::raw_sql(AssertSqlSafe(sql)).execute(connection).await.map(drop)
}

/// Every table with a tenant's rows, and the column that tells whose they are.
async fn tenant_tables(pool: &PgPool) -> Vec<(String, String)> {
    let found = sqlx::query_as(
        "select c.oid::regclass::text, case when c.relname = 'tenants' then 'id' else 'tenant_id' end
         from pg_class as c
         where c.relnamespace = 'kanban'::regnamespace and c.relkind in ('r', 'p')
           and (c.relname = 'tenants' or exists (
               select from pg_attribute as a where a.attrelid = c.oid and a.attname = 'tenant_id'))
         order by 1",
    );
    found.fetch_all(pool).await.expect("the tables read")
}

#[tokio::test]
async fn every_tenant_table_has_its_policy_and_no_role_has_more_than_it_needs() {
    let database = support::database().await;
    let pool = database.superuser().await;
    let app = database.application_role().await;
    let search = app.replace("_app_", "_search_");
    let tables = tenant_tables(&pool).await;
    assert!(tables.len() >= 9, "{tables:?}");
    for (table, column) in &tables {
        let row = sqlx::query(
            "select c.relrowsecurity, c.relforcerowsecurity, p.polpermissive, p.polcmd::text, p.polroles = '{0}',
                    pg_get_expr(p.polqual, c.oid), pg_get_expr(p.polwithcheck, c.oid), c.relowner::regrole::text,
                    (select count(*) from pg_policy as o where o.polrelid = c.oid
                       and o.polname <> 'tenant_wall' and o.polroles <> array[$2::regrole::oid])
             from pg_class as c left join pg_policy as p on p.polrelid = c.oid and p.polname = 'tenant_wall'
             where c.oid = $1::regclass",
        )
        .bind(table)
        .bind(&search)
        .fetch_one(&pool)
        .await
        .expect("the table reads");
        let condition = format!("({column} = NULLIF(current_setting('kanban.tenant_id'::text, true), ''::text))");
        assert!(row.get::<bool, _>(0) && row.get::<bool, _>(1), "{table} is forced behind its policies");
        assert_eq!(row.get::<Option<bool>, _>(2), Some(true), "{table} has a policy");
        assert_eq!((row.get::<String, _>(3).as_str(), row.get::<bool, _>(4)), ("*", true), "{table}: for everybody");
        assert_eq!(row.get::<String, _>(5), condition, "{table}");
        assert_eq!(row.get::<String, _>(6), condition, "{table}");
        assert_eq!(row.get::<String, _>(7), "kanban", "{table} is the owner's");
        assert_eq!(row.get::<i64, _>(8), 0, "{table} has no policy for others");
    }
    let roles: Vec<(String, bool, bool, bool)> = sqlx::query_as(
        "select rolname::text, rolsuper, rolbypassrls, rolcreaterole from pg_roles where rolname in ($1, $2) order by 1",
    )
    .bind(&app)
    .bind(&search)
    .fetch_all(&pool)
    .await
    .expect("the roles read");
    assert_eq!(roles, [(app.clone(), false, false, false), (search.clone(), false, false, false)]);
    let can = async |role: &str, table: &str, what: &str| -> bool {
        let query = sqlx::query_scalar("select has_table_privilege($1, $2, $3)").bind(role).bind(table).bind(what);
        query.fetch_one(&pool).await.expect("a privilege")
    };
    for what in ["update", "delete", "truncate"] {
        assert!(!can(&app, "kanban.events", what).await, "the application cannot {what} events");
        for (table, _) in &tables {
            assert!(!can(&search, table, what).await, "the search role only reads {table}");
        }
    }
    assert!(can(&app, "kanban.events", "insert").await);
    let functions: Vec<(String, String, bool)> = sqlx::query_as(
        "select f.proname::text, f.proowner::regrole::text, f.proconfig is not null
         from pg_proc as f where f.pronamespace = 'kanban'::regnamespace and f.prosecdef",
    )
    .fetch_all(&pool)
    .await
    .expect("the functions read");
    assert!(functions.len() >= 2);
    for (name, owner, has_search_path) in functions {
        let expected = if name == "purge_tenant" { "kanban" } else { search.as_str() };
        assert_eq!(owner, expected, "{name}");
        assert!(has_search_path, "{name} decides itself what its names mean");
    }
    let member: bool = sqlx::query_scalar("select pg_has_role('kanban', $1, 'member')")
        .bind(&search)
        .fetch_one(&pool)
        .await
        .expect("a membership");
    assert!(!member, "the search role was lent for the moment only");
}

/// The same SQL with every condition on the tenant met by all of them.
fn forgetful(sql: &str, tenant: &str) -> String {
    let all = format!("= any (array[{tenant}::text, 'acme', '{MARKER}'])");
    ["tenant_id", "tenants where id"]
        .into_iter()
        .fold(sql.to_owned(), |sql, what| sql.replace(&format!("{what} = {tenant}"), &format!("{what} {all}")))
}

/// Values to try for a parameter of a type: those of the tenant that must not be seen, and such as let rows through.
fn candidates(kind: &str, ids: &[String]) -> Vec<String> {
    let quoted = |values: &[&str]| values.iter().map(|value| format!("'{value}'")).collect();
    match kind {
        "text" => quoted(&["GX", "GX-1", "GX-5", "globex agent", "globex-1", "acme", "", "UTC", "todo"]),
        "uuid" => ids.iter().map(|id| format!("'{id}'")).chain(["null".to_owned()]).collect(),
        "uuid[]" => vec![format!("'{{{}}}'", ids.join(",")), "'{}'".to_owned()],
        "text[]" => quoted(&["{}", "{globex label}"]),
        "date" => quoted(&["-infinity", "infinity", "2026-01-01"]),
        "jsonb[]" => vec![r#"array['{"kind": "human", "id": "mallory"}'::jsonb]"#.to_owned()],
        "jsonb" => quoted(&[
            r#"{"kind": "human", "id": "mallory"}"#,
            r#"{"title": "mine", "name": "mine", "description": "mine", "archived": true}"#,
            "{}",
            "[]",
        ]),
        "timestamp with time zone" => quoted(&["-infinity", "infinity", "2026-01-01"]),
        "bytea" => vec!["decode(repeat('00', 32), 'hex')".to_owned()],
        "boolean" => vec!["true".to_owned(), "false".to_owned(), "null".to_owned()],
        "bigint[]" => {
            quoted(&["{}", "{0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0}"])
        }
        "smallint" | "integer" | "bigint" => ["-1", "0", "1", "10", "200", "null"].map(str::to_owned).to_vec(),
        "name" => vec!["'kanban'".to_owned()],
        other => panic!("no candidates for {other}"),
    }
}

/// Takes the condition on the tenant out of every function.
async fn make_functions_forgetful(database: &Database) {
    let pool = database.superuser().await;
    let functions: Vec<String> = sqlx::query_scalar(
        "select pg_get_functiondef(oid) from pg_proc
         where pronamespace = 'kanban'::regnamespace and not prosecdef and prosrc like '%tenant_id = p_tenant%'",
    )
    .fetch_all(&pool)
    .await
    .expect("the functions read");
    assert!(functions.len() > 20, "the functions are there");
    for function in functions {
        let changed = sqlx::raw_sql(AssertSqlSafe(forgetful(&function, "p_tenant"))).execute(&pool).await;
        changed.expect("the function changes");
    }
}

/// Takes the condition on the tenant out of every statement, runs it with many values on a session that shows one
/// tenant's rows, and answers the names of the statements that showed or changed something of another.
async fn statements_that_leak(database: &Database, shows: &str, draws: usize) -> BTreeSet<&'static str> {
    let pool = database.superuser().await;
    let role = database.application_role().await;
    let mut connection = pool.acquire().await.expect("a connection").detach();
    let tables = tenant_tables(&pool).await;
    let whole: Vec<String> = tables
        .iter()
        .map(|(table, column)| format!("select t::text as row from {table} as t where t.{column} = '{MARKER}'"))
        .collect();
    let whole = format!("select md5(string_agg(row, ',' order by row)) from ({}) as r", whole.join(" union all "));
    let with_ids: Vec<String> = sqlx::query_scalar(
        "select c.oid::regclass::text from pg_class as c join pg_attribute as a on a.attrelid = c.oid
         where c.relnamespace = 'kanban'::regnamespace and c.relkind = 'r' and a.attname = 'id'
           and a.atttypid = 'uuid'::regtype",
    )
    .fetch_all(&mut connection)
    .await
    .expect("the tables read");
    assert!(with_ids.len() >= 6, "{with_ids:?}");
    let some = |table| format!("(select id from {table} where tenant_id = '{MARKER}' order by id limit 3)");
    let ids = with_ids.iter().map(some).collect::<Vec<_>>().join(" union all ");
    let ids = format!("select id::text from ({ids}) as i");
    let ids: Vec<String> =
        sqlx::query_scalar(AssertSqlSafe(ids)).fetch_all(&mut connection).await.expect("the ids read");
    let before: String =
        sqlx::query_scalar(AssertSqlSafe(whole.clone())).fetch_one(&mut connection).await.expect("rows");
    let seed = support::seed();
    let mut random = fastrand::Rng::with_seed(seed);
    let mut leaking = BTreeSet::new();
    for (name, sql) in kanban_core::statements() {
        let mut tx = connection.begin().await.expect("a transaction");
        run(&mut tx, format!("prepare probe as {}", forgetful(&sql, "$1")))
            .await
            .unwrap_or_else(|e| panic!("{name}: {e}"));
        let kinds: Vec<String> =
            sqlx::query_scalar("select unnest(parameter_types)::text from pg_prepared_statements where name = 'probe'")
                .fetch_all(&mut *tx)
                .await
                .expect("its parameters");
        let setting = format!("set local role {role}; set local kanban.tenant_id = '{shows}'");
        run(&mut tx, setting).await.expect("behind the wall");
        for _ in 0..draws {
            let values: Vec<String> = kinds
                .iter()
                .enumerate()
                .map(|(i, kind)| {
                    if i == 0 && kind == "text" && sql.contains("tenant") {
                        return format!("'{}'", if shows.is_empty() { MARKER } else { shows });
                    }
                    let values = candidates(kind, &ids);
                    values[random.usize(..values.len())].clone()
                })
                .collect();
            let execute = if values.is_empty() {
                "execute probe".to_owned()
            } else {
                format!("execute probe ({})", values.join(", "))
            };
            run(&mut tx, "savepoint draw".to_owned()).await.expect("a savepoint");
            match sqlx::raw_sql(AssertSqlSafe(execute.clone())).fetch_all(&mut *tx).await {
                Ok(rows) => {
                    // what was put in may come out
                    let is_foreign = |text: String| {
                        let text = values
                            .iter()
                            .fold(text, |text, value| text.replace(value.trim_matches(['\'', '{', '}']), ""));
                        text.contains(MARKER) || ids.iter().any(|id| text.contains(id))
                    };
                    let texts = rows.iter().flat_map(|row| {
                        (0..row.len()).filter_map(|i| row.try_get_unchecked::<Option<String>, _>(i).ok().flatten())
                    });
                    if texts.into_iter().any(is_foreign) {
                        leaking.insert(name);
                    }
                }
                Err(error) => {
                    let error = error.as_database_error().expect("a refusal").to_string();
                    assert!(!error.contains("does not exist"), "{name}: {error}: {execute}");
                    run(&mut tx, "rollback to draw".to_owned()).await.expect("back to the savepoint");
                }
            }
        }
        run(&mut tx, "reset role".to_owned()).await.expect("in front of the wall again");
        let after: String = sqlx::query_scalar(AssertSqlSafe(whole.clone())).fetch_one(&mut *tx).await.expect("rows");
        if after != before {
            leaking.insert(name);
        }
        run(&mut tx, "deallocate probe".to_owned()).await.expect("it goes away");
        tx.rollback().await.expect("all as it was");
    }
    leaking
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_statement_that_forgets_its_tenant_shows_or_changes_another_s() {
    let database = support::database().await;
    let store = database.store().await;
    fill(&store, "acme", "AC").await;
    fill(&store, MARKER, "GX").await;
    make_functions_forgetful(&database).await;
    let draws = support::scale(60, 1000);
    assert_eq!(statements_that_leak(&database, "acme", draws).await, BTreeSet::new());
    assert_eq!(statements_that_leak(&database, "", draws).await, BTreeSet::new(), "shown to nobody");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn control_without_the_policies_they_do() {
    let database = support::database().await;
    let store = database.store().await;
    fill(&store, "acme", "AC").await;
    fill(&store, MARKER, "GX").await;
    let pool = database.superuser().await;
    for (table, _) in tenant_tables(&pool).await {
        let sql = format!("alter table {table} disable row level security");
        sqlx::raw_sql(AssertSqlSafe(sql)).execute(&pool).await.expect("the policies go");
    }
    make_functions_forgetful(&database).await;
    let leaking = statements_that_leak(&database, "acme", 60).await;
    assert!(leaking.len() >= 15, "a test that cannot see them proves nothing: {leaking:?}");
}
