//! Service tokens.

use sqlx::types::Uuid;
use time::OffsetDateTime;

use super::{Conn, actor_ref, bind, known, moment, registered};
use crate::model::{Actor, NewToken, Token};

macro_rules! token_columns {
    () => {
        "t.id, t.name, t.prefix, t.scopes, t.actor_kind, t.actor_id, t.expires_at, t.last_used_at, t.revoked_at, \
         t.created_by_kind, t.created_by_id, t.created_at"
    };
}

registered! {
    CREATE_TOKEN = concat!("select ", token_columns!(), "
        from kanban.create_token($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11) as t");
    GET_TOKEN = concat!("select ", token_columns!(), " from kanban.tokens as t where t.tenant_id = $1 and t.id = $2");
    LIST_TOKENS = concat!("select ", token_columns!(), " from kanban.tokens as t
        where t.tenant_id = $1 and t.id > $2 order by t.id limit $3");
    REVOKE_TOKEN = concat!("select ", token_columns!(), " from kanban.revoke_token($1, $2, $3) as t");
    PRESENTED_TOKENS = "select tenant_id, id, tag, hash, scopes, actor_kind, actor_id, expires_in, is_suspended, is_stale
        from kanban.presented_tokens($1)";
    TOKEN_STANDS = "select exists (
            select from kanban.tokens as t join kanban.tenants as o on o.id = t.tenant_id
            where t.tenant_id = $1 and t.id = $2 and t.revoked_at is null
              and (t.expires_at is null or t.expires_at > clock_timestamp()) and o.suspended_at is null)";
    HAS_TOKENS = "select kanban.has_tokens()";
    /// At most once a minute for each token, however many processes see it.
    USE_TOKEN = "update kanban.tokens set last_used_at = now()
        where tenant_id = $1 and id = $2 and (last_used_at is null or last_used_at < now() - interval '1 minute')";
}

#[derive(sqlx::FromRow)]
struct TokenRow {
    id: Uuid,
    name: String,
    prefix: String,
    scopes: Vec<String>,
    actor_kind: String,
    actor_id: String,
    expires_at: Option<OffsetDateTime>,
    last_used_at: Option<OffsetDateTime>,
    revoked_at: Option<OffsetDateTime>,
    created_by_kind: String,
    created_by_id: String,
    created_at: OffsetDateTime,
}

impl From<TokenRow> for Token {
    fn from(row: TokenRow) -> Self {
        Self {
            id: row.id.into(),
            name: row.name,
            prefix: row.prefix,
            scopes: row.scopes.iter().map(|scope| known(scope)).collect(),
            actor: actor_ref(&row.actor_kind, row.actor_id),
            expires_at: moment(row.expires_at),
            last_used_at: moment(row.last_used_at),
            revoked_at: moment(row.revoked_at),
            created_by: actor_ref(&row.created_by_kind, row.created_by_id),
            created_at: row.created_at.into(),
        }
    }
}

/// What of a token's secret is stored.
pub(crate) struct Stored {
    pub(crate) prefix: String,
    pub(crate) tag: [u8; 4],
    pub(crate) hash: String,
}

pub(crate) async fn create_token(
    mut conn: Conn,
    tenant: &str,
    actor: &Actor,
    id: Uuid,
    new: &NewToken,
    stored: &Stored,
) -> sqlx::Result<Token> {
    let for_actor = new.actor();
    let mut scopes = new.scopes.clone();
    scopes.sort_unstable();
    scopes.dedup();
    sqlx::query_as::<_, TokenRow>(CREATE_TOKEN.sql)
        .bind(tenant)
        .bind(bind(actor))
        .bind(id)
        .bind(&new.name)
        .bind(&stored.prefix)
        .bind(&stored.tag[..])
        .bind(&stored.hash)
        .bind(scopes.iter().map(|scope| scope.as_str()).collect::<Vec<_>>())
        .bind(for_actor.kind.as_str())
        .bind(&for_actor.id)
        .bind(new.expires_at.map(crate::Timestamp::to_offset_date_time))
        .fetch_one(&mut *conn)
        .await
        .map(Token::from)
}

pub(crate) async fn get_token(mut conn: Conn, tenant: &str, id: Uuid) -> sqlx::Result<Option<Token>> {
    let row = sqlx::query_as::<_, TokenRow>(GET_TOKEN.sql).bind(tenant).bind(id).fetch_optional(&mut *conn).await?;
    Ok(row.map(Token::from))
}

pub(crate) async fn list_tokens(mut conn: Conn, tenant: &str, after: Uuid, rows: i64) -> sqlx::Result<Vec<Token>> {
    let rows = sqlx::query_as::<_, TokenRow>(LIST_TOKENS.sql).bind(tenant).bind(after).bind(rows);
    Ok(rows.fetch_all(&mut *conn).await?.into_iter().map(Token::from).collect())
}

pub(crate) async fn revoke_token(mut conn: Conn, tenant: &str, actor: &Actor, id: Uuid) -> sqlx::Result<Token> {
    let row = sqlx::query_as::<_, TokenRow>(REVOKE_TOKEN.sql).bind(tenant).bind(bind(actor)).bind(id);
    row.fetch_one(&mut *conn).await.map(Token::from)
}

/// A token as it is found by what it begins with.
#[derive(sqlx::FromRow)]
pub(crate) struct PresentedRow {
    pub(crate) tenant_id: String,
    pub(crate) id: Uuid,
    pub(crate) tag: Vec<u8>,
    pub(crate) hash: String,
    scopes: Vec<String>,
    actor_kind: String,
    actor_id: String,
    /// In seconds.
    pub(crate) expires_in: Option<f64>,
    pub(crate) is_suspended: bool,
    /// Its last use was noted more than a minute ago.
    pub(crate) is_stale: bool,
}

impl PresentedRow {
    /// Of an agent's token that stands, as if it had been read.
    #[cfg(feature = "pure")]
    pub(crate) fn of(tag: [u8; 4], hash: &str) -> Self {
        Self {
            tenant_id: "default".to_owned(),
            id: Uuid::from_u128(1),
            tag: tag.to_vec(),
            hash: hash.to_owned(),
            scopes: vec!["write".to_owned()],
            actor_kind: "agent".to_owned(),
            actor_id: "claude-1".to_owned(),
            expires_in: None,
            is_suspended: false,
            is_stale: false,
        }
    }

    pub(crate) fn scope(&self) -> crate::TokenScope {
        let scopes = self.scopes.iter().map(|scope| known(scope));
        scopes.max().expect("a check constraint holds it to have one")
    }

    pub(crate) fn actor(&self) -> crate::ActorRef {
        actor_ref(&self.actor_kind, self.actor_id.clone())
    }
}

pub(crate) async fn presented_tokens(mut conn: Conn, prefix: &str) -> sqlx::Result<Vec<PresentedRow>> {
    sqlx::query_as(PRESENTED_TOKENS.sql).bind(prefix).fetch_all(&mut *conn).await
}

pub(crate) async fn token_stands(mut conn: Conn, tenant: &str, id: Uuid) -> sqlx::Result<bool> {
    sqlx::query_scalar(TOKEN_STANDS.sql).bind(tenant).bind(id).fetch_one(&mut *conn).await
}

pub(crate) async fn has_tokens(mut conn: Conn) -> sqlx::Result<bool> {
    sqlx::query_scalar(HAS_TOKENS.sql).fetch_one(&mut *conn).await
}

pub(crate) async fn use_token(mut conn: Conn, tenant: &str, id: Uuid) -> sqlx::Result<()> {
    sqlx::query(USE_TOKEN.sql).bind(tenant).bind(id).execute(&mut *conn).await.map(drop)
}
