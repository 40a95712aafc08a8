//! A random history over everything that the library can change, for tests that look at what it leaves behind.

use std::collections::BTreeMap;

use kanban_core::{
    Action, Actor, AttachmentId, BoardId, BoardPatch, BoardTemplate, Bulk, BulkAction, BulkCreate, BulkDelete,
    BulkLabels, BulkMove, BulkOperation, BulkUpdate, CardFilter, CardId, CardPatch, ClaimNext, ClaimOptions, Column,
    ColumnId, ColumnKind, ColumnPatch, ColumnPlace, CommentId, EntityType, Error, Expected, IdempotencyKey, JsonObject,
    Kanban, Link, ListCards, ListEvents, ListPage, MoveCard, NewAttachment, NewBoard, NewCard, NewColumn, NewComment,
    NewDependency, NewWorkspace, NextTasks, Place, Priority, Relation, Result, Store, Undo, WorkspaceId,
    WorkspacePatch,
};

/// Every operation that changes something on a board or around it. A test holds the list to be whole.
pub const MUTATIONS: [&str; 32] = [
    "create_workspace",
    "update_workspace",
    "delete_workspace",
    "create_board",
    "update_board",
    "delete_board",
    "create_column",
    "update_column",
    "reorder_column",
    "delete_column",
    "create_card",
    "update_card",
    "move_card",
    "reorder_card",
    "delete_card",
    "restore_card",
    "claim_next",
    "claim_card",
    "heartbeat",
    "release_card",
    "complete_card",
    "add_dependency",
    "remove_dependency",
    "create_comment",
    "delete_comment",
    "create_attachment",
    "delete_attachment",
    "bulk",
    "import",
    "transaction",
    "once",
    "undo",
];

/// What happens beside boards, or to one as a whole: not undone.
const BESIDE: [&str; 7] = [
    "create_workspace",
    "update_workspace",
    "delete_workspace",
    "create_board",
    "update_board",
    "delete_board",
    "undo",
];

/// Why a step is not made.
fn nothing() -> Error {
    Error::NotFound { what: "thing", id: "any".to_owned() }
}

/// What makes a history, and what it has made so far.
pub struct History {
    random: fastrand::Rng,
    store: Store,
    person: Kanban,
    workspaces: Vec<WorkspaceId>,
    pub boards: Vec<BoardId>,
    cards: Vec<CardId>,
    deleted: Vec<CardId>,
    comments: Vec<CommentId>,
    attachments: Vec<AttachmentId>,
    /// Whether one person does everything, and nothing that cannot be undone.
    pub is_alone: bool,
    /// Whether cards stay on their boards.
    pub is_settled: bool,
    /// How often each operation has succeeded.
    pub done: BTreeMap<&'static str, usize>,
}

impl History {
    /// Begins with two boards.
    pub async fn begin(store: &Store, seed: u64) -> Self {
        let person = store.tenant("default", Actor::human("ada")).expect("a person");
        let mut history = Self {
            random: fastrand::Rng::with_seed(seed),
            store: store.clone(),
            person,
            workspaces: Vec::new(),
            boards: Vec::new(),
            cards: Vec::new(),
            deleted: Vec::new(),
            comments: Vec::new(),
            attachments: Vec::new(),
            is_alone: false,
            is_settled: false,
            done: BTreeMap::new(),
        };
        for operation in ["create_workspace", "create_board", "create_board"] {
            history.step(operation).await.expect("a beginning");
        }
        for _ in 0..12 {
            history.step("create_card").await.expect("a beginning");
        }
        history
    }

    /// Goes on for a number of steps. A step may be refused, as the board's state wants it; it may not fail.
    pub async fn go_on(&mut self, steps: usize) {
        for _ in 0..steps {
            // cards move more often than boards go
            let operation = match self.random.u8(..100) {
                0..=11 => "create_card",
                12..=26 => "update_card",
                27..=41 => "move_card",
                42..=46 => "reorder_card",
                47..=52 => "claim_next",
                53..=56 => "complete_card",
                57..=60 => "add_dependency",
                _ => MUTATIONS[self.random.usize(..MUTATIONS.len())],
            };
            if self.is_alone && BESIDE.contains(&operation) {
                continue;
            }
            match self.step(operation).await {
                Ok(()) => *self.done.entry(operation).or_default() += 1,
                Err(error @ (Error::Internal { .. } | Error::Unavailable { .. } | Error::Embedded { .. })) => {
                    panic!("{operation}: {error:?}")
                }
                // what is archived would stay so for most of the history
                Err(Error::State { code: "board_archived", .. }) => {
                    for board in self.boards.clone() {
                        let back = BoardPatch { archived: Some(false), ..BoardPatch::default() };
                        let _ = self.person.update_board(board, Expected::Any, back).await;
                    }
                }
                Err(_) => {}
            }
        }
    }

    fn pick<T: Clone>(&mut self, from: &[T]) -> Result<T> {
        from.get(self.random.usize(..from.len().max(1))).cloned().ok_or_else(nothing)
    }

    fn pick_board(&mut self) -> Result<BoardId> {
        self.pick(&self.boards.clone())
    }

    fn pick_card(&mut self) -> Result<CardId> {
        self.pick(&self.cards.clone())
    }

    async fn pick_column(&mut self) -> Result<Column> {
        let board = self.pick_board()?;
        let columns = self.person.get_board(board).await?.columns;
        self.pick(&columns)
    }

    /// The handle of an agent; the person's who does everything alone.
    fn agent(&self, id: &str) -> Result<Kanban> {
        if self.is_alone { Ok(self.person.clone()) } else { self.store.tenant("default", Actor::agent(id)) }
    }

    /// A person, or one of three agents with a run and a context.
    fn actor(&mut self) -> Kanban {
        let agent = ["a", "b", "c"][self.random.usize(..3)];
        if self.is_alone || self.random.u8(..3) == 0 {
            return self.person.clone();
        }
        let mut actor = Actor::agent(agent).in_run(format!("run-{agent}"));
        actor.context = Some(self.json());
        actor.request_id = Some(format!("request-{}", self.random.u32(..)));
        self.store.tenant("default", actor).expect("an agent")
    }

    fn chance(&mut self, one_in: u8) -> bool {
        self.random.u8(..one_in) == 0
    }

    fn text(&mut self) -> String {
        let pieces = [
            "Fix",
            "the",
            "Grüße",
            "привет",
            "\"quoted\"",
            "back\\slash",
            "new\nline",
            "tab\t",
            "🦀",
            "\u{1}",
            "/",
            "z",
        ];
        let count = 1 + self.random.usize(..4);
        (0..count).map(|_| pieces[self.random.usize(..pieces.len())]).collect::<Vec<_>>().join(" ")
    }

    /// Objects that are equal but not the same, that hold null, that nest, that hold what no double can.
    fn json(&mut self) -> JsonObject {
        let objects = [
            "{}",
            r#"{"a": 1}"#,
            r#"{"a": 1.0}"#,
            r#"{"a": 1.00, "b": {"c": [1, 2, {"d": null}]}}"#,
            r#"{"b": {"c": null, "e": true}}"#,
            r#"{"a": null, "b": null}"#,
            r#"{"big": 123456789012345678901234567890, "small": 1e-20}"#,
            r#"{"text": "é\n\t\"\\ 🦀", "k ey": "ключ"}"#,
            r#"{"a": {"b": {"c": {}}}, "list": []}"#,
        ];
        serde_json::from_str(objects[self.random.usize(..objects.len())]).expect("an object")
    }

    /// A place in a column, said in one of the ways there are.
    async fn place(&mut self, column: ColumnId) -> Result<Place> {
        let board = self.person.get_column(column).await?.board_id;
        let filter = CardFilter { column_id: Some(column), ..CardFilter::default() };
        let cards = self.person.list_cards(board, ListCards { filter, ..ListCards::default() }).await?.items;
        Ok(match (self.random.u8(..4), self.pick(&cards)) {
            (0, Ok(card)) => Place::after(card.id),
            (1, Ok(card)) => Place::before(card.id),
            (2, _) => Place { position: Some(self.random.u32(..6)), ..Place::default() },
            _ => Place::default(),
        })
    }

    fn labels(&mut self) -> Vec<String> {
        (0..self.random.usize(..3)).map(|i| format!("{} {i}", self.text())).collect()
    }

    fn kind(&mut self) -> ColumnKind {
        ColumnKind::ALL[self.random.usize(..4)]
    }

    /// Its epoch, and its agent's handle, where some agent holds it.
    async fn holder(&mut self, card: CardId) -> Result<(Kanban, kanban_core::Epoch)> {
        let claim = self.person.get_card(card).await?.claim;
        let claim = claim.ok_or_else(|| Error::NotFound { what: "claim", id: card.to_string() })?;
        Ok((self.agent(&claim.agent_id)?, claim.epoch))
    }

    async fn held(&mut self) -> Result<CardId> {
        let mut held = Vec::new();
        for card in self.cards.clone() {
            if self.person.get_card(card).await.is_ok_and(|card| card.claim.is_some()) {
                held.push(card);
            }
        }
        self.pick(&held)
    }

    async fn step(&mut self, operation: &'static str) -> Result<()> {
        match operation {
            name if name.ends_with("workspace") => self.change_workspaces(name).await,
            name if name.ends_with("board") => self.change_boards(name).await,
            name if name.ends_with("column") => self.change_columns(name).await,
            "heartbeat" | "release_card" | "complete_card" | "claim_next" | "claim_card" => self.work(operation).await,
            "bulk" => self.change_at_once().await,
            "undo" => self.undo().await,
            "import" | "transaction" | "once" => self.change_much(operation).await,
            name if name.ends_with("card") => self.change_cards(name).await,
            name => self.change_what_hangs_on_cards(name).await,
        }
    }

    async fn change_workspaces(&mut self, operation: &str) -> Result<()> {
        let name = format!("{} {}", self.text(), self.random.u32(..));
        if operation == "create_workspace" {
            let new = NewWorkspace { name, description: self.text(), metadata: self.json() };
            let made = self.actor().create_workspace(new).await?;
            self.workspaces.push(made.id);
            return Ok(());
        }
        let workspace = self.pick(&self.workspaces.clone())?;
        if operation == "delete_workspace" {
            return self.actor().delete_workspace(workspace, Expected::Any).await.map(drop);
        }
        let patch = WorkspacePatch {
            name: self.chance(2).then_some(name),
            description: self.chance(2).then(|| self.text()),
            metadata: self.chance(2).then(|| self.json()),
        };
        self.actor().update_workspace(workspace, Expected::Any, patch).await.map(drop)
    }

    async fn change_boards(&mut self, operation: &str) -> Result<()> {
        if operation == "create_board" {
            if self.boards.len() > 3 {
                return Err(nothing());
            }
            let template = BoardTemplate::ALL[self.random.usize(..2)];
            let metadata = self.json();
            let workspace_id = Some(self.pick(&self.workspaces.clone())?);
            let new = NewBoard { template, metadata, workspace_id, ..NewBoard::named(self.text()) };
            let made = self.actor().create_board(new).await?;
            self.boards.push(made.board.id);
            return Ok(());
        }
        let board = self.pick_board()?;
        if operation == "delete_board" {
            // not often: it takes much of the history with it
            if self.boards.len() < 4 {
                return Err(nothing());
            }
            self.actor().delete_board(board, Expected::Any).await?;
            self.boards.retain(|known| *known != board);
            return Ok(());
        }
        let patch = BoardPatch {
            workspace_id: if self.chance(3) { Some(self.pick(&self.workspaces.clone())?) } else { None },
            name: self.chance(2).then(|| self.text()),
            description: self.chance(2).then(|| self.text()),
            metadata: self.chance(2).then(|| self.json()),
            time_zone: self.chance(3).then(|| ["UTC", "Europe/Berlin"][self.random.usize(..2)].to_owned()),
            archived: self.chance(3).then_some(true),
        };
        self.actor().update_board(board, Expected::Any, patch).await.map(drop)
    }

    async fn change_columns(&mut self, operation: &str) -> Result<()> {
        let wip_limit = self.chance(2).then(|| self.random.i32(1..9));
        let name = format!("{} {}", self.text(), self.random.u32(..));
        if operation == "create_column" {
            let board = self.pick_board()?;
            if self.person.get_board(board).await?.columns.len() > 7 {
                return Err(nothing());
            }
            let new = NewColumn { wip_limit, metadata: self.json(), ..NewColumn::named(name, self.kind()) };
            return self.actor().create_column(board, new).await.map(drop);
        }
        let column = self.pick_column().await?;
        let others = self.person.get_board(column.board_id).await?.columns;
        let other = self.pick(&others)?.id;
        match operation {
            "reorder_column" => {
                let place = match self.random.u8(..4) {
                    0 => ColumnPlace::after(other),
                    1 => ColumnPlace::before(other),
                    2 => ColumnPlace { position: Some(self.random.u32(..6)), ..ColumnPlace::default() },
                    _ => ColumnPlace::default(),
                };
                self.actor().reorder_column(column.id, column.version, place).await.map(drop)
            }
            "delete_column" if others.len() > 2 => {
                self.actor().delete_column(column.id, column.version, Some(other)).await.map(drop)
            }
            "delete_column" => self.actor().delete_column(column.id, column.version, None).await.map(drop),
            _ => {
                let patch = ColumnPatch {
                    name: self.chance(2).then_some(name),
                    // cards that are in it now keep an undo from changing the kind of a column
                    kind: (!self.is_alone && self.chance(3)).then(|| self.kind()),
                    wip_limit: self.chance(2).then_some(wip_limit),
                    metadata: self.chance(2).then(|| self.json()),
                };
                self.actor().update_column(column.id, column.version, patch).await.map(drop)
            }
        }
    }

    fn new_card(&mut self) -> NewCard {
        NewCard {
            description: self.text(),
            labels: self.labels(),
            assignees: if self.chance(4) {
                vec![["a", "b", "c"][self.random.usize(..3)].to_owned()]
            } else {
                Vec::new()
            },
            priority: Priority::ALL[self.random.usize(..5)],
            due_at: self.chance(3).then(|| "2027-03-04T05:06:07.089+01:00".parse().expect("a moment")),
            fields: self.json(),
            links: self.links(),
            agent_context: self.json(),
            workflow_state: self.json(),
            external_id: self.chance(3).then(|| format!("ext-{}", self.random.u32(..))),
            ..NewCard::titled(self.text())
        }
    }

    fn links(&mut self) -> Vec<Link> {
        let title = self.chance(2).then(|| self.text());
        (0..self.random.usize(..3))
            .map(|i| Link { url: format!("https://example.org/{i}"), title: title.clone() })
            .collect()
    }

    async fn change_cards(&mut self, operation: &str) -> Result<()> {
        if operation == "create_card" {
            let column = self.pick_column().await?;
            let Place { after_id, before_id, position } = self.place(column.id).await?;
            let new = NewCard { after_id, before_id, position, ..self.new_card() };
            let made = self.actor().create_card(column.id, new).await?;
            self.cards.push(made.id);
            return Ok(());
        }
        let card = self.pick_card()?;
        let kanban = match self.chance(4).then_some(self.holder(card).await) {
            Some(Ok((holder, epoch))) => holder.under_claim(epoch),
            _ => self.actor(),
        };
        match operation {
            "update_card" => {
                let new = self.new_card();
                let patch = CardPatch {
                    title: self.chance(3).then_some(new.title),
                    description: self.chance(3).then_some(new.description),
                    labels: self.chance(3).then_some(new.labels),
                    assignees: self.chance(3).then_some(new.assignees),
                    priority: self.chance(3).then_some(new.priority),
                    due_at: self.chance(3).then_some(new.due_at),
                    fields: self.chance(2).then_some(new.fields),
                    links: self.chance(3).then_some(new.links),
                    agent_context: self.chance(2).then_some(new.agent_context),
                    workflow_state: self.chance(2).then_some(new.workflow_state),
                    external_id: self.chance(3).then_some(new.external_id),
                };
                kanban.update_card(card, Expected::Any, patch).await.map(drop)
            }
            "move_card" => {
                let column = if self.is_settled {
                    let board = self.person.get_card(card).await?.board_id;
                    let columns = self.person.get_board(board).await?.columns;
                    self.pick(&columns)?.id
                } else {
                    self.pick_column().await?.id
                };
                let Place { after_id, before_id, position } = self.place(column).await?;
                let to = MoveCard { after_id, before_id, position, ..MoveCard::to(column) };
                kanban.move_card(card, Expected::Any, to).await.map(drop)
            }
            "reorder_card" => {
                let column = self.person.get_card(card).await?.column_id;
                let place = self.place(column).await?;
                kanban.reorder_card(card, Expected::Any, place).await.map(drop)
            }
            "delete_card" => {
                self.deleted.push(kanban.delete_card(card, Expected::Any).await?.id);
                Ok(())
            }
            _ => {
                let card = self.pick(&self.deleted.clone())?;
                kanban.restore_card(card, Expected::Any).await?;
                self.deleted.retain(|known| *known != card);
                Ok(())
            }
        }
    }

    /// Several changes of the cards of one board.
    async fn change_at_once(&mut self) -> Result<()> {
        let card = self.pick_card()?;
        let card = self.person.get_card(card).await?;
        let board = self.person.get_board(card.board_id).await?;
        let mut operations = Vec::new();
        for _ in 0..1 + self.random.usize(..4) {
            let column_id = self.pick(&board.columns)?.id;
            let labels = BulkLabels { labels: vec![self.text()], ..BulkLabels::of(card.id) };
            operations.push(match self.random.u8(..6) {
                0 => BulkOperation::Create(BulkCreate { column_id, card: self.new_card() }),
                1 => {
                    let patch = CardPatch { fields: Some(self.json()), ..CardPatch::default() };
                    let (card, version) = (card.id.into(), card.version.into());
                    BulkOperation::Update(BulkUpdate { card, version, claim_epoch: None, patch })
                }
                2 => BulkOperation::Move(BulkMove::to(card.id, card.version, column_id)),
                3 => BulkOperation::AddLabels(labels),
                4 => BulkOperation::RemoveLabels(BulkLabels { labels: card.labels.clone(), ..labels }),
                _ => BulkOperation::Delete(BulkDelete::of(card.id, card.version)),
            });
        }
        let bulk = Bulk { dry_run: self.chance(3), ..Bulk::of(operations) };
        let done = self.actor().bulk(card.board_id, bulk).await?;
        if !done.dry_run {
            let of = |action| {
                let items = done.items.iter().filter(move |item| item.action == action);
                items.map(|item| item.card.id).collect::<Vec<_>>()
            };
            self.cards.extend(of(BulkAction::Create));
            self.deleted.extend(of(BulkAction::Delete));
        }
        Ok(())
    }

    /// Whatever one of them did on a board since some moment.
    async fn undo(&mut self) -> Result<()> {
        let board = self.pick_board()?;
        let seq = self.person.get_board(board).await?.board.seq;
        let since = ListEvents { since: self.random.i64(seq / 2..seq), limit: 1 };
        let from = self.person.list_events(board, since).await?.first().ok_or_else(nothing)?.at;
        let undo = match self.random.u8(..6) {
            0 => Undo::of_run("run-a", from),
            1..=3 => Undo::of_actor("ada", from),
            4 => Undo::of_actor("operator", from),
            _ => Undo::of_actor("b", from),
        };
        let operator = self.store.tenant("default", Actor::human("operator"))?;
        let undone = operator.undo(board, Undo { dry_run: self.chance(4), ..undo }).await?;
        for thing in undone.items {
            if thing.entity_type == EntityType::Card && thing.members.iter().any(|member| member == "deleted_at") {
                self.deleted.push(thing.entity_id.to_string().parse()?);
            }
        }
        Ok(())
    }

    async fn work(&mut self, operation: &str) -> Result<()> {
        let agent = ["a", "b", "c"][self.random.usize(..3)];
        let kanban = self.agent(agent)?;
        let start = self.chance(2);
        match operation {
            "claim_next" => {
                let options = ClaimNext { limit: 1 + self.random.u32(..2), start, ..ClaimNext::default() };
                kanban.claim_next(agent, options).await.map(drop)
            }
            "claim_card" => {
                let options = ClaimOptions { start, ..ClaimOptions::default() };
                // most cards of a long history cannot be claimed
                let ready = kanban.next_tasks(agent, NextTasks::default()).await?.items;
                let card = match ready.first().filter(|_| self.chance(2)) {
                    Some(card) => card.id,
                    None => self.pick_card()?,
                };
                kanban.claim_card(card, agent, options).await.map(drop)
            }
            _ => {
                let card = self.held().await?;
                let (holder, epoch) = self.holder(card).await?;
                match operation {
                    "heartbeat" => holder.heartbeat(card, epoch, Some(1 + self.random.u32(..9999))).await.map(drop),
                    "release_card" => {
                        let reason = self.chance(2).then(|| self.text());
                        holder.release_card(card, epoch, reason.as_deref()).await.map(drop)
                    }
                    _ => holder.complete_card(card, epoch).await.map(drop),
                }
            }
        }
    }

    async fn change_what_hangs_on_cards(&mut self, operation: &str) -> Result<()> {
        let card = self.pick_card()?;
        let kanban = self.actor();
        match operation {
            "add_dependency" => {
                let relation = Relation::ALL[self.random.usize(..Relation::ALL.len())];
                let link = NewDependency { relation, card: self.pick_card()?.into() };
                kanban.add_dependency(card, link).await.map(drop)
            }
            "remove_dependency" => {
                let links = self.person.list_dependencies(card).await?;
                let link = self.pick(&links)?;
                let link = NewDependency { relation: link.relation, card: link.card_id.into() };
                kanban.remove_dependency(card, link).await.map(drop)
            }
            "create_comment" => {
                let new = NewComment { body: self.text(), metadata: self.json() };
                self.comments.push(kanban.create_comment(card, new).await?.id);
                Ok(())
            }
            "delete_comment" => {
                let comment = self.pick(&self.comments.clone())?;
                kanban.delete_comment(comment, Expected::Any).await.map(drop)
            }
            "create_attachment" => {
                let new = NewAttachment {
                    content_type: self.chance(2).then(|| "text/plain; charset=\"utf-8\"".to_owned()),
                    size: self.chance(2).then(|| self.random.i64(..(1 << 53)).abs()),
                    checksum: self.chance(2).then(|| format!("sha256:{}", "0a".repeat(32))),
                    metadata: self.json(),
                    ..NewAttachment::at("Grüße \"x\".txt", "https://example.org/a?b=%20&c#d")
                };
                self.attachments.push(kanban.create_attachment(card, new).await?.id);
                Ok(())
            }
            _ => {
                let attachment = self.pick(&self.attachments.clone())?;
                kanban.delete_attachment(attachment, Expected::Any).await.map(drop)
            }
        }
    }

    async fn change_much(&mut self, operation: &str) -> Result<()> {
        let column = self.pick_column().await?.id;
        let (card, new) = (self.pick_card()?, self.new_card());
        let body = self.text();
        let refuse = self.chance(3);
        let work = |kanban: Kanban| {
            let (new, body) = (new.clone(), body.clone());
            async move {
                let made = kanban.create_card(column, new).await?;
                kanban.add_dependency(made.id, NewDependency::waits_for(card)).await?;
                kanban.create_comment(made.id, NewComment::saying(body)).await?;
                if refuse {
                    return Err(nothing());
                }
                Ok(made.id)
            }
        };
        match operation {
            "transaction" => {
                self.cards.push(self.person.transaction(work).await?);
                Ok(())
            }
            "once" => {
                let key = IdempotencyKey { caller: "history".to_owned(), key: self.random.u32(..).to_string() };
                let work = |kanban| {
                    let done = work(kanban);
                    async move { done.await.map(|id| id.to_string().into_bytes()) }
                };
                let once = self.person.once(&key, &[1; 32], work).await?;
                let kanban_core::Once::Done(id) = once else { return Ok(()) };
                self.cards.push(String::from_utf8(id).expect("an id").parse()?);
                Ok(())
            }
            _ => {
                let board = self.pick_board()?;
                let key = self.person.get_board(board).await?.board.key;
                let number = self.random.u32(..);
                let lines = format!(
                    r#"{{"id":"x-{number}","title":"{number}","status":"open","priority":1,"created_at":"2026-01-02T03:04:05Z","updated_at":"2026-01-02T03:04:05Z","comments":[{{"id":1,"author":"eve","text":"so","created_at":"2026-01-02T03:04:06Z"}}]}}
{{"id":"y-{number}","title":"gone","status":"closed","priority":2,"created_at":"2026-01-02T03:04:05Z","updated_at":"2026-01-03T03:04:05Z","closed_at":"2026-01-03T03:04:05Z","dependencies":[{{"issue_id":"y-{number}","depends_on_id":"x-{number}","type":"blocks","created_at":"2026-01-02T03:04:05Z","created_by":"eve"}}]}}"#
                );
                let cards = kanban_core::import::beads::read(lines.as_bytes())?;
                self.person.import(&key, cards, |_, _| ()).await?;
                let page = ListPage::first(200);
                let all = self.person.list_cards(board, ListCards { page, ..ListCards::default() }).await?.items;
                let known = self.cards.clone();
                self.cards.extend(all.iter().map(|card| card.id).filter(|id| !known.contains(id)));
                Ok(())
            }
        }
    }

    /// Every action that an event of a board, or of what is around it, can have.
    pub fn actions() -> Vec<&'static str> {
        let is_within = |action: &&Action| !matches!(action.entity_type(), EntityType::Token | EntityType::Tenant);
        Action::ALL.iter().filter(is_within).map(|action| action.as_str()).collect()
    }
}
