//! Cards.

use serde::Serialize;
use sqlx::postgres::PgRow;
use sqlx::types::{Json, Uuid};
use sqlx::{Decode, FromRow, Postgres, Row, Type};

use super::{Conn, actor_ref, bind, known, object, registered};
use crate::model::{Actor, Card, CardRef, Claim, JsonObject, NewCard, Place, Priority, Timestamp};

// what CardRow reads, in its order: a statement answers these first
macro_rules! card_columns {
    () => {
        "c.id, c.key, c.external_id, c.version, c.board_id, c.column_id, c.status, c.title, \
         c.description, c.labels, c.assignees, c.priority, c.due_at, c.fields, c.links, c.agent_context, \
         c.workflow_state, c.started_at, c.finished_at, c.column_since, c.claim_agent, c.claim_epoch, c.lease_until, \
         c.created_by_kind, c.created_by_id, c.created_at, c.updated_at, c.deleted_at, c.position"
    };
}
pub(crate) use card_columns;

macro_rules! card_ref {
    ($id:literal, $key:literal) => {
        // a key that names nothing must not read as "not given"
        concat!(
            "coalesce(",
            $id,
            ", (select id from kanban.cards where tenant_id = $1 and key = ",
            $key,
            "), \
             case when ",
            $key,
            "::text is not null then '00000000-0000-0000-0000-000000000000'::uuid end)"
        )
    };
}

// Asks a card's board by itself: as a join, the planner reads all boards to look up those of a few cards.
macro_rules! get_cards {
    ($which:literal) => {
        concat!(
            "select ",
            card_columns!(),
            " from kanban.cards as c where c.tenant_id = $1 and c.deleted_at is null and ",
            $which,
            " and (select b.deleted_at is null from kanban.boards as b where b.tenant_id = $1 and b.id = c.board_id)"
        )
    };
}

registered! {
    CREATE_CARD = concat!("select ", card_columns!(), " from kanban.create_card(
        $1, $2, $3,
        ", card_ref!("$4", "$5"), ", ", card_ref!("$6", "$7"), ",
        $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20) as c");
    GET_CARD = get_cards!("c.id = $2");
    GET_CARD_BY_KEY = get_cards!("c.key = $2");
    /// Several. How many there are is kept from the planner, or it would make a plan for each number.
    GET_CARDS = get_cards!("c.id = any (array(select unnest($2::uuid[])))");
    GET_CARDS_BY_KEY = get_cards!("c.key = any (array(select unnest($2::text[])))");
    UPDATE_CARD = concat!("select ", card_columns!(), " from kanban.update_card($1, $2, $3, $4, $5, $6, $7) as c");
    MOVE_CARD = concat!("select ", card_columns!(), " from kanban.move_card(
        $1, $2, $3, $4, $5, $6, $7,
        ", card_ref!("$8", "$9"), ", ", card_ref!("$10", "$11"), ",
        $12) as c");
    DELETE_CARD = concat!("select ", card_columns!(), " from kanban.delete_card($1, $2, $3, $4, $5, $6) as c");
    RESTORE_CARD = concat!("select ", card_columns!(), " from kanban.restore_card($1, $2, $3, $4, $5, $6) as c");
}

/// A card, and where in its column it stands.
pub(crate) struct CardRow {
    pub(crate) card: Card,
    pub(crate) position: i64,
}

/// Columns one after the other. Looking each up by its name, and its type too, would be half of what a list costs here.
struct Columns<'r> {
    row: &'r PgRow,
    next: usize,
}

impl<'r> Columns<'r> {
    fn column<T: Decode<'r, Postgres> + Type<Postgres>>(&mut self) -> sqlx::Result<T> {
        self.next += 1;
        self.row.try_get_unchecked(self.next - 1)
    }

    fn uuid<T: From<Uuid>>(&mut self) -> sqlx::Result<T> {
        self.column::<Uuid>().map(Into::into)
    }

    fn object(&mut self) -> sqlx::Result<JsonObject> {
        self.column().map(object)
    }

    fn claim(&mut self) -> sqlx::Result<Option<Claim>> {
        let (agent, epoch, until) = (self.column::<Option<_>>()?, self.column()?, self.column::<Option<_>>()?);
        Ok(agent.zip(until).map(|(agent_id, until)| Claim { agent_id, epoch: crate::Epoch(epoch), until }))
    }
}

impl FromRow<'_, PgRow> for CardRow {
    fn from_row(row: &PgRow) -> sqlx::Result<Self> {
        let mut next = Columns { row, next: 0 };
        let card = Card {
            id: next.uuid()?,
            key: next.column()?,
            external_id: next.column()?,
            version: crate::Version(next.column()?),
            board_id: next.uuid()?,
            column_id: next.uuid()?,
            status: known(next.column()?),
            title: next.column()?,
            description: next.column()?,
            labels: next.column()?,
            assignees: next.column()?,
            priority: Priority::ALL[next.column::<i16>()? as usize],
            due_at: next.column()?,
            fields: next.object()?,
            links: next.column::<Json<_>>()?.0,
            agent_context: next.object()?,
            workflow_state: next.object()?,
            started_at: next.column()?,
            finished_at: next.column()?,
            column_since: next.column()?,
            claim: next.claim()?,
            created_by: actor_ref(next.column()?, next.column()?),
            created_at: next.column()?,
            updated_at: next.column()?,
            deleted_at: next.column()?,
        };
        Ok(Self { card, position: next.column()? })
    }
}

impl From<CardRow> for Card {
    fn from(row: CardRow) -> Self {
        row.card
    }
}

pub(crate) async fn create_card(
    mut conn: Conn,
    tenant: &str,
    actor: &Actor,
    column: Uuid,
    id: Uuid,
    new: &NewCard,
) -> sqlx::Result<Card> {
    let row = sqlx::query_as::<_, CardRow>(CREATE_CARD.sql)
        .bind(tenant)
        .bind(bind(actor))
        .bind(column)
        .bind(new.after_id.as_ref().and_then(CardRef::id))
        .bind(new.after_id.as_ref().and_then(CardRef::key))
        .bind(new.before_id.as_ref().and_then(CardRef::id))
        .bind(new.before_id.as_ref().and_then(CardRef::key))
        .bind(new.position.map(|position| position as i32))
        .bind(id)
        .bind(&new.external_id)
        .bind(&new.title)
        .bind(&new.description)
        .bind(&new.labels)
        .bind(&new.assignees)
        .bind(new.priority.rank())
        .bind(new.due_at.map(Timestamp::to_offset_date_time))
        .bind(Json(&new.fields))
        .bind(Json(&new.links))
        .bind(Json(&new.agent_context))
        .bind(Json(&new.workflow_state));
    row.fetch_one(&mut *conn).await.map(Card::from)
}

pub(crate) async fn get_card(mut conn: Conn, tenant: &str, card: &CardRef) -> sqlx::Result<Option<Card>> {
    let row = match card {
        CardRef::Id(id) => sqlx::query_as::<_, CardRow>(GET_CARD.sql).bind(tenant).bind(id.uuid()),
        CardRef::Key(key) => sqlx::query_as::<_, CardRow>(GET_CARD_BY_KEY.sql).bind(tenant).bind(key),
    };
    Ok(row.fetch_optional(&mut *conn).await?.map(Card::from))
}

/// Several, all named by ids or all by keys: those that there are, in any order.
pub(crate) async fn get_cards(mut conn: Conn, tenant: &str, cards: &[&CardRef]) -> sqlx::Result<Vec<Card>> {
    let ids: Vec<Uuid> = cards.iter().filter_map(|card| card.id()).collect();
    let rows = if ids.is_empty() {
        let keys: Vec<&str> = cards.iter().filter_map(|card| card.key()).collect();
        sqlx::query_as::<_, CardRow>(GET_CARDS_BY_KEY.sql).bind(tenant).bind(keys).fetch_all(&mut *conn).await?
    } else {
        sqlx::query_as::<_, CardRow>(GET_CARDS.sql).bind(tenant).bind(ids).fetch_all(&mut *conn).await?
    };
    Ok(rows.into_iter().map(Card::from).collect())
}

pub(crate) async fn update_card(
    mut conn: Conn,
    tenant: &str,
    actor: &Actor,
    card: &CardRef,
    version: Option<i64>,
    epoch: Option<i64>,
    patch: &impl Serialize,
) -> sqlx::Result<Card> {
    sqlx::query_as::<_, CardRow>(UPDATE_CARD.sql)
        .bind(tenant)
        .bind(bind(actor))
        .bind(card.id())
        .bind(card.key())
        .bind(version)
        .bind(epoch)
        .bind(Json(patch))
        .fetch_one(&mut *conn)
        .await
        .map(Card::from)
}

pub(crate) async fn move_card(
    mut conn: Conn,
    tenant: &str,
    actor: &Actor,
    card: &CardRef,
    version: Option<i64>,
    epoch: Option<i64>,
    column: Option<Uuid>,
    place: &Place,
) -> sqlx::Result<Card> {
    sqlx::query_as::<_, CardRow>(MOVE_CARD.sql)
        .bind(tenant)
        .bind(bind(actor))
        .bind(card.id())
        .bind(card.key())
        .bind(version)
        .bind(epoch)
        .bind(column)
        .bind(place.after_id.as_ref().and_then(CardRef::id))
        .bind(place.after_id.as_ref().and_then(CardRef::key))
        .bind(place.before_id.as_ref().and_then(CardRef::id))
        .bind(place.before_id.as_ref().and_then(CardRef::key))
        .bind(place.position.map(|position| position as i32))
        .fetch_one(&mut *conn)
        .await
        .map(Card::from)
}

pub(crate) async fn delete_card(
    mut conn: Conn,
    tenant: &str,
    actor: &Actor,
    card: &CardRef,
    version: Option<i64>,
    epoch: Option<i64>,
) -> sqlx::Result<Card> {
    sqlx::query_as::<_, CardRow>(DELETE_CARD.sql)
        .bind(tenant)
        .bind(bind(actor))
        .bind(card.id())
        .bind(card.key())
        .bind(version)
        .bind(epoch)
        .fetch_one(&mut *conn)
        .await
        .map(Card::from)
}

pub(crate) async fn restore_card(
    mut conn: Conn,
    tenant: &str,
    actor: &Actor,
    card: &CardRef,
    version: Option<i64>,
    epoch: Option<i64>,
) -> sqlx::Result<Card> {
    sqlx::query_as::<_, CardRow>(RESTORE_CARD.sql)
        .bind(tenant)
        .bind(bind(actor))
        .bind(card.id())
        .bind(card.key())
        .bind(version)
        .bind(epoch)
        .fetch_one(&mut *conn)
        .await
        .map(Card::from)
}
