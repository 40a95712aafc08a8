//! Connections that serve one tenant after the other, with refusals and callers that go away in the middle.

use std::pin::pin;
use std::task::Poll;
use std::time::Duration;

use kanban_core::{
    Actor, BoardFilter, Connect, Error, ErrorKind, Kanban, ListPage, NewBoard, NewCard, NewWorkspace, Pooler, Store,
};
use sqlx::postgres::{PgConnectOptions, PgPool, PgPoolOptions};
use tokio::sync::Mutex;

use crate::support::{self, Database};

const TENANTS: [&str; 3] = ["acme", "globex", "initech"];

/// Runs a future for at most some of its steps, and then drops it.
async fn for_steps<F: Future>(future: F, steps: usize) -> Option<F::Output> {
    let mut future = pin!(future);
    let mut left = steps;
    std::future::poll_fn(|context| {
        if let Poll::Ready(output) = future.as_mut().poll(context) {
            return Poll::Ready(Some(output));
        }
        if left == 0 {
            return Poll::Ready(None);
        }
        left -= 1;
        Poll::Pending
    })
    .await
}

/// Each tenant with one board, whose key tells whose it is.
async fn fill(store: &Store) -> Vec<Kanban> {
    let mut handles = Vec::new();
    for tenant in TENANTS {
        store.create_tenant(tenant).await.expect("a tenant");
        let kanban = store.tenant(tenant, Actor::human("ada")).expect("a person");
        let workspace = NewWorkspace { name: tenant.to_owned(), ..NewWorkspace::default() };
        kanban.create_workspace(workspace).await.expect("a workspace");
        let board = NewBoard { key: Some(tenant.to_uppercase()), ..NewBoard::named(tenant) };
        let board = kanban.create_board(board).await.expect("a board");
        kanban.create_card(board.columns[0].id, NewCard::titled(tenant)).await.expect("a card");
        handles.push(kanban);
    }
    handles
}

async fn sees(kanban: &Kanban) -> Result<Vec<String>, Error> {
    let page = kanban.list_boards(BoardFilter::default(), ListPage::default()).await?;
    Ok(page.items.into_iter().map(|board| board.key).collect())
}

fn unexpected(error: &Error, expected: ErrorKind) -> usize {
    if error.kind() == expected {
        return 0;
    }
    eprintln!("{error:?}");
    1
}

/// How often a tenant saw anything but its own board, over one connection.
async fn wrong_views(url: &str, pooler: Pooler, steps: usize, mut random: fastrand::Rng) -> usize {
    let store = Store::connect_with(url, Connect { pooler, connections: Some(1) }).await.expect("the database answers");
    let handles: Vec<Kanban> =
        TENANTS.iter().map(|tenant| store.tenant(tenant, Actor::human("ada")).expect("a person")).collect();
    let mut wrong = 0;
    for _ in 0..steps {
        let i = random.usize(..TENANTS.len());
        let kanban = &handles[i];
        match random.u8(..20) {
            // a caller that goes away
            0..=1 => drop(for_steps(sees(kanban), random.usize(..6)).await),
            2 => {
                let again = || NewWorkspace { name: "another".to_owned(), ..NewWorkspace::default() };
                let two = kanban.transaction(|kanban| async move {
                    kanban.create_workspace(again()).await?;
                    kanban.create_workspace(again()).await
                });
                drop(for_steps(two, random.usize(..10)).await);
            }
            // a refusal, alone and in the middle of a transaction
            3 => {
                let taken = NewWorkspace { name: TENANTS[i].to_owned(), ..NewWorkspace::default() };
                let refused = kanban.create_workspace(taken).await.expect_err("the name is taken");
                wrong += unexpected(&refused, ErrorKind::Conflict);
            }
            4 => {
                let refused = kanban.transaction(|kanban| async move {
                    sees(&kanban).await?;
                    kanban.get_board("NONE".parse::<kanban_core::BoardRef>()?).await
                });
                wrong += unexpected(&refused.await.expect_err("there is none"), ErrorKind::NotFound);
            }
            _ => match sees(kanban).await {
                Ok(seen) if seen == [TENANTS[i].to_uppercase()] => {}
                Ok(seen) => {
                    eprintln!("{} sees {seen:?}", TENANTS[i]);
                    wrong += 1;
                }
                Err(error) => wrong += unexpected(&error, ErrorKind::Invalid),
            },
        }
    }
    store.close().await.expect("it closes");
    wrong
}

async fn alternating(pooler: Pooler, full: usize) {
    let database = support::database().await;
    fill(&database.store().await).await;
    let random = fastrand::Rng::with_seed(support::seed());
    assert_eq!(wrong_views(&database.url(), pooler, support::scale(1500, full), random).await, 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn alternating_tenants_over_one_connection_see_their_own_boards_only() {
    alternating(Pooler::None, 100_000).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn and_so_they_do_where_every_statement_brings_its_settings() {
    alternating(Pooler::Transaction, 100_000).await;
}

/// Several callers on fewer backends, behind the pooler itself. `scripts/test` sees to it that it is there.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn behind_pgbouncer_callers_share_backends_and_see_their_own_boards_only() {
    let Some((database, pooler)) = behind_pgbouncer().await else { return };
    fill(&database.store().await).await;
    let seed = support::seed();
    let callers = (0..4).map(|caller| {
        let random = fastrand::Rng::with_seed(seed.wrapping_add(caller));
        wrong_views(&pooler.url, Pooler::Transaction, support::scale(300, 25_000), random)
    });
    assert_eq!(futures::future::join_all(callers).await, [0; 4]);
    let connect = Connect { pooler: Pooler::Transaction, connections: None };
    works(&Store::connect_with(&pooler.url, connect).await.expect("the pooler answers")).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn control_settings_that_stay_on_a_shared_backend_show_the_wrong_tenant() {
    let Some((database, pooler)) = behind_pgbouncer().await else { return };
    fill(&database.store().await).await;
    let seed = support::seed();
    let callers = (0..4)
        .map(|caller| wrong_views(&pooler.url, Pooler::None, 100, fastrand::Rng::with_seed(seed.wrapping_add(caller))));
    let wrong: usize = futures::future::join_all(callers).await.into_iter().sum();
    assert!(wrong > 0, "a test that cannot see it proves nothing");
}

async fn behind_pgbouncer() -> Option<(Database, support::PgBouncer)> {
    let database = support::database().await;
    let pooler = support::PgBouncer::start(&database);
    if pooler.is_none() {
        eprintln!("no pgbouncer on this machine: not tested behind it");
    }
    Some((database, pooler?))
}

/// A session that remembers which tenant it was told to show, instead of which one it is known to show.
struct Forgetful {
    pool: PgPool,
    told: Mutex<String>,
}

impl Forgetful {
    async fn on(database: &Database) -> Self {
        let role = database.application_role().await;
        let options: PgConnectOptions = database.url().parse().expect("a URL");
        let pool = PgPoolOptions::new().max_connections(1).connect_with(options.options([("role", role)])).await;
        Self { pool: pool.expect("the database answers"), told: Mutex::default() }
    }

    async fn sees(&self, tenant: &str, aborts: bool) -> Vec<String> {
        let mut tx = self.pool.begin().await.expect("a transaction");
        let mut told = self.told.lock().await;
        if *told != tenant {
            tenant.clone_into(&mut told);
            let set = sqlx::query("select set_config('kanban.tenant_id', $1, false)").bind(tenant);
            set.execute(&mut *tx).await.expect("a setting");
        }
        drop(told);
        let keys = sqlx::query_scalar("select key from kanban.boards").fetch_all(&mut *tx).await.expect("rows");
        if aborts { tx.rollback().await } else { tx.commit().await }.expect("an end");
        keys
    }
}

#[tokio::test]
async fn control_a_session_that_believes_what_it_was_told_shows_the_wrong_tenant() {
    let database = support::database().await;
    fill(&database.store().await).await;
    let session = Forgetful::on(&database).await;
    let mut random = fastrand::Rng::with_seed(support::seed());
    let mut wrong = 0;
    for _ in 0..300 {
        let tenant = TENANTS[random.usize(..TENANTS.len())];
        wrong += usize::from(session.sees(tenant, random.u8(..4) == 0).await != [tenant.to_uppercase()]);
    }
    assert!(wrong > 0, "a test that cannot see it proves nothing");
}

/// Everything works behind the pooler, not only reads.
#[tokio::test]
async fn a_board_is_worked_on_where_every_statement_brings_its_settings() {
    let database = support::database().await;
    let connect = Connect { pooler: Pooler::Transaction, connections: None };
    let store = Store::connect_with(&database.url(), connect).await.expect("the database answers");
    works(&store).await;
    let refused = store.migrate().await.expect_err("not through a pooler");
    assert_eq!((refused.code(), refused.to_string().contains("kanban-server migrate")), ("pooler", true));
    store.check_schema().await.expect("the schema is in place");
}

async fn works(store: &Store) {
    use kanban_core::{ClaimNext, Expected, MoveCard, NextTasks};
    let (kanban, board) = support::board(store).await;
    let (todo, done) = (board.columns[0].id, board.columns[2].id);
    let card = kanban.create_card(todo, NewCard::titled("work")).await.expect("a card");
    let both = kanban.transaction(|kanban| async move {
        kanban.create_card(todo, NewCard::titled("together")).await?;
        kanban.move_card(card.id, Expected::Any, MoveCard::to(done)).await
    });
    both.await.expect("both are done");
    let agent = store.tenant("default", Actor::agent("a")).expect("an agent");
    assert_eq!(agent.next_tasks("a", NextTasks::default()).await.expect("tasks").items.len(), 1);
    let claimed = agent.claim_next("a", ClaimNext::default()).await.expect("a claim").items.remove(0);
    let epoch = claimed.claim.expect("it is claimed").epoch;
    agent.complete_card(claimed.id, epoch).await.expect("it is done");
    let stale = agent.complete_card(claimed.id, epoch).await.expect_err("it is over");
    assert_eq!(stale.code(), "stale_claim");
    assert_eq!(kanban.examine().await.expect("an examination").findings, []);
}

/// What an owner who may not create roles gets: one tenant, as before, and a plain word where a second is wanted.
#[tokio::test]
async fn without_the_right_to_create_roles_one_tenant_works_and_several_are_refused() {
    let database = support::unmigrated_database().await;
    let pool = database.superuser().await;
    let user = format!("plain_{}", database.name());
    for sql in [
        format!("create role {user} login"),
        format!("alter database {} owner to {user}", database.name()),
        format!("grant create on schema public to {user}"),
    ] {
        sqlx::raw_sql(sqlx::AssertSqlSafe(sql)).execute(&pool).await.expect("a plain owner");
    }
    let url = database.url().replacen("kanban@", &format!("{user}@"), 1);
    let store = Store::connect(&url).await.expect("the database answers");
    store.migrate().await.expect("the schema comes");
    works(&store).await;
    let refused = store.create_tenant("acme").await.expect_err("there is no wall");
    assert_eq!((refused.code(), refused.to_string().contains(&user)), ("wall_missing", true), "{refused}");
    assert!(!store.create_tenant("default").await.expect("it is there"));
    // somebody makes a tenant behind its back: whoever connects is refused
    sqlx::raw_sql("insert into kanban.tenants (id) values ('acme')").execute(&pool).await.expect("a tenant");
    let other = Store::connect(&url).await.expect("the database answers");
    assert_eq!(other.ready().await.expect_err("there is no wall").code(), "wall_missing");
    // and once somebody who may has raised it, all is well, for those who are connected too
    sqlx::raw_sql(sqlx::AssertSqlSafe(format!("alter role {user} createrole"))).execute(&pool).await.expect("a right");
    other.migrate().await.expect("the wall is raised");
    for (store, tenant) in [(&store, "default"), (&other, "acme"), (&other, "default")] {
        let kanban = store.tenant(tenant, Actor::human("ada")).expect("a person");
        let boards = sees(&kanban).await.expect("an answer");
        assert_eq!(boards.len(), usize::from(tenant == "default"), "{tenant}");
    }
    assert!(other.create_tenant("globex").await.expect("a tenant"));
    let stranger = format!("create role stranger_{} login", database.name());
    sqlx::raw_sql(sqlx::AssertSqlSafe(stranger)).execute(&pool).await.expect("a role");
    let url = database.url().replacen("kanban@", &format!("stranger_{}@", database.name()), 1);
    let stranger = Store::connect(&url).await.expect("the database answers");
    let refused = stranger.ready().await.expect_err("it is not behind the wall");
    assert_eq!((refused.code(), refused.to_string().contains("grant kanban_app_")), ("role_not_granted", true));
}

#[tokio::test]
async fn a_session_waits_no_longer_for_a_connection_than_it_says() {
    let database = support::database().await;
    fill(&database.store().await).await;
    let connect = Connect { connections: Some(1), ..Connect::default() };
    let store = Store::connect_with(&database.url(), connect).await.expect("the database answers");
    let kanban = store.tenant("acme", Actor::human("ada")).expect("a person");
    let held = kanban.transaction(|_| async {
        let refused = sees(&kanban).await.expect_err("the one connection is taken");
        assert_eq!(refused.kind(), ErrorKind::Unavailable);
        Ok(())
    });
    let held = tokio::time::timeout(Duration::from_secs(10), held).await;
    held.expect("it is told in time").expect("the transaction ends well");
    assert_eq!(sees(&kanban).await.expect("an answer"), ["ACME"]);
}
