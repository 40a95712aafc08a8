//! The schema, its constraints and every statement that is sent to it.

use std::collections::BTreeSet;

use sqlx::{AssertSqlSafe, PgPool, Row};

use crate::support;

/// Everything a migration can change, in one comparable text.
const SCHEMA: &str = "
    select 'table ' || c.relname || ' ' || a.attname || ' ' || format_type(a.atttypid, a.atttypmod) || ' ' || a.attnotnull
    from pg_class as c join pg_attribute as a on a.attrelid = c.oid
    where c.relnamespace = 'kanban'::regnamespace and c.relkind = 'r' and a.attnum > 0 and not a.attisdropped
      and c.relname <> 'migrations'
    union all
    select 'constraint ' || conname || ' ' || pg_get_constraintdef(oid) from pg_constraint
    where connamespace = 'kanban'::regnamespace and conrelid::regclass::text <> 'kanban.migrations'
    union all
    select 'index ' || indexdef from pg_indexes where schemaname = 'kanban' and tablename <> 'migrations'
    union all
    select 'policy ' || tablename || ' ' || policyname || ' ' || cmd || ' ' || qual || ' ' || coalesce(with_check, '')
    from pg_policies where schemaname = 'kanban'
    union all
    select 'forced ' || relname from pg_class
    where relnamespace = 'kanban'::regnamespace and relrowsecurity and relforcerowsecurity
    union all
    select 'owner ' || proname || ' ' || regexp_replace(proowner::regrole::text, '[0-9]+$', '') from pg_proc
    where pronamespace = 'kanban'::regnamespace
    union all
    select 'function ' || pg_get_functiondef(oid) from pg_proc where pronamespace = 'kanban'::regnamespace
    order by 1";

async fn schema(pool: &PgPool) -> Vec<String> {
    sqlx::query_scalar(SCHEMA).fetch_all(pool).await.expect("the schema reads")
}

#[tokio::test]
async fn migrating_up_down_and_up_again_gives_the_same_schema() {
    let database = support::database().await;
    let store = database.store().await;
    let pool = database.superuser().await;
    let before = schema(&pool).await;
    assert!(before.len() > 100, "the schema is there");
    store.migrate_to(Some(0)).await.expect("goes down");
    assert_eq!(schema(&pool).await, Vec::<String>::new(), "nothing is left");
    store.migrate_to(Some(3)).await.expect("goes up in part");
    store.migrate().await.expect("goes up");
    assert_eq!(schema(&pool).await, before);
    store.migrate().await.expect("is up to date");
    let error = store.migrate_to(Some(99)).await.expect_err("there is no such version");
    assert_eq!(error.code(), "invalid");
}

#[tokio::test]
async fn a_missing_schema_is_told_with_what_mends_it() {
    let database = support::database().await;
    let store = database.store().await;
    store.migrate_to(Some(0)).await.expect("goes down");
    let error = store.ready().await.expect_err("there is no schema");
    assert_eq!(error.code(), "schema_missing");
    assert!(error.to_string().contains("kanban-server migrate"));
}

#[tokio::test]
async fn every_constraint_of_the_schema_has_its_error() {
    let database = support::database().await;
    let pool = database.superuser().await;
    let in_schema: BTreeSet<String> = sqlx::query_scalar(
        "select conname::text from pg_constraint
         where connamespace = 'kanban'::regnamespace and conrelid::regclass::text <> 'kanban.migrations'
         union
         select c.relname::text from pg_index as i join pg_class as c on c.oid = i.indexrelid
         where c.relnamespace = 'kanban'::regnamespace and i.indisunique
           and i.indrelid::regclass::text <> 'kanban.migrations'",
    )
    .fetch_all(&pool)
    .await
    .expect("the constraints read")
    .into_iter()
    .collect();
    let known: BTreeSet<String> = kanban_core::known_constraints().map(str::to_owned).collect();
    assert_eq!(known, in_schema);
}

#[tokio::test]
async fn every_tenant_table_leads_its_keys_with_the_tenant() {
    let database = support::database().await;
    let pool = database.superuser().await;
    let stray: Vec<String> = sqlx::query_scalar(
        "select i.indexrelid::regclass::text
         from pg_index as i
         join pg_class as c on c.oid = i.indrelid
         join pg_attribute as a on a.attrelid = c.oid and a.attname = 'tenant_id'
         join pg_class as x on x.oid = i.indexrelid join pg_am as m on m.oid = x.relam
         where c.relnamespace = 'kanban'::regnamespace and m.amname = 'btree' and i.indkey[0] <> a.attnum",
    )
    .fetch_all(&pool)
    .await
    .expect("the indexes read");
    assert_eq!(stray, Vec::<String>::new());
}

#[tokio::test]
async fn every_statement_prepares_and_explains() {
    let database = support::database().await;
    let pool = database.superuser().await;
    let mut connection = pool.acquire().await.expect("a connection");
    sqlx::raw_sql("set plan_cache_mode = force_generic_plan").execute(&mut *connection).await.expect("a setting");
    let statements = kanban_core::statements();
    assert!(statements.len() > 50, "the registry is there");
    let mut names = BTreeSet::new();
    for (name, sql) in statements {
        assert!(names.insert(name), "{name} is registered twice");
        let prepare = format!("prepare probe as {sql}");
        sqlx::raw_sql(AssertSqlSafe(prepare)).execute(&mut *connection).await.unwrap_or_else(|e| panic!("{name}: {e}"));
        let parameters: i32 =
            sqlx::query_scalar("select cardinality(parameter_types) from pg_prepared_statements where name = 'probe'")
                .fetch_one(&mut *connection)
                .await
                .expect("it is prepared");
        let nulls = vec!["null"; parameters as usize].join(", ");
        let execute = if parameters == 0 { "probe".to_owned() } else { format!("probe ({nulls})") };
        let plan = sqlx::raw_sql(AssertSqlSafe(format!("explain execute {execute}")))
            .fetch_all(&mut *connection)
            .await
            .unwrap_or_else(|e| panic!("{name}: {e}"));
        assert!(!plan.is_empty() && !plan[0].get::<String, _>(0).is_empty(), "{name} has a plan");
        sqlx::raw_sql("deallocate probe").execute(&mut *connection).await.expect("it goes away");
    }
}

#[tokio::test]
async fn every_statement_on_a_tenant_table_names_the_tenant() {
    let tenant_tables = [
        "workspaces",
        "boards",
        "columns",
        "cards",
        "dependencies",
        "comments",
        "column_visits",
        "events",
        "idempotency_keys",
        "past_claims",
        "collisions",
        "flow_checkpoints",
        "respreads",
        "rate_windows",
    ];
    for (name, sql) in kanban_core::statements() {
        let tables = tenant_tables.iter().filter(|table| sql.contains(&format!("kanban.{table} "))).count();
        let reads = sql.matches("tenant_id").count() + sql.matches("kanban.create_").count();
        assert!(tables == 0 || reads > 0, "{name} forgets the tenant: {sql}");
    }
}
