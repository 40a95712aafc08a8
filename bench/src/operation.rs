//! What is measured: each operation as a statement for pgbench, as a call of the library, and as a request over HTTP. All
//! three touch the same things, chosen at random.

use hyper::Method;
use kanban_core::{
    BoardId, CardId, CardPatch, ClaimNext, ColumnId, Expected, JsonObject, Kanban, ListCards, ListPage, MoveCard,
    NewCard, NextTasks, Priority,
};

use crate::data::{self, EACH, Size};
use crate::http::Request;
use crate::{Outcome, ensure};

/// The actor of every write.
pub const ACTOR: &str = r#"{"kind":"human","id":"bench"}"#;

/// An operation that agents do all day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Operation {
    /// One card by its id.
    Get,
    /// A page of 50 whole cards of a board.
    List,
    /// Ten cards to do next on a board.
    NextTasks,
    /// Priority and workflow state of a card, and its event.
    Update,
    /// A card to the end of another column with a WIP limit, and its event.
    Move,
    /// A new card, and its event.
    Create,
    /// The next card of a board for an agent, started, and its event.
    Claim,
}

impl Operation {
    /// All of them. Claims come last, for they use work up.
    pub const ALL: [Self; 7] =
        [Self::Get, Self::List, Self::NextTasks, Self::Update, Self::Move, Self::Create, Self::Claim];

    /// Its name in tables.
    pub fn name(self) -> &'static str {
        match self {
            Self::Get => "get",
            Self::List => "list",
            Self::NextTasks => "next_tasks",
            Self::Update => "update",
            Self::Move => "move",
            Self::Create => "create",
            Self::Claim => "claim",
        }
    }

    /// How many clients there are: few, and many.
    pub fn clients(self) -> [usize; 2] {
        if self == Self::Claim { [8, 16] } else { [8, 32] }
    }

    /// The registered statement, with a value of pgbench in the place of each parameter.
    pub fn script(self, size: Size) -> Outcome<String> {
        let (cards, boards) = (size.cards(), size.boards);
        let card = data::card_sql(":n");
        let actor = format!("'{ACTOR}'::jsonb");
        let nulls = |kinds: &[&str]| kinds.iter().map(|kind| format!("null::{kind}")).collect::<Vec<_>>();
        let (name, set, values): (&str, String, Vec<Vec<String>>) = match self {
            Self::Get => ("GET_CARD", format!("\\set n random(1, {cards})"), vec![vec![text("default"), card]]),
            Self::List => (
                "LIST_CARDS",
                format!("\\set b random(1, {boards})"),
                vec![vec![text("default"), data::board_sql(":b")]],
            ),
            Self::NextTasks => (
                "NEXT_TASKS",
                format!("\\set b random(1, {boards})"),
                vec![
                    vec![text("default"), text("bench"), "null::uuid".to_owned(), "('B' || :b::integer)".to_owned()],
                    nulls(&["text[]", "text[]", "smallint", "timestamptz", "timestamptz"]),
                    ["-1", "-1", "null::timestamptz", "0", "'00000000-0000-0000-0000-000000000000'::uuid", "11"]
                        .map(str::to_owned)
                        .to_vec(),
                ],
            ),
            Self::Update => (
                "UPDATE_CARD",
                format!("\\set n random(1, {cards})\n\\set p random(0, 1)\n\\set s random(1, 1000000)"),
                vec![
                    vec![text("default"), actor, card],
                    nulls(&["text", "bigint", "bigint"]),
                    vec![
                        "jsonb_build_object('priority', case :p::integer when 0 then 'high' else 'low' end, 'workflow_state', \
                         jsonb_build_object('step', :s::integer))"
                            .to_owned(),
                    ],
                ],
            ),
            Self::Move => (
                "MOVE_CARD",
                format!("\\set n random(1, {cards})\n\\set b (:n - 1) / {EACH} + 1\n\\set k random(0, 1)"),
                vec![
                    vec![text("default"), actor, card],
                    nulls(&["text", "bigint", "bigint"]),
                    vec![data::column_sql(":b", ":k")],
                    nulls(&["uuid", "text", "uuid", "text", "integer"]),
                ],
            ),
            Self::Create => (
                "CREATE_CARD",
                format!("\\set b random(1, {boards})\n\\set s random(1, 1000000)"),
                vec![
                    vec![text("default"), actor, data::column_sql(":b", "0")],
                    nulls(&["uuid", "text", "uuid", "text", "integer"]),
                    vec![
                        "gen_random_uuid()".to_owned(),
                        "null::text".to_owned(),
                        "('Card ' || :s::integer)".to_owned(),
                    ],
                    [TEXT, "'{bug}'::text[]", "'{}'::text[]", "2::smallint", "null::timestamptz", "'{}'::jsonb"]
                        .map(str::to_owned)
                        .to_vec(),
                    ["'[]'::jsonb", "'{\"goal\":\"measure\"}'::jsonb", "'{}'::jsonb"].map(str::to_owned).to_vec(),
                ],
            ),
            Self::Claim => (
                "CLAIM_NEXT",
                format!("\\set b random(1, {boards})\n\\set a random(1, 100000)"),
                vec![
                    vec![
                        text("default"),
                        format!("array[{actor}]"),
                        "array['agent-' || :a::integer]".to_owned(),
                        "null::uuid".to_owned(),
                        "('B' || :b::integer)".to_owned(),
                    ],
                    nulls(&["text[]", "text[]", "smallint", "timestamptz", "timestamptz"]),
                    vec!["1".to_owned(), "900".to_owned(), "true".to_owned(), "null::integer".to_owned()],
                ],
            ),
        };
        Ok(format!("{set}\n{};\n", statement(name, &values.concat())?))
    }

    /// Does it once in this process.
    pub async fn call(self, kanban: &Kanban, size: Size, rng: &mut fastrand::Rng) -> Outcome<()> {
        let ids = Ids::new(size, rng);
        match self {
            Self::Get => drop(kanban.get_card(ids.card).await?),
            Self::List => {
                let list = ListCards { page: ListPage::first(50), ..ListCards::default() };
                ensure(kanban.list_cards(ids.board, list).await?.items.len() == 50, "a list is short")?;
            }
            Self::NextTasks => {
                let tasks =
                    NextTasks { board: Some(ids.board_key()?), page: ListPage::first(10), ..NextTasks::default() };
                ensure(kanban.next_tasks("bench", tasks).await?.items.len() == 10, "there is too little to do")?;
            }
            Self::Update => {
                let state = serde_json::json!({"step": ids.step});
                let patch = CardPatch {
                    priority: Some(if ids.coin == 0 { Priority::High } else { Priority::Low }),
                    workflow_state: Some(JsonObject::from_value(&state)?),
                    ..CardPatch::default()
                };
                drop(kanban.update_card(ids.card, Expected::Any, patch).await?);
            }
            Self::Move => {
                drop(kanban.move_card(ids.card, Expected::Any, MoveCard::to(ids.column(ids.coin))).await?);
            }
            Self::Create => drop(kanban.create_card(ids.column(0), new_card(ids.step)?).await?),
            Self::Claim => {
                let options = ClaimNext { board: Some(ids.board_key()?), ..ClaimNext::default() };
                let claimed = kanban.claim_next(&ids.agent, options).await?;
                ensure(claimed.items.len() == 1, "there is nothing left to claim")?;
            }
        }
        Ok(())
    }

    /// Asks for it once over HTTP.
    pub fn request(self, size: Size, rng: &mut fastrand::Rng) -> Request {
        let ids = Ids::new(size, rng);
        match self {
            Self::Get => Request::get(format!("/v1/cards/{}", ids.card)),
            Self::List => Request::get(format!("/v1/boards/{}/cards?limit=50", ids.board)),
            Self::NextTasks => Request::get(format!("/v1/agents/bench/next_tasks?board_id=B{}&limit=10", ids.number)),
            Self::Update => {
                let priority = if ids.coin == 0 { "high" } else { "low" };
                let body = format!(r#"{{"priority":"{priority}","workflow_state":{{"step":{}}}}}"#, ids.step);
                Request::guarded(Method::PATCH, format!("/v1/cards/{}", ids.card), body)
            }
            Self::Move => {
                let body = format!(r#"{{"column_id":"{}"}}"#, ids.column(ids.coin));
                Request::guarded(Method::POST, format!("/v1/cards/{}/move", ids.card), body)
            }
            Self::Create => Request::post(
                format!("/v1/columns/{}/cards", ids.column(0)),
                format!(
                    r#"{{"title":"Card {}","description":"{}","labels":["bug"],"agent_context":{{"goal":"measure"}}}}"#,
                    ids.step,
                    TEXT.trim_matches('\'')
                ),
            ),
            Self::Claim => {
                Request::post(format!("/v1/agents/{}/claim", ids.agent), format!(r#"{{"board_id":"B{}"}}"#, ids.number))
            }
        }
    }
}

/// The text of a new card, quoted for SQL.
const TEXT: &str = "'What is to be done, where, and how one sees that it is done.'";

fn text(value: &str) -> String {
    format!("'{value}'::text")
}

fn new_card(step: u32) -> Outcome<NewCard> {
    Ok(NewCard {
        description: TEXT.trim_matches('\'').to_owned(),
        labels: vec!["bug".to_owned()],
        agent_context: JsonObject::from_value(&serde_json::json!({"goal": "measure"}))?,
        ..NewCard::titled(format!("Card {step}"))
    })
}

/// A statement as it is registered, on one line: comments would end a script's line too early.
pub fn registered(name: &str) -> Outcome<String> {
    let statements = kanban_core::statements();
    let (_, sql) = statements.iter().find(|(known, _)| *known == name).ok_or_else(|| format!("no statement {name}"))?;
    Ok(sql.lines().map(|line| line.split("--").next().unwrap_or_default()).collect::<Vec<_>>().join(" "))
}

/// The registered statement with values for its parameters.
fn statement(name: &str, values: &[String]) -> Outcome<String> {
    let mut sql = registered(name)?;
    // from behind: $1 is also the beginning of $10
    for (i, value) in values.iter().enumerate().rev() {
        sql = sql.replace(&format!("${}", i + 1), value);
    }
    ensure(!sql.contains('$'), &format!("{name} has more parameters than values"))?;
    Ok(sql)
}

/// Things chosen at random.
struct Ids {
    card: CardId,
    board: BoardId,
    number: u64,
    coin: u64,
    step: u32,
    agent: String,
}

impl Ids {
    fn new(size: Size, rng: &mut fastrand::Rng) -> Self {
        let card = rng.u64(1..=size.cards());
        let number = (card - 1) / EACH + 1;
        Self {
            card: data::card(card).into(),
            board: data::board(number).into(),
            number,
            coin: rng.u64(0..=1),
            step: rng.u32(1..=1_000_000),
            agent: format!("agent-{}", rng.u32(1..=100_000)),
        }
    }

    fn column(&self, place: u64) -> ColumnId {
        data::column(self.number, place).into()
    }

    fn board_key(&self) -> Outcome<kanban_core::BoardRef> {
        Ok(format!("B{}", self.number).parse()?)
    }
}
