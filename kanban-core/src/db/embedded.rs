//! What makes a fresh embedded server ours: a role without privileges and a database that knows every letter.

use sqlx::postgres::{PgConnectOptions, PgConnection};
use sqlx::{ConnectOptions, Connection};

use super::registered;

/// The role under which the embedded database is used; the server's own superuser is only for what is in this file.
pub(crate) const ROLE: &str = "kanban";
/// The embedded database.
pub(crate) const DATABASE: &str = "kanban";

registered! {
    DATA_DIRECTORY = "select setting from pg_settings where name = 'data_directory'";
    ROLE_EXISTS = "select exists (select from pg_roles where rolname = $1)";
    DATABASE_EXISTS = "select exists (select from pg_database where datname = $1)";
}

// utility statements: nothing to plan, so not in the registry
const CREATE_ROLE: &str = "create role kanban login nosuperuser nocreatedb nocreaterole nobypassrls";
// C.UTF-8 letters, for with LC_CTYPE C a search for anything but ASCII would find nothing without a word
const CREATE_DATABASE: &str =
    "create database kanban owner kanban template template0 encoding 'UTF8' lc_collate 'C' lc_ctype 'C.UTF-8'";

/// Creates role and database where they are missing. Answers the server's data directory.
pub(crate) async fn prepare(superuser: PgConnectOptions) -> sqlx::Result<String> {
    let mut connection: PgConnection = superuser.connect().await?;
    let directory = sqlx::query_scalar(DATA_DIRECTORY.sql).fetch_one(&mut connection).await?;
    let exists: bool = sqlx::query_scalar(ROLE_EXISTS.sql).bind(ROLE).fetch_one(&mut connection).await?;
    if !exists {
        tolerate_twin(sqlx::raw_sql(CREATE_ROLE).execute(&mut connection).await)?;
    }
    let exists: bool = sqlx::query_scalar(DATABASE_EXISTS.sql).bind(DATABASE).fetch_one(&mut connection).await?;
    if !exists {
        tolerate_twin(sqlx::raw_sql(CREATE_DATABASE).execute(&mut connection).await)?;
    }
    connection.close().await?;
    Ok(directory)
}

/// Another process may create the same at the same moment; that is as good.
fn tolerate_twin<T>(result: sqlx::Result<T>) -> sqlx::Result<()> {
    match result {
        Err(error)
            if matches!(
                error.as_database_error().and_then(|e| e.code()).as_deref(),
                Some("42710" | "42P04" | "23505")
            ) =>
        {
            Ok(())
        }
        other => other.map(drop),
    }
}
