//! Tenants: how they come, pause and go, and who may have a say in it.

use kanban_core::{
    Action, Actor, AuditFilter, BoardFilter, EntityType, Error, ErrorKind, Kanban, ListAudit, ListPage, NewBoard,
    NewCard, NewComment, NewToken, NewWorkspace, Store, TokenScope,
};
use sqlx::PgPool;

use crate::support;

fn named(name: &str) -> NewWorkspace {
    NewWorkspace { name: name.to_owned(), ..NewWorkspace::default() }
}

fn operator(store: &Store) -> Kanban {
    store.tenant("default", Actor::human("root")).expect("a person")
}

/// A tenant with something in many tables.
async fn fill(store: &Store, tenant: &str) -> Kanban {
    let kanban = store.tenant(tenant, Actor::human("ada")).expect("a person");
    kanban.create_workspace(named("work")).await.expect("a workspace");
    let board = kanban.create_board(NewBoard::named("Board")).await.expect("a board");
    let agent = kanban.acting_as(Actor::agent("a")).expect("an agent");
    for i in 0..20 {
        let card = kanban.create_card(board.columns[0].id, NewCard::titled(format!("{i}"))).await.expect("a card");
        kanban.create_comment(card.id, NewComment::saying("so")).await.expect("a comment");
    }
    let claimed = agent.claim_next("a", Default::default()).await.expect("a claim").items.remove(0);
    agent.complete_card(claimed.id, claimed.claim.expect("it is claimed").epoch).await.expect("it is done");
    kanban
}

/// How many rows each table has of a tenant.
async fn rows(pool: &PgPool, tenant: &str) -> Vec<(String, i64)> {
    let tables: Vec<String> = sqlx::query_scalar(
        "select c.oid::regclass::text from pg_class as c join pg_attribute as a on a.attrelid = c.oid
         where c.relnamespace = 'kanban'::regnamespace and c.relkind = 'r' and a.attname = 'tenant_id' order by 1",
    )
    .fetch_all(pool)
    .await
    .expect("the tables read");
    let mut rows = Vec::new();
    for table in tables {
        let count = format!("select count(*) from {table} where tenant_id = $1");
        let count = sqlx::query_scalar(sqlx::AssertSqlSafe(count)).bind(tenant).fetch_one(pool).await.expect("a count");
        rows.push((table, count));
    }
    rows
}

fn total(rows: &[(String, i64)]) -> i64 {
    rows.iter().map(|(_, count)| count).sum()
}

#[tokio::test]
async fn a_tenant_is_created_once_found_listed_and_told_of() {
    let database = support::database().await;
    let store = database.store().await;
    let operator = operator(&store);
    let created = operator.create_tenant("acme").await.expect("a tenant");
    assert!(created.is_new && created.tenant.suspended_at.is_none());
    let again = operator.create_tenant("acme").await.expect("it is there");
    assert_eq!((again.is_new, &again.tenant), (false, &created.tenant));
    assert_eq!(operator.get_tenant("acme").await.expect("it reads"), created.tenant);
    operator.create_tenant("globex").await.expect("a tenant");
    let first = operator.list_tenants(ListPage::first(2)).await.expect("a page");
    let rest = ListPage { limit: 2, cursor: first.next_cursor.clone() };
    let rest = operator.list_tenants(rest).await.expect("a page");
    let names: Vec<_> = first.items.iter().chain(&rest.items).map(|tenant| tenant.id.as_str()).collect();
    assert_eq!(names, ["acme", "default", "globex"]);
    let acme = store.tenant("acme", Actor::human("ada")).expect("a person");
    let told = acme.list_audit(ListAudit::default()).await.expect("the audit").items;
    assert_eq!((told.len(), told[0].action.as_str(), told[0].actor_id.as_str()), (1, "tenant.created", "root"));
    for bad in ["", "Acme", "a b", "-a", &"a".repeat(64)] {
        let Error::Invalid { fields } = operator.create_tenant(bad).await.expect_err("no tenant is called so") else {
            panic!("{bad}")
        };
        assert_eq!(fields[0].pointer, "/id", "{bad}");
        let unknown = operator.get_tenant(bad).await.expect_err("no tenant is called so");
        assert!(matches!(unknown, Error::NotFound { what: "tenant", .. }), "{unknown}");
    }
    let unknown = operator.suspend_tenant("initech").await.expect_err("there is none");
    assert!(matches!(&unknown, Error::NotFound { what: "tenant", id } if id == "initech"), "{unknown}");
}

#[tokio::test]
async fn only_administrators_of_the_default_tenant_have_a_say() {
    let database = support::database().await;
    let store = database.store().await;
    let operator = operator(&store);
    operator.create_tenant("acme").await.expect("a tenant");
    let acme = store.tenant("acme", Actor::human("ada")).expect("a person");
    let text = acme.create_token(NewToken::named("admin", TokenScope::Admin)).await.expect("a token").secret;
    let admin_elsewhere = store.authenticate(&text.expect("its text")).await.expect("it is let in");
    let text = operator.create_token(NewToken::named("writer", TokenScope::Write)).await.expect("a token").secret;
    let writer = store.authenticate(&text.expect("its text")).await.expect("it is let in");
    for (kanban, code) in [(acme, "forbidden"), (admin_elsewhere, "forbidden"), (writer, "scope_needed")] {
        let refusals = [
            kanban.create_tenant("mine").await.map(|_| ()),
            kanban.get_tenant("default").await.map(|_| ()),
            kanban.list_tenants(ListPage::default()).await.map(|_| ()),
            kanban.suspend_tenant("acme").await.map(|_| ()),
            kanban.resume_tenant("acme").await.map(|_| ()),
            kanban.delete_tenant("acme").await.map(|_| ()),
        ];
        for refused in refusals {
            assert_eq!(refused.expect_err("it is not theirs").code(), code);
        }
    }
    for refused in [operator.suspend_tenant("default").await, operator.delete_tenant("default").await] {
        assert_eq!(refused.expect_err("not this one").code(), "tenant_default");
    }
    let refused = operator.transaction(|kanban| async move { kanban.suspend_tenant("acme").await });
    assert_eq!(refused.await.expect_err("it is another tenant's row").code(), "one_tenant");
}

#[tokio::test]
async fn a_suspended_tenant_changes_nothing_until_it_goes_on() {
    let database = support::database().await;
    let store = database.store().await;
    let operator = operator(&store);
    operator.create_tenant("acme").await.expect("a tenant");
    let acme = fill(&store, "acme").await;
    let text = acme.create_token(NewToken::named("ci", TokenScope::Write)).await.expect("a token").secret;
    let text = text.expect("its text");
    let other = database.store().await;
    assert!(operator.suspend_tenant("acme").await.expect("it stops").suspended_at.is_some());
    let again = operator.suspend_tenant("acme").await.expect("it has stopped");
    let refused = other.authenticate(&text).await.expect_err("it is suspended");
    assert_eq!((refused.code(), refused.kind()), ("tenant_suspended", ErrorKind::Forbidden));
    let beads = r#"{"id": "a-1", "title": "t", "status": "open", "priority": 1, "created_at": "2026-01-01T00:00:00Z"}"#;
    let writes = [
        acme.create_workspace(named("more")).await.map(|_| ()),
        acme.update_card("BOAR-2".parse::<kanban_core::CardRef>().expect("a key"), kanban_core::Expected::Any, title())
            .await
            .map(|_| ()),
        acme.import("BOAR", kanban_core::import::beads::read(beads.as_bytes()).expect("a card"), |_, _| ())
            .await
            .map(|_| ()),
    ];
    for refused in writes {
        assert_eq!(refused.expect_err("nothing changes").code(), "tenant_suspended");
    }
    let boards = acme.list_boards(BoardFilter::default(), ListPage::default()).await.expect("the program may look");
    assert_eq!(boards.items.len(), 1);
    operator.create_workspace(named("ours")).await.expect("others go on");
    let resumed = operator.resume_tenant("acme").await.expect("it goes on");
    assert_eq!((resumed.suspended_at, again.deleted_at), (None, None));
    acme.create_workspace(named("more")).await.expect("it goes on");
    let began = std::time::Instant::now();
    while let Err(refused) = other.authenticate(&text).await {
        assert_eq!(refused.code(), "tenant_suspended");
        assert!(began.elapsed() < std::time::Duration::from_secs(10), "it is let in again");
    }
    let filter = AuditFilter { entity_type: Some(EntityType::Tenant), ..AuditFilter::default() };
    let told = acme.list_audit(ListAudit { filter, ..ListAudit::default() }).await.expect("the audit").items;
    let of_tenant: Vec<_> = told.iter().map(|event| event.action.as_str()).collect();
    assert_eq!(of_tenant, ["tenant.resumed", "tenant.suspended", "tenant.created"]);
}

fn title() -> kanban_core::CardPatch {
    kanban_core::CardPatch { title: Some("other".to_owned()), ..Default::default() }
}

#[tokio::test]
async fn a_deleted_tenant_leaves_no_row_and_its_name_is_never_given_again() {
    let database = support::database().await;
    let store = database.store().await;
    let operator = operator(&store);
    for tenant in ["acme", "globex"] {
        operator.create_tenant(tenant).await.expect("a tenant");
        fill(&store, tenant).await;
    }
    let pool = database.superuser().await;
    let before = rows(&pool, "globex").await;
    assert!(total(&before) > 100, "{before:?}");
    assert_eq!(operator.delete_tenant("acme").await.expect_err("it works").code(), "tenant_active");
    operator.suspend_tenant("acme").await.expect("it stops");
    // the first call was cut short behind its first step
    let cut = "update kanban.tenants set deleted_at = now() where id = 'acme'";
    sqlx::raw_sql(cut).execute(&pool).await.expect("it is marked");
    let deleted = operator.delete_tenant("acme").await.expect("it goes");
    assert!(deleted.deleted_at.is_some());
    assert_eq!(total(&rows(&pool, "acme").await), 0);
    assert_eq!(rows(&pool, "globex").await, before, "nobody else lost a row");
    operator.delete_tenant("acme").await.expect("once more changes nothing");
    assert_eq!(operator.create_tenant("acme").await.expect_err("not again").code(), "tenant_deleted");
    assert!(operator.resume_tenant("acme").await.is_err());
    let filter = kanban_core::AuditFilter { action: Some(Action::TenantDeleted), ..Default::default() };
    let told = operator.list_audit(ListAudit { filter, ..ListAudit::default() }).await.expect("the audit").items;
    assert_eq!(told.len(), 1, "it is told once");
    assert!(told[0].payload.get().contains("\"acme\""), "{}", told[0].payload);
    assert_eq!(operator.examine().await.expect("an examination").findings, []);
}
