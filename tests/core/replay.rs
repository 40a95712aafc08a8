//! The audit explains every present value: what the API shows is rebuilt from the events alone, member by member.

use std::collections::{BTreeMap, BTreeSet};

use kanban_core::{
    BoardDetail, BoardFilter, CardFilter, ColumnId, Event, Kanban, ListAudit, ListCards, ListEvents, ListPage, Page,
    Relation, Undo,
};
use serde::Serialize;
use serde_json::value::RawValue;

use crate::history::{History, MUTATIONS};
use crate::support;

/// A thing's members, each as its JSON text: without insignificant white space, and its objects in the order of their
/// members' names.
type Members = BTreeMap<String, String>;

fn members(json: &str) -> Members {
    let members: BTreeMap<String, Box<RawValue>> = serde_json::from_str(json).expect("an object");
    members.into_iter().map(|(name, value)| (name, plain(value.get()))).collect()
}

/// What a number or text looks like stays.
fn plain(json: &str) -> String {
    match json.as_bytes()[0] {
        b'{' => {
            let members = members(json);
            let members = members.iter().map(|(name, value)| format!("{}:{value}", serde_json::json!(name)));
            format!("{{{}}}", members.collect::<Vec<_>>().join(","))
        }
        b'[' => {
            let items: Vec<Box<RawValue>> = serde_json::from_str(json).expect("an array");
            format!("[{}]", items.iter().map(|item| plain(item.get())).collect::<Vec<_>>().join(","))
        }
        _ => json.to_owned(),
    }
}

fn shown(thing: &impl Serialize) -> Members {
    members(&serde_json::to_string(thing).expect("JSON"))
}

fn text(members: &Members, name: &str) -> Option<String> {
    serde_json::from_str(members.get(name).map_or("null", String::as_str)).expect("a text or null")
}

/// Things of one kind, by id.
type Things = BTreeMap<String, Members>;

/// What the events of one board make of it.
#[derive(Default)]
struct Board {
    board: Members,
    columns: Things,
    /// Live columns in order.
    column_order: Vec<String>,
    cards: Things,
    /// Live cards of each column, in order.
    card_order: BTreeMap<String, Vec<String>>,
}

/// What all events make of everything.
#[derive(Default)]
struct World {
    workspaces: Things,
    boards: BTreeMap<String, Board>,
    comments: Things,
    attachments: Things,
    dependencies: Things,
}

/// Puts an id behind another one, or first.
fn put(order: &mut Vec<String>, id: &str, after: Option<&str>) {
    order.retain(|known| known != id);
    let at =
        after.map_or(0, |after| 1 + order.iter().rposition(|known| known == after).expect("its neighbour is there"));
    order.insert(at, id.to_owned());
}

/// Makes the change: what it says was there must have been.
fn change(thing: &mut Members, payload: &Members, id: &str) {
    let before = payload.get("before").map(|json| members(json)).unwrap_or_default();
    let after = payload.get("after").map(|json| members(json)).unwrap_or_default();
    for (name, was) in &before {
        if !thing.is_empty() {
            assert_eq!(thing.get(name), Some(was), "{name} of {id} was what the event says it was");
        }
    }
    thing.extend(after);
}

impl World {
    fn apply(&mut self, event: &Event) {
        let payload = members(event.payload.get());
        let id = event.entity_id.to_string();
        let after = |name: &str| payload.get(name).map(|_| text(&payload, name));
        match event.entity_type.as_str() {
            "workspace" => change(self.workspaces.entry(id.clone()).or_default(), &payload, &id),
            "comment" => change(self.comments.entry(id.clone()).or_default(), &payload, &id),
            "attachment" => change(self.attachments.entry(id.clone()).or_default(), &payload, &id),
            // part of the history of both its cards' boards
            "dependency" if event.action == "dependency.removed" => self.dependencies.remove(&id).map_or((), drop),
            "dependency" => {
                self.dependencies.insert(id, members(&payload["after"]));
            }
            "board" | "column" | "card" => {
                let key = event.board_id.expect("it is on a board").to_string();
                let board = self.boards.entry(key.clone()).or_default();
                match event.entity_type.as_str() {
                    "board" => change(&mut board.board, &payload, &id),
                    "column" => board.change_column(&id, &payload, after("after_column_id")),
                    _ => board.change_card(&key, &id, &payload, after("after_card_id")),
                }
            }
            other => panic!("nothing says what a {other} is"),
        }
    }
}

impl World {
    /// The cards on which something hangs.
    fn laden(&self) -> BTreeSet<String> {
        let hanging =
            self.comments.values().chain(self.attachments.values()).filter_map(|thing| text(thing, "card_id"));
        let linked = |name| self.dependencies.values().filter_map(move |link| text(link, name));
        hanging.chain(linked("from_card_id")).chain(linked("to_card_id")).collect()
    }
}

impl Board {
    fn change_column(&mut self, id: &str, payload: &Members, after: Option<Option<String>>) {
        let column = self.columns.entry(id.to_owned()).or_default();
        change(column, payload, id);
        if let Some(after) = after {
            put(&mut self.column_order, id, after.as_deref());
        }
        if column["deleted_at"] != "null" {
            self.column_order.retain(|known| known != id);
        }
    }

    fn change_card(&mut self, board: &str, id: &str, payload: &Members, after: Option<Option<String>>) {
        let card = self.cards.entry(id.to_owned()).or_default();
        let is_new = card.is_empty();
        change(card, payload, id);
        if text(card, "board_id").as_deref() != Some(board) {
            // it has gone to another board, whose history tells the rest
            self.cards.remove(id);
            self.card_order.values_mut().for_each(|order| order.retain(|known| known != id));
            return;
        }
        if let Some(after) = after {
            let column = text(card, "column_id").expect("a column");
            if !is_new {
                self.card_order.values_mut().for_each(|order| order.retain(|known| known != id));
            }
            put(self.card_order.entry(column).or_default(), id, after.as_deref());
        } else if card["deleted_at"] != "null" {
            self.card_order.values_mut().for_each(|order| order.retain(|known| known != id));
        }
    }
}

/// All events there are, each stream in its order.
async fn all_events(kanban: &Kanban) -> BTreeMap<String, Vec<Event>> {
    let mut streams: BTreeMap<String, Vec<Event>> = BTreeMap::new();
    let mut page = ListPage::first(200);
    loop {
        let Page { items, next_cursor } =
            kanban.list_audit(ListAudit { page, ..ListAudit::default() }).await.expect("the audit");
        for event in items {
            streams.entry(event.board_id.map(|id| id.to_string()).unwrap_or_default()).or_default().push(event);
        }
        let Some(cursor) = next_cursor else { break };
        page = ListPage { limit: 200, cursor: Some(cursor) };
    }
    for events in streams.values_mut() {
        events.sort_by_key(|event| event.seq);
        let numbers: Vec<i64> = events.iter().map(|event| event.seq).collect();
        assert_eq!(numbers, (1..=events.len() as i64).collect::<Vec<_>>(), "a stream has no gap and nothing twice");
    }
    streams
}

/// Comments and attachments go with their card from board to board: what is written about one is in two streams then, so
/// its moments say what comes first.
fn replay(streams: &BTreeMap<String, Vec<Event>>) -> World {
    let mut world = World::default();
    let hangs = |event: &&Event| matches!(event.entity_type.as_str(), "comment" | "attachment" | "dependency");
    let (mut hanging, others): (Vec<&Event>, Vec<&Event>) = streams.values().flatten().partition(hangs);
    hanging.sort_by_key(|event| event.at);
    others.into_iter().chain(hanging).for_each(|event| world.apply(event));
    world
}

/// Holds everything that the API shows to the events: replayed from nothing, they give the same, byte for byte.
pub async fn explains_the_board(kanban: &Kanban) {
    let streams = all_events(kanban).await;
    assert_eq!(differences(kanban, &replay(&streams), &streams).await, Vec::<String>::new());
}

/// Compares what is rebuilt with what is shown; answers what differs.
fn differing(what: &str, rebuilt: Option<&Members>, shown: &Members) -> Vec<String> {
    let Some(rebuilt) = rebuilt else { return vec![format!("{what} is not in the events")] };
    let names: BTreeSet<&String> = rebuilt.keys().chain(shown.keys()).collect();
    names
        .into_iter()
        .filter(|name| rebuilt.get(*name) != shown.get(*name))
        .map(|name| format!("{name} of {what} is {:?} and should be {:?}", shown.get(name), rebuilt.get(name)))
        .collect()
}

/// Everything in which the API's answers are not what the events say they should be.
async fn differences(kanban: &Kanban, world: &World, streams: &BTreeMap<String, Vec<Event>>) -> Vec<String> {
    let mut found = Vec::new();
    let live = |things: &Things| -> Vec<String> {
        things.iter().filter(|(_, thing)| thing["deleted_at"] == "null").map(|(id, _)| id.clone()).collect()
    };
    let workspaces = kanban.list_workspaces(ListPage::first(200)).await.expect("the workspaces").items;
    let ids: Vec<String> = workspaces.iter().map(|workspace| workspace.id.to_string()).collect();
    if ids != live(&world.workspaces) {
        found.push(format!("workspaces are {ids:?}"));
    }
    for workspace in &workspaces {
        let id = workspace.id.to_string();
        found.extend(differing(&format!("workspace {id}"), world.workspaces.get(&id), &shown(workspace)));
    }
    let boards = kanban.list_boards(Default::default(), ListPage::first(200)).await.expect("the boards").items;
    let ids: Vec<String> = boards.iter().map(|board| board.id.to_string()).collect();
    let rebuilt: Vec<String> = world
        .boards
        .iter()
        .filter(|(_, board)| board.board["deleted_at"] == "null")
        .map(|(id, _)| id.clone())
        .collect();
    if ids != rebuilt {
        found.push(format!("boards are {ids:?} and should be {rebuilt:?}"));
    }
    for board in boards {
        let id = board.id.to_string();
        let detail = kanban.get_board(board.id).await.expect("the board");
        let Some(rebuilt) = world.boards.get(&id) else { continue };
        let mut expected = rebuilt.board.clone();
        let last = streams[&id].last().expect("an event").seq;
        expected.insert("seq".to_owned(), last.to_string());
        found.extend(differing(&format!("board {id}"), Some(&expected), &shown(&detail.board)));
        found.extend(board_differences(kanban, world, &detail, rebuilt).await);
    }
    found
}

async fn board_differences(kanban: &Kanban, world: &World, detail: &BoardDetail, rebuilt: &Board) -> Vec<String> {
    let mut found = Vec::new();
    let laden = world.laden();
    let order: Vec<String> = detail.columns.iter().map(|column| column.id.to_string()).collect();
    if order != rebuilt.column_order {
        found.push(format!("columns are {order:?} and should be {:?}", rebuilt.column_order));
    }
    for (place, column) in detail.columns.iter().enumerate() {
        let id = column.id.to_string();
        let cards = rebuilt.card_order.get(&id).cloned().unwrap_or_default();
        let mut expected = rebuilt.columns.get(&id).cloned().unwrap_or_default();
        expected.insert("position".to_owned(), place.to_string());
        expected.insert("cards".to_owned(), cards.len().to_string());
        found.extend(differing(&format!("column {id}"), Some(&expected), &shown(column)));
        let listed = cards_of(kanban, detail, column.id).await;
        let order: Vec<String> = listed.iter().map(|card| card.id.to_string()).collect();
        if order != cards {
            found.push(format!("cards of column {id} are {order:?} and should be {cards:?}"));
        }
        for (i, card) in listed.iter().enumerate() {
            let id = card.id.to_string();
            found.extend(differing(&format!("card {}", card.key), rebuilt.cards.get(&id), &shown(card)));
            // of thousands of cards, each on which something hangs, and some of the others
            if listed.len() <= 200 || i % 200 == 0 || laden.contains(&id) {
                found.extend(card_differences(kanban, world, card).await);
            }
        }
    }
    found
}

async fn cards_of(kanban: &Kanban, detail: &BoardDetail, column: ColumnId) -> Vec<kanban_core::Card> {
    let filter = CardFilter { column_id: Some(column), ..CardFilter::default() };
    let mut list = ListCards { filter, page: ListPage::first(200), ..ListCards::default() };
    let mut cards = Vec::new();
    loop {
        let page = kanban.list_cards(detail.board.id, list.clone()).await.expect("the cards");
        cards.extend(page.items);
        list.page.cursor = page.next_cursor;
        if list.page.cursor.is_none() {
            return cards;
        }
    }
}

async fn card_differences(kanban: &Kanban, world: &World, card: &kanban_core::Card) -> Vec<String> {
    let mut found = Vec::new();
    let id = card.id.to_string();
    let of_card = |things: &Things| -> Vec<Members> {
        let all = things.values().filter(|thing| text(thing, "card_id").as_deref() == Some(&id));
        all.filter(|thing| thing["deleted_at"] == "null").cloned().collect()
    };
    let page = ListPage::first(200);
    let (mut comments, mut at) = (Vec::<Members>::new(), page.clone());
    loop {
        let some = kanban.list_comments(card.id, at).await.expect("the comments");
        comments.extend(some.items.iter().map(shown));
        let Some(cursor) = some.next_cursor else { break };
        at = ListPage { limit: 200, cursor: Some(cursor) };
    }
    if comments != of_card(&world.comments) {
        found.push(format!("comments of {id} are {comments:?} and should be {:?}", of_card(&world.comments)));
    }
    let attachments = kanban.list_attachments(card.id, page).await.expect("the attachments").items;
    let attachments: Vec<Members> = attachments.iter().map(shown).collect();
    if attachments != of_card(&world.attachments) {
        found.push(format!("attachments of {id} are {attachments:?} and should be {:?}", of_card(&world.attachments)));
    }
    let links = kanban.list_dependencies(card.id).await.expect("the links");
    // the rest is said of the other card, which is compared by itself
    let names = ["id", "relation", "card_id", "created_by", "created_at"];
    let shown: BTreeSet<Members> = links
        .iter()
        .map(|link| shown(link).into_iter().filter(|(name, _)| names.contains(&name.as_str())).collect())
        .collect();
    let expected: BTreeSet<Members> = world.dependencies.values().filter_map(|link| seen_from(&id, link)).collect();
    if shown != expected {
        found.push(format!("links of {id} are {shown:?} and should be {expected:?}"));
    }
    found
}

/// A link as one of its cards shows it; nothing where it is another card's.
fn seen_from(card: &str, link: &Members) -> Option<Members> {
    let (from, to) = (text(link, "from_card_id")?, text(link, "to_card_id")?);
    let other = if from == card { &to } else { &from };
    if from != card && to != card {
        return None;
    }
    let kind = text(link, "type")?;
    let relation = Relation::ALL.iter().find(|relation| {
        let (stored, is_first) = relation.stored();
        stored.as_str() == kind && (is_first == (from == card) || kind == "relates")
    })?;
    let mut view = link.clone();
    for name in ["type", "from_card_id", "to_card_id"] {
        view.remove(name);
    }
    view.insert("relation".to_owned(), format!("\"{relation}\""));
    view.insert("card_id".to_owned(), format!("\"{other}\""));
    Some(view)
}

fn auditor(store: &kanban_core::Store) -> Kanban {
    store.tenant("default", kanban_core::Actor::human("auditor")).expect("a person")
}

/// The actions that no event has.
fn unseen(streams: &BTreeMap<String, Vec<Event>>) -> Vec<&'static str> {
    let seen: BTreeSet<&str> = streams.values().flatten().map(|event| event.action.as_str()).collect();
    History::actions().into_iter().filter(|action| !seen.contains(action)).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn replaying_the_audit_explains_every_present_value() {
    let seed: u64 =
        std::env::var("KANBAN_TEST_SEED").ok().and_then(|seed| seed.parse().ok()).unwrap_or_else(rand::random);
    eprintln!("seed {seed} (KANBAN_TEST_SEED={seed} repeats it)");
    let database = support::database().await;
    let store = database.store().await;
    let mut history = History::begin(&store, seed).await;
    history.go_on(700).await;
    let passer_by = store.tenant("default", kanban_core::Actor::human("passer-by")).expect("a person");
    let caretaker = store.tenant("default", kanban_core::Actor::human("caretaker")).expect("a person");
    // until nothing is left out by chance, which seldom undoes something of each kind, and which deletes boards
    for round in 0..40 {
        change_each_kind(&passer_by, round).await;
        let boards =
            passer_by.list_boards(BoardFilter::default(), ListPage::first(200)).await.expect("the boards").items;
        // by its age: the history names boards as it likes
        let board = boards.iter().max_by_key(|board| board.created_at).expect("the one that was changed");
        // what made the board cannot be undone, so somebody else changes it, too
        let patch = kanban_core::BoardPatch { description: Some("kept".to_owned()), ..Default::default() };
        caretaker.update_board(board.id, kanban_core::Expected::Any, patch).await.expect("a change");
        for actor in ["caretaker", "passer-by"] {
            let undo = Undo::of_actor(actor, board.created_at);
            auditor(&store).undo(board.id, undo).await.expect("it is undone");
        }
        let missing = MUTATIONS.iter().filter(|operation| !history.done.contains_key(*operation)).count();
        if missing + unseen(&all_events(&auditor(&store)).await).len() == 0 {
            break;
        }
        history.go_on(50).await;
    }
    let missing: Vec<&&str> = MUTATIONS.iter().filter(|operation| !history.done.contains_key(*operation)).collect();
    assert!(missing.is_empty(), "{missing:?} never succeeded");
    let kanban = auditor(&store);
    let streams = all_events(&kanban).await;
    assert_eq!(unseen(&streams), Vec::<&str>::new(), "no event says these");
    for (board, events) in streams.iter().filter(|(board, _)| !board.is_empty()) {
        let Ok(detail) = kanban.get_board(board.parse::<kanban_core::BoardId>().expect("an id")).await else {
            continue;
        };
        let mut listed = Vec::new();
        while listed.len() < events.len() {
            let since = listed.len() as i64;
            listed
                .extend(kanban.list_events(detail.board.id, ListEvents { since, limit: 1000 }).await.expect("events"));
        }
        let json = |events: &[Event]| serde_json::to_string(events).expect("JSON");
        assert_eq!(json(&listed), json(events), "the board's feed and the audit are one");
    }
    explains_the_board(&kanban).await;
    assert_eq!(kanban.examine().await.expect("an examination").findings, []);
}

#[tokio::test]
async fn control_with_any_change_left_out_the_rest_does_not_explain_what_is_there() {
    let database = support::database().await;
    let store = database.store().await;
    let (kanban, _) = support::board(&store).await;
    let first = change_each_kind(&kanban, 0).await;
    let streams = all_events(&kanban).await;
    assert_eq!(differences(&kanban, &replay(&streams), &streams).await, Vec::<String>::new());
    let mut left_out = BTreeSet::new();
    for (stream, events) in &streams {
        for at in first.get(stream).copied().unwrap_or(0)..events.len() {
            let mut without = streams.clone();
            let event = without.get_mut(stream).expect("the stream").remove(at);
            let found = differences(&kanban, &replay(&without), &streams).await;
            assert!(!found.is_empty(), "nobody misses {}", event.action);
            left_out.insert(event.action);
        }
    }
    assert_eq!(left_out.len(), 8, "one of each");
}

/// One change of each kind of thing, none of them followed by another of the same; answers how many events each stream
/// had before.
async fn change_each_kind(kanban: &Kanban, round: usize) -> BTreeMap<String, usize> {
    use kanban_core::{
        BoardPatch, CardPatch, ColumnPlace, Expected, NewAttachment, NewBoard, NewCard, NewComment, NewDependency,
        NewWorkspace, WorkspacePatch,
    };
    let new = NewWorkspace { name: format!("control {round}"), ..NewWorkspace::default() };
    let workspace = kanban.create_workspace(new).await.expect("a workspace");
    let new = NewBoard { workspace_id: Some(workspace.id), ..NewBoard::named("Control") };
    let board = kanban.create_board(new).await.expect("a board");
    let mut cards = Vec::new();
    for title in ["one", "two", "three"] {
        cards.push(kanban.create_card(board.columns[0].id, NewCard::titled(title)).await.expect("a card").id);
    }
    let streams = all_events(kanban).await;
    let before = streams.iter().map(|(stream, events)| (stream.clone(), events.len())).collect();
    let patch = CardPatch { title: Some("other".to_owned()), ..CardPatch::default() };
    kanban.update_card(cards[0], Expected::Any, patch).await.expect("a change");
    kanban.reorder_card(cards[2], Expected::Any, kanban_core::Place::first()).await.expect("a change");
    kanban.create_comment(cards[0], NewComment::saying("so")).await.expect("a change");
    let attachment = NewAttachment::at("a", "https://example.org");
    kanban.create_attachment(cards[0], attachment).await.expect("a change");
    kanban.add_dependency(cards[0], NewDependency::waits_for(cards[1])).await.expect("a change");
    kanban.reorder_column(board.columns[2].id, Expected::Any, ColumnPlace::first()).await.expect("a change");
    let patch = BoardPatch { name: Some("other".to_owned()), ..BoardPatch::default() };
    kanban.update_board(board.board.id, Expected::Any, patch).await.expect("a change");
    let patch = WorkspacePatch { description: Some("other".to_owned()), ..WorkspacePatch::default() };
    kanban.update_workspace(workspace.id, Expected::Any, patch).await.expect("a change");
    before
}

/// What only looks, or is made of the others.
const OTHERS: [&str; 29] = [
    "agent_summary",
    "blockers",
    "board_critical_chain",
    "board_metrics",
    "critical_chain",
    "forecast",
    "unblocks",
    "ask_to_confirm",
    "confirmed",
    "get_workspace",
    "list_workspaces",
    "get_board",
    "list_boards",
    "get_column",
    "get_card",
    "list_cards",
    "pick_cards",
    "next_tasks",
    "list_dependencies",
    "get_comment",
    "list_comments",
    "get_attachment",
    "list_attachments",
    "list_events",
    "list_audit",
    "list_changes",
    "watch",
    "search",
    "examine",
];

#[test]
fn the_history_is_made_of_every_operation_that_changes_something() {
    let source = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut operations = BTreeSet::new();
    for folder in [source.clone(), source.join("import")] {
        for entry in std::fs::read_dir(folder).expect("the library") {
            let path = entry.expect("an entry").path();
            let text = if path.is_file() { std::fs::read_to_string(&path).expect("it reads") } else { String::new() };
            if text.contains("impl Kanban {") {
                let names = text.split("    pub async fn ").skip(1);
                operations.extend(names.map(|rest| rest.split(['<', '(']).next().unwrap_or_default().to_owned()));
            }
        }
    }
    // the board that a fresh install starts with is made of operations
    operations.remove("seed_demo");
    // what is done to a tenant as a whole is told by tests/core/tenants.rs
    operations.retain(|operation| !operation.contains("tenant"));
    let known: BTreeSet<String> = MUTATIONS.into_iter().chain(OTHERS).map(str::to_owned).collect();
    assert_eq!(operations, known, "an operation that changes something belongs into the history, others into OTHERS");
}
