//! The only place with SQL. Each table has a file with its statements and the rows they answer.

pub(crate) mod attachments;
pub(crate) mod audit;
pub(crate) mod boards;
pub(crate) mod bulk;
pub(crate) mod card_list;
pub(crate) mod card_parts;
pub(crate) mod cards;
pub(crate) mod claims;
pub(crate) mod collisions;
pub(crate) mod columns;
pub(crate) mod comments;
pub(crate) mod dependencies;
pub(crate) mod doctor;
#[cfg(feature = "embedded")]
pub(crate) mod embedded;
pub(crate) mod events;
pub(crate) mod flow;
pub(crate) mod idempotency;
pub(crate) mod import;
pub(crate) mod pool;
pub(crate) mod rates;
pub(crate) mod refusal;
pub(crate) mod search;
pub(crate) mod summary;
pub(crate) mod tasks;
pub(crate) mod tenants;
pub(crate) mod tokens;
pub(crate) mod transaction;
pub(crate) mod undo;
pub(crate) mod waits;
pub(crate) mod wall;
pub(crate) mod workspaces;

use std::time::Duration;

use serde_json::value::RawValue;
use sqlx::error::BoxDynError;
use sqlx::postgres::{PgTypeInfo, PgValueFormat, PgValueRef};
use sqlx::types::Json;
use sqlx::{Decode, Postgres, Type};
use time::OffsetDateTime;

pub(crate) use self::pool::{Begin, Conn, Pool};
pub use self::pool::{Connections, Pooler};
use self::transaction::Transaction;
use crate::model::{Actor, ActorKind, ActorRef, JsonObject, TenantId, Timestamp};
use crate::{Error, Result};

/// A statement with the name under which plans and benchmarks know it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Statement {
    pub(crate) name: &'static str,
    pub(crate) sql: &'static str,
}

/// Declares statements and the list of them.
macro_rules! registered {
    ($($(#[$doc:meta])* $name:ident = $sql:expr;)*) => {
        $($(#[$doc])* const $name: $crate::db::Statement =
            $crate::db::Statement { name: stringify!($name), sql: $sql };)*

        /// Every statement of this file.
        pub(crate) const STATEMENTS: &[$crate::db::Statement] = &[$($name,)*];
    };
}
use registered;

/// Every statement this crate sends, by name, for tests that prepare and explain them and for benchmarks that replay
/// them. A list with optional conditions appears in each of its orders, once with none of them and once with all.
pub fn statements() -> Vec<(&'static str, String)> {
    let tables = [
        attachments::STATEMENTS,
        audit::STATEMENTS,
        boards::STATEMENTS,
        bulk::STATEMENTS,
        cards::STATEMENTS,
        claims::STATEMENTS,
        collisions::STATEMENTS,
        columns::STATEMENTS,
        comments::STATEMENTS,
        dependencies::STATEMENTS,
        doctor::STATEMENTS,
        #[cfg(feature = "embedded")]
        embedded::STATEMENTS,
        events::STATEMENTS,
        flow::STATEMENTS,
        idempotency::STATEMENTS,
        import::STATEMENTS,
        pool::STATEMENTS,
        rates::STATEMENTS,
        search::STATEMENTS,
        summary::STATEMENTS,
        tasks::STATEMENTS,
        tenants::STATEMENTS,
        tokens::STATEMENTS,
        undo::STATEMENTS,
        waits::STATEMENTS,
        wall::STATEMENTS,
        workspaces::STATEMENTS,
    ];
    let fixed = tables.into_iter().flatten().map(|statement| (statement.name, statement.sql.to_owned()));
    fixed.chain(card_list::samples()).chain(audit::samples()).collect()
}

/// How often a statement that lost against concurrent work is started again.
const ATTEMPTS: u32 = 5;

/// Where a statement's connection comes from.
#[derive(Clone, Copy)]
pub(crate) enum Source<'a> {
    /// Any free one, showing this tenant's rows, or nobody's; the statement stands for itself.
    Pool(&'a Pool, Option<&'a TenantId>),
    /// That of an open transaction, which decides about all its statements at once.
    Transaction(&'a Transaction),
}

/// Runs a statement that changes something; again, after a moment that grows at random, when it is known to have done
/// nothing because concurrent work or the end of its connection got in its way.
///
/// `names` tells for each kind of thing the statement may miss which one was asked for.
pub(crate) async fn run<T, Fut>(
    source: Source<'_>,
    names: refusal::Names<'_>,
    statement: impl Fn(Conn) -> Fut,
) -> Result<T>
where
    Fut: Future<Output = sqlx::Result<T>>,
{
    match source {
        Source::Pool(pool, tenant) => again(pool, tenant, names, statement, did_nothing).await,
        Source::Transaction(transaction) => transaction.run(names, statement).await,
    }
}

/// Runs a statement that changes nothing; so it may also start again when its connection broke.
pub(crate) async fn read<T, Fut>(source: Source<'_>, statement: impl Fn(Conn) -> Fut) -> Result<T>
where
    Fut: Future<Output = sqlx::Result<T>>,
{
    match source {
        Source::Pool(pool, tenant) => {
            again(pool, tenant, &[], statement, |error| did_nothing(error) || matches!(error, sqlx::Error::Io(_))).await
        }
        Source::Transaction(transaction) => transaction.read(statement).await,
    }
}

async fn again<T, Fut>(
    pool: &Pool,
    tenant: Option<&TenantId>,
    names: refusal::Names<'_>,
    statement: impl Fn(Conn) -> Fut,
    is_worth_it: impl Fn(&sqlx::Error) -> bool,
) -> Result<T>
where
    Fut: Future<Output = sqlx::Result<T>>,
{
    let mut attempt = 1;
    loop {
        match once(pool, tenant, &statement).await {
            Ok(value) => return Ok(value),
            Err(error) if attempt < ATTEMPTS && is_worth_it(&error) => {
                tracing::debug!(error.message = %error, attempt, "starting a statement again");
                pause(attempt).await;
                attempt += 1;
            }
            Err(error) => return Err(refusal::explain(error, names)),
        }
    }
}

/// Runs a statement a single time.
pub(crate) async fn once<T, Fut>(
    pool: &Pool,
    tenant: Option<&TenantId>,
    statement: &impl Fn(Conn) -> Fut,
) -> sqlx::Result<T>
where
    Fut: Future<Output = sqlx::Result<T>>,
{
    let lease = pool.lease(tenant).await?;
    let outcome = statement(lease.connection().await).await;
    let outcome = lease.finish(outcome).await;
    if matches!(outcome, Err(sqlx::Error::Io(_))) {
        pool.forget_idle();
    }
    outcome
}

/// Lets the others go ahead for a moment.
async fn pause(attempt: u32) {
    let most = 5 * 2_u64.pow(attempt);
    tokio::time::sleep(Duration::from_millis(rand::random_range(1..=most))).await;
}

/// Deadlock, serialization failure, lock timeout, a backend that was told to end (as an idle one is when the database
/// restarts): the transaction was rolled back, and the same statement may now succeed.
fn did_nothing(error: &sqlx::Error) -> bool {
    let code = error.as_database_error().and_then(|e| e.code());
    matches!(code.as_deref(), Some("40P01" | "40001" | "55P03" | "57P01"))
}

pub(crate) fn bind(actor: &Actor) -> Json<&Actor> {
    Json(actor)
}

pub(crate) fn object(json: Json<Box<RawValue>>) -> JsonObject {
    JsonObject::from_raw(json.0).expect("a check constraint holds it to be an object")
}

/// Reads a value whose spelling a check constraint holds.
pub(crate) fn known<T: std::str::FromStr>(text: &str) -> T {
    text.parse().ok().expect("a check constraint holds it to be a known value")
}

pub(crate) fn actor_kind(kind: &str) -> ActorKind {
    match kind {
        "agent" => ActorKind::Agent,
        "human" => ActorKind::Human,
        _ => ActorKind::System,
    }
}

pub(crate) fn actor_ref(kind: &str, id: String) -> ActorRef {
    ActorRef { kind: actor_kind(kind), id }
}

impl Type<Postgres> for Timestamp {
    fn type_info() -> PgTypeInfo {
        <OffsetDateTime as Type<Postgres>>::type_info()
    }
}

/// As the server keeps it, microseconds since 2000-01-01: by way of a calendar's date it would take many times as long, and
/// a page of cards has hundreds of these.
impl Decode<'_, Postgres> for Timestamp {
    fn decode(value: PgValueRef<'_>) -> std::result::Result<Self, BoxDynError> {
        const EPOCH: i64 = 946_684_800_000_000;
        match value.format() {
            PgValueFormat::Binary => Ok(Self::from_unix_micros(i64::decode(value)? + EPOCH)),
            PgValueFormat::Text => Ok(OffsetDateTime::decode(value)?.into()),
        }
    }
}

pub(crate) fn moment(at: Option<OffsetDateTime>) -> Option<Timestamp> {
    at.map(Timestamp::from)
}

pub(crate) fn unavailable(detail: impl Into<String>) -> Error {
    Error::Unavailable { detail: detail.into(), retry_after: Some(Duration::from_secs(1)) }
}
