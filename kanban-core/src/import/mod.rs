//! Bringing a board in from another tracker: one transaction, and a second run of the same file changes nothing.

pub mod beads;
mod order;

use std::collections::{BTreeMap, HashMap, HashSet};

pub(crate) use order::find_cycle;

use serde::Serialize;

use crate::db::import::{self as db, CardRecord, CommentRecord, DependencyRecord};
use crate::model::{
    BoardTemplate, CardId, ColumnKind, CommentId, DependencyId, DependencyType, JsonObject, ListPage, NewBoard,
    NewColumn, NewWorkspace, Priority, Timestamp,
};
use crate::{BoardDetail, BoardFilter, Error, Kanban, Result};

/// The position key of a column's first imported card, and the room between two; see `kanban.place_key`.
const FIRST_KEY: i64 = 1 << 61;
const KEY_GAP: i64 = 1 << 32;

/// A card of another tracker.
#[derive(Debug, Clone)]
pub struct SourceCard {
    /// Line of the file it stands on, from 1.
    pub line: usize,
    /// Its id there.
    pub external_id: String,
    /// Its status there, for the report.
    pub source_status: String,
    /// Name and kind of the column it goes to.
    pub column: (&'static str, ColumnKind),
    /// What is to be done, in one line.
    pub title: String,
    /// What is to be done, at length.
    pub description: String,
    /// Labels.
    pub labels: Vec<String>,
    /// Assignees.
    pub assignees: Vec<String>,
    /// Priority.
    pub priority: Priority,
    /// Due date.
    pub due_at: Option<Timestamp>,
    /// Everything that has no member of its own.
    pub fields: JsonObject,
    /// Who created it there.
    pub created_by: Option<String>,
    /// When it was created.
    pub created_at: Timestamp,
    /// When it was changed last.
    pub updated_at: Timestamp,
    /// When it was finished, if it is.
    pub finished_at: Option<Timestamp>,
    /// When it was deleted, if it is.
    pub deleted_at: Option<Timestamp>,
    /// Its dependencies.
    pub dependencies: Vec<SourceDependency>,
    /// Its comments.
    pub comments: Vec<SourceComment>,
}

/// A dependency of another tracker, as "from … to".
#[derive(Debug, Clone)]
pub struct SourceDependency {
    /// Its type there, for the report.
    pub source_type: String,
    /// Its type here.
    pub kind: DependencyType,
    /// External id of the first end.
    pub from: String,
    /// External id of the second end.
    pub to: String,
    /// Who added it.
    pub created_by: Option<String>,
    /// When.
    pub created_at: Timestamp,
}

/// A comment of another tracker.
#[derive(Debug, Clone)]
pub struct SourceComment {
    /// Its id there.
    pub external_id: String,
    /// Who wrote it.
    pub author: String,
    /// What it says.
    pub body: String,
    /// When.
    pub created_at: Timestamp,
}

/// What an import found and what it changed.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ImportReport {
    /// Key of the board.
    pub board: String,
    /// Cards in the file.
    pub cards: usize,
    /// Those that are new on the board; the others are left as they are.
    pub cards_created: usize,
    /// Cards in the file by their status there.
    pub by_status: BTreeMap<String, usize>,
    /// Cards in the file by priority.
    pub by_priority: BTreeMap<Priority, usize>,
    /// Dependencies in the file by their type there.
    pub by_dependency: BTreeMap<String, usize>,
    /// Dependencies that are new.
    pub dependencies_created: usize,
    /// Comments in the file.
    pub comments: usize,
    /// Comments that are new.
    pub comments_created: usize,
    /// Cards in the file that carry comments.
    pub cards_with_comments: usize,
    /// Everything created, cards, dependencies and comments together.
    pub changes: usize,
}

impl Kanban {
    /// Brings cards in from another tracker, onto the board with this name or key, which is created if there is none.
    /// Cards that are on the board already (by their external id) stay as they are; dependencies and comments that are
    /// missing are added. All or nothing. `progress` is told how many cards of how many are done.
    ///
    /// # Errors
    /// [`Invalid`](Error::Invalid) naming the line that is wrong; [`State`](Error::State) when several boards have the
    /// name; [`DependencyCycle`](Error::DependencyCycle) with external ids.
    pub async fn import(
        &self,
        board: &str,
        cards: Vec<SourceCard>,
        progress: impl Fn(usize, usize) + Send + Sync + 'static,
    ) -> Result<ImportReport> {
        check(&cards)?;
        let board = match self.find_board(board).await? {
            Some(board) => board,
            None => {
                // a wrong file must not leave even an empty board
                check_links(&cards)?;
                self.create_import_board(board).await?
            }
        };
        let (board, cards, progress) = (&board, &*cards, &progress);
        self.transaction(|kanban| async move { kanban.import_onto(board, cards, progress).await }).await
    }

    async fn find_board(&self, name: &str) -> Result<Option<BoardDetail>> {
        let mut found = Vec::new();
        let mut page = ListPage::first(200);
        loop {
            let boards = self.list_boards(BoardFilter::default(), page).await?;
            found.extend(boards.items.into_iter().filter(|board| board.name == name || board.key == name));
            match boards.next_cursor {
                Some(cursor) => page = ListPage { limit: 200, cursor: Some(cursor) },
                None => break,
            }
        }
        match found.as_slice() {
            [] => Ok(None),
            [board] => self.get_board(board.id).await.map(Some),
            [..] => Err(Error::State {
                code: "board_ambiguous",
                detail: format!("{} boards are named {name}. Give the key of the one to import onto.", found.len()),
            }),
        }
    }

    async fn create_import_board(&self, name: &str) -> Result<BoardDetail> {
        if self.list_workspaces(ListPage::first(1)).await?.items.is_empty() {
            let new = NewWorkspace { name: "default".to_owned(), ..NewWorkspace::default() };
            // another process may have been faster
            match self.create_workspace(new).await {
                Ok(_) | Err(Error::Duplicate { .. }) => {}
                Err(error) => return Err(error),
            }
        }
        self.create_board(NewBoard { template: BoardTemplate::Empty, ..NewBoard::named(name) }).await
    }

    async fn import_onto(
        &self,
        board: &BoardDetail,
        cards: &[SourceCard],
        progress: &(dyn Fn(usize, usize) + Send + Sync),
    ) -> Result<ImportReport> {
        let columns = self.import_columns(board).await?;
        let mut import =
            db::Import::begin(self.connection().await?, self.tenant_str(), board.board.id.uuid(), &self.actor).await?;
        let state = import.state().await?;
        let mut ids: HashMap<&str, uuid::Uuid> =
            state.cards.iter().map(|card| (card.external_id.as_str(), card.id)).collect();
        let mut last_key = state.last_keys;
        let mut number = state.next_number;
        let mut new: Vec<&SourceCard> =
            cards.iter().filter(|card| !ids.contains_key(card.external_id.as_str())).collect();
        // oldest first, so that keys, ids and places tell the same order
        new.sort_by(|a, b| (a.created_at, &a.external_id).cmp(&(b.created_at, &b.external_id)));
        let mut records = Vec::with_capacity(new.len());
        for card in &new {
            let id = card_id(card.created_at);
            ids.insert(&card.external_id, id);
            let column = columns[card.column.0];
            let position = last_key.get(&column).map_or(FIRST_KEY, |key| key + KEY_GAP);
            // a deleted card takes no place
            if card.deleted_at.is_none() {
                last_key.insert(column, position);
            }
            records.push(CardRecord::new(id, format!("{}-{number}", board.board.key), column, position, card));
            number += 1;
        }
        for (i, chunk) in records.chunks(500).enumerate() {
            import.cards(chunk, columns["Todo"]).await?;
            progress((i * 500 + chunk.len()).min(records.len()), records.len());
        }
        let mut dependencies = Vec::new();
        for (card, link) in cards.iter().flat_map(|card| card.dependencies.iter().map(move |link| (card, link))) {
            let end = |external_id: &str| ids.get(external_id).copied().ok_or_else(|| dangling(card.line, external_id));
            let (mut from, mut to) = (end(&link.from)?, end(&link.to)?);
            if link.kind == DependencyType::Relates && from > to {
                (from, to) = (to, from);
            }
            dependencies.push(DependencyRecord {
                id: DependencyId::generate().uuid(),
                kind: link.kind.as_str(),
                from_card: from,
                to_card: to,
                created_by_id: link.created_by.clone().unwrap_or_else(|| self.actor.id.clone()),
                created_at: link.created_at,
            });
        }
        let names: HashMap<uuid::Uuid, &str> = ids.iter().map(|(name, id)| (*id, *name)).collect();
        let blocks = dependencies.iter().filter(|link| link.kind == DependencyType::Blocks.as_str());
        let edges = state.blocks.iter().copied().chain(blocks.map(|link| (link.from_card, link.to_card)));
        if let Some(cycle) = find_cycle(edges) {
            let path = cycle.iter().map(|id| names.get(id).map_or_else(|| id.to_string(), ToString::to_string));
            return Err(Error::DependencyCycle { path: path.collect() });
        }
        let dependencies_created = import.dependencies(&dependencies).await?;
        let mut comments = Vec::new();
        for card in cards {
            comments.extend(card.comments.iter().map(|comment| CommentRecord {
                id: CommentId::generate().uuid(),
                card_id: ids[card.external_id.as_str()],
                external_id: comment.external_id.clone(),
                author_id: comment.author.clone(),
                body: comment.body.clone(),
                created_at: comment.created_at,
            }));
        }
        let comments_created = import.comments(&comments).await?;
        import.finish(number).await?;
        Ok(report(&board.board.key, cards, records.len(), dependencies_created, comments_created))
    }

    /// The board's columns that an import needs, created where they are missing.
    async fn import_columns(&self, board: &BoardDetail) -> Result<HashMap<&'static str, uuid::Uuid>> {
        let mut columns = HashMap::new();
        for (name, kind) in beads::COLUMNS {
            let existing = board.columns.iter().find(|column| column.name == name);
            let column = match existing {
                Some(column) if column.kind == kind => column.id,
                Some(column) => {
                    return Err(Error::State {
                        code: "column_kind",
                        detail: format!(
                            "The board's column {name} is of kind {}, not {kind}. Rename it, or import onto another board.",
                            column.kind
                        ),
                    });
                }
                None => self.create_column(board.board.id, NewColumn::named(name, kind)).await?.id,
            };
            columns.insert(name, column.uuid());
        }
        Ok(columns)
    }
}

fn report(
    board: &str,
    cards: &[SourceCard],
    cards_created: usize,
    dependencies_created: usize,
    comments_created: usize,
) -> ImportReport {
    let mut report = ImportReport {
        board: board.to_owned(),
        cards: cards.len(),
        cards_created,
        by_status: BTreeMap::new(),
        by_priority: BTreeMap::new(),
        by_dependency: BTreeMap::new(),
        dependencies_created,
        comments: cards.iter().map(|card| card.comments.len()).sum(),
        comments_created,
        cards_with_comments: cards.iter().filter(|card| !card.comments.is_empty()).count(),
        changes: cards_created + dependencies_created + comments_created,
    };
    for card in cards {
        *report.by_status.entry(card.source_status.clone()).or_default() += 1;
        *report.by_priority.entry(card.priority).or_default() += 1;
        for link in &card.dependencies {
            *report.by_dependency.entry(link.source_type.clone()).or_default() += 1;
        }
    }
    report
}

/// An id whose time is when the card was created, so that ids sort as cards do.
fn card_id(created_at: Timestamp) -> uuid::Uuid {
    let millis = u64::try_from(created_at.unix_micros() / 1000).unwrap_or(0);
    CardId(ulid::Ulid::from_parts(millis, rand::random())).uuid()
}

/// The rules of a card, and of the file as a whole.
fn check(cards: &[SourceCard]) -> Result<()> {
    let mut seen = HashMap::new();
    for card in cards {
        if let Some(first) = seen.insert(&card.external_id, card.line) {
            return Err(line_error(card.line, format!("repeats the id {} of line {first}", card.external_id)));
        }
        let as_new = crate::NewCard {
            title: card.title.clone(),
            description: card.description.clone(),
            labels: card.labels.clone(),
            assignees: card.assignees.clone(),
            fields: card.fields.clone(),
            external_id: Some(card.external_id.clone()),
            ..crate::NewCard::default()
        };
        let comments = card.comments.iter().map(|comment| crate::NewComment::saying(&*comment.body).validate());
        for result in [as_new.validate()].into_iter().chain(comments) {
            if let Err(Error::Invalid { fields }) = result {
                let rules: Vec<String> = fields.iter().map(|f| format!("{} {}", f.pointer, f.detail)).collect();
                return Err(line_error(card.line, rules.join("; ")));
            }
        }
    }
    Ok(())
}

/// That a file which comes onto a new board is whole in itself: no link leads out of it, and none closes a cycle.
fn check_links(cards: &[SourceCard]) -> Result<()> {
    let known: HashSet<&str> = cards.iter().map(|card| card.external_id.as_str()).collect();
    for (card, link) in cards.iter().flat_map(|card| card.dependencies.iter().map(move |link| (card, link))) {
        if let Some(missing) = [&link.from, &link.to].into_iter().find(|end| !known.contains(end.as_str())) {
            return Err(dangling(card.line, missing));
        }
    }
    let blocks = cards.iter().flat_map(|card| &card.dependencies).filter(|link| link.kind == DependencyType::Blocks);
    match find_cycle(blocks.map(|link| (link.from.as_str(), link.to.as_str()))) {
        Some(cycle) => Err(Error::DependencyCycle { path: cycle.into_iter().map(str::to_owned).collect() }),
        None => Ok(()),
    }
}

fn dangling(line: usize, external_id: &str) -> Error {
    line_error(line, format!("depends on {external_id}, which is not in the file or on the board"))
}

pub(crate) fn line_error(line: usize, detail: impl std::fmt::Display) -> Error {
    Error::invalid(&format!("line {line}"), format!("{detail}. Nothing was imported"))
}
