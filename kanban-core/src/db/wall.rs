//! The wall between tenants, second to the condition that each statement has itself: row-level security, the roles that it
//! takes, and how a session gets behind it.
//!
//! Three roles: the owner of the schema, who migrates; the application role, behind whose policies every session works;
//! and the search role, which owns the few functions that must look past the policies, for an operator that is not
//! leakproof cannot use an index behind them. Roles belong to the whole server, so their names carry the number of the
//! database they were made for.

use sqlx::postgres::PgConnection;
use sqlx::{AssertSqlSafe, Row};

use super::{Pooler, registered};
use crate::Error;

registered! {
    /// Whether nothing is left to do for [`RAISE`]: reads catalogs only, for it is asked at every start.
    IS_RAISED = "with application as (
            select r.oid, r.rolname from pg_namespace as n
            cross join lateral aclexplode(n.nspacl) as a
            join pg_roles as r on r.oid = a.grantee
            where n.nspname = 'kanban' and a.privilege_type = 'USAGE' and r.rolname ~ '^kanban_app_[0-9]+$'
            order by r.oid desc limit 1
        )
        select coalesce((
            select pg_has_role(n.nspowner, p.oid, 'member')
                and not exists (
                    select from pg_class as c
                    where c.relnamespace = n.oid and c.relkind in ('r', 'p')
                      and not has_table_privilege(p.oid, c.oid, 'select'))
                and not exists (
                    select from pg_class as c
                    where c.relnamespace = n.oid and c.relkind in ('r', 'p')
                      and (c.relname = 'tenants' or exists (
                          select from pg_attribute as a where a.attrelid = c.oid and a.attname = 'tenant_id'))
                      and (not c.relforcerowsecurity or not c.relrowsecurity or not exists (
                          select from pg_policy as w where w.polrelid = c.oid and w.polname = 'tenant_wall')))
                and not exists (
                    select from pg_proc as f join pg_roles as o on o.oid = f.proowner
                    where f.pronamespace = n.oid and f.prosecdef and f.proname <> 'purge_tenant'
                      and o.rolname <> replace(p.rolname, '_app_', '_search_'))
            from application as p cross join pg_namespace as n where n.nspname = 'kanban'), false)";
}

// sent by the simple protocol, so not in the registry: the state of a session, and utility statements

/// Whether there is a schema, who this is, and the role that a session on it takes.
const LOOK: &str = "
    select n.oid is not null, current_user::text, r.rolname::text
    from (values (to_regnamespace('kanban'))) as n (oid)
    left join lateral (
        select r.rolname from pg_namespace as s
        cross join lateral aclexplode(s.nspacl) as a
        join pg_roles as r on r.oid = a.grantee
        where s.oid = n.oid and a.privilege_type = 'USAGE' and r.rolname ~ '^kanban_app_[0-9]+$'
        order by r.oid desc limit 1
    ) as r on true";

/// Makes what is missing: roles, privileges, policies. Needs the schema's owner with CREATEROLE, or a superuser; changes
/// nothing otherwise.
const RAISE: &str = include_str!("raise_wall.sql");

/// Takes the application role away again where no other database uses it.
const DROP_ROLES: &str = "
    do $$
    declare
        v_name text;
    begin
        for v_name in
            select r.rolname from pg_roles as r
            where r.rolname in ('kanban_app_' || (select oid from pg_database where datname = current_database()),
                                'kanban_search_' || (select oid from pg_database where datname = current_database()))
        loop
            execute format('drop owned by %I; drop role %I', v_name, v_name);
        end loop;
    end $$";

/// Puts a fresh session behind the wall and answers the role that it has taken. Without a wall the session goes on as
/// itself, but only while there is no more than one tenant.
pub(crate) async fn enter(connection: &mut PgConnection, pooler: Pooler) -> sqlx::Result<Option<String>> {
    let row = sqlx::raw_sql(LOOK).fetch_one(&mut *connection).await?;
    let (is_migrated, user, role): (bool, String, Option<String>) = (row.try_get(0)?, row.try_get(1)?, row.try_get(2)?);
    if let Some(role) = role {
        let take = match pooler {
            Pooler::None => format!("set role {role}"),
            // only to see whether it may be, for nothing that is set stays
            Pooler::Transaction => format!("set role {role}; reset role"),
        };
        return match sqlx::raw_sql(AssertSqlSafe(take)).execute(&mut *connection).await {
            Ok(_) => Ok(Some(role)),
            Err(error) if is_denied(&error) => Err(ours(role_not_granted(&role, &user))),
            Err(error) => Err(error),
        };
    }
    if is_migrated && has_several_tenants(connection).await? { Err(ours(wall_missing(&user))) } else { Ok(None) }
}

async fn has_several_tenants(connection: &mut PgConnection) -> sqlx::Result<bool> {
    match sqlx::raw_sql("select kanban.has_several_tenants()").fetch_one(&mut *connection).await {
        Ok(row) => row.try_get(0),
        // a schema in the middle of its migrations
        Err(error) if matches!(code(&error).as_deref(), Some("42883" | "42P01" | "3F000")) => Ok(false),
        Err(error) => Err(error),
    }
}

/// An error of ours on its way through functions that answer those of sqlx; [`refusal`](super::refusal) takes it out.
fn ours(error: Error) -> sqlx::Error {
    sqlx::Error::Configuration(error.into())
}

fn role_not_granted(role: &str, user: &str) -> Error {
    Error::State {
        code: "role_not_granted",
        detail: format!(
            "The database role {user} may not work behind the wall between tenants. Run on the database, as its owner: \
             grant {role} to {user}."
        ),
    }
}

pub(crate) fn wall_missing(user: &str) -> Error {
    Error::State {
        code: "wall_missing",
        detail: format!(
            "Several tenants need row-level security, and the database role {user} may not create the roles that it takes. \
             Run `kanban-server migrate` once with a DATABASE_URL whose role may (CREATEROLE, or a superuser)."
        ),
    }
}

/// Raises the wall where it does not stand, and says whether it does now.
pub(crate) async fn raise(connection: &mut PgConnection) -> sqlx::Result<bool> {
    if sqlx::query_scalar(IS_RAISED.sql).fetch_one(&mut *connection).await? {
        return Ok(true);
    }
    match sqlx::raw_sql(RAISE).execute(&mut *connection).await {
        Ok(_) => Ok(true),
        Err(error) if is_denied(&error) => {
            tracing::debug!(error.message = %error, "no wall between tenants, for this role may not raise it");
            Ok(false)
        }
        Err(error) => Err(error),
    }
}

pub(crate) async fn drop_roles(connection: &mut PgConnection) -> sqlx::Result<()> {
    match sqlx::raw_sql(DROP_ROLES).execute(&mut *connection).await {
        // a copy of this database still uses them, or somebody else looks after them
        Err(error) if is_denied(&error) || code(&error).as_deref() == Some("2BP01") => Ok(()),
        other => other.map(drop),
    }
}

fn code(error: &sqlx::Error) -> Option<std::borrow::Cow<'_, str>> {
    error.as_database_error().and_then(|e| e.code())
}

fn is_denied(error: &sqlx::Error) -> bool {
    code(error).as_deref() == Some("42501")
}
