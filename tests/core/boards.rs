//! Workspaces, boards and columns.

use kanban_core::{
    Actor, BoardFilter, BoardPatch, BoardTemplate, ColumnKind, ColumnPatch, Error, Expected, JsonObject, ListPage,
    NewBoard, NewCard, NewColumn, NewWorkspace,
};
use serde_json::json;

use crate::support;

#[tokio::test]
async fn a_board_starts_with_the_columns_of_its_template_and_a_key_from_its_name() {
    let database = support::database().await;
    let store = database.store().await;
    let (kanban, board) = support::board(&store).await;
    assert_eq!(board.board.key, "AB");
    assert_eq!(board.board.seq, 4, "one event for the board and one for each column");
    let columns: Vec<_> = board.columns.iter().map(|c| (c.name.as_str(), c.kind, c.position, c.cards)).collect();
    assert_eq!(
        columns,
        [("Todo", ColumnKind::Todo, 0, 0), ("Doing", ColumnKind::Doing, 1, 0), ("Done", ColumnKind::Done, 2, 0)]
    );
    let again = kanban.create_board(NewBoard::named("Agent Backlog")).await.expect("the name may repeat");
    assert_eq!(again.board.key, "AB2");
    let review = NewBoard { template: BoardTemplate::Review, ..NewBoard::named("42 ways") };
    let review = kanban.create_board(review).await.expect("a board");
    assert_eq!((review.board.key.as_str(), review.columns.len()), ("B4W", 5));
    let taken = NewBoard { key: Some("AB".to_owned()), ..NewBoard::named("Other") };
    let error = kanban.create_board(taken).await.expect_err("the key is taken");
    assert!(matches!(error, Error::Duplicate { what: "board", field: "key" }), "{error}");
}

#[tokio::test]
async fn bad_boards_are_refused_with_every_broken_rule() {
    let database = support::database().await;
    let store = database.store().await;
    let (kanban, _) = support::board(&store).await;
    let bad = NewBoard { key: Some("lower".to_owned()), description: "x".repeat(16 * 1024 + 1), ..NewBoard::named("") };
    let Err(Error::Invalid { fields }) = kanban.create_board(bad).await else { panic!("it is invalid") };
    let pointers: Vec<&str> = fields.iter().map(|field| field.pointer.as_str()).collect();
    assert_eq!(pointers, ["/key", "/name", "/description"]);
    let nowhere = NewBoard { time_zone: Some("Mars/Olympus".to_owned()), ..NewBoard::named("Far") };
    let Err(Error::Invalid { fields }) = kanban.create_board(nowhere).await else { panic!("it is invalid") };
    assert_eq!(fields[0].pointer, "/time_zone");
    let berlin = NewBoard { time_zone: Some("Europe/Berlin".to_owned()), ..NewBoard::named("Near") };
    assert_eq!(kanban.create_board(berlin).await.expect("a board").board.time_zone, "Europe/Berlin");
}

#[tokio::test]
async fn a_board_is_changed_at_its_version_and_a_conflict_shows_what_it_is_now() {
    let database = support::database().await;
    let store = database.store().await;
    let (kanban, board) = support::board(&store).await;
    let patch = BoardPatch {
        name: Some("Backlog".to_owned()),
        metadata: Some(JsonObject::from_value(&json!({"team": "core", "gone": null})).expect("an object")),
        ..BoardPatch::default()
    };
    let changed = kanban.update_board(board.board.id, board.board.version, patch.clone()).await.expect("it changes");
    assert_eq!((changed.board.name.as_str(), changed.board.version.0), ("Backlog", 2));
    assert_eq!(changed.board.metadata.get(), r#"{"team": "core"}"#);
    let same = kanban.update_board(board.board.id, Expected::Any, patch.clone()).await.expect("nothing to change");
    assert_eq!((same.board.version.0, same.board.seq), (2, changed.board.seq), "no change, no event");
    let error = kanban.update_board(board.board.id, board.board.version, patch).await.expect_err("it is stale");
    let Error::VersionConflict { expected: 1, actual: 2, current: Some(current), .. } = error else {
        panic!("{error}")
    };
    assert!(current.get().contains("Backlog"));
}

#[tokio::test]
async fn an_archived_board_is_read_only_until_it_comes_back() {
    let database = support::database().await;
    let store = database.store().await;
    let (kanban, board) = support::board(&store).await;
    let archive = |archived| BoardPatch { archived: Some(archived), ..BoardPatch::default() };
    kanban
        .update_board("AB".parse::<kanban_core::BoardRef>().expect("a key"), Expected::Any, archive(true))
        .await
        .expect("archived");
    let error = kanban.create_card(board.columns[0].id, NewCard::titled("late")).await.expect_err("it is archived");
    assert_eq!(error.code(), "board_archived");
    let filter = BoardFilter { archived: Some(false), ..BoardFilter::default() };
    assert!(kanban.list_boards(filter, ListPage::default()).await.expect("boards").items.is_empty());
    kanban.update_board(board.board.id, Expected::Any, archive(false)).await.expect("it comes back");
    kanban.create_card(board.columns[0].id, NewCard::titled("on time")).await.expect("a card");
    kanban.delete_board(board.board.id, Expected::Any).await.expect("deleted");
    assert_eq!(kanban.get_board(board.board.id).await.expect_err("it is gone").code(), "not_found");
}

#[tokio::test]
async fn columns_have_unique_names_and_keep_their_kind_while_they_hold_cards() {
    let database = support::database().await;
    let store = database.store().await;
    let (kanban, board) = support::board(&store).await;
    let error =
        kanban.create_column(board.board.id, NewColumn::named("todo", ColumnKind::Todo)).await.expect_err("taken");
    assert_eq!(error.code(), "duplicate");
    let mut ideas = NewColumn::named("Ideas", ColumnKind::Backlog);
    ideas.wip_limit = Some(0);
    assert_eq!(
        kanban.create_column(board.board.id, ideas.clone()).await.expect_err("no room at all").code(),
        "invalid"
    );
    ideas.wip_limit = Some(2);
    let ideas = kanban.create_column(board.board.id, ideas).await.expect("a column");
    assert_eq!((ideas.position, ideas.wip_limit), (3, Some(2)));
    kanban.create_card(ideas.id, NewCard::titled("fly")).await.expect("a card");
    let to_done = ColumnPatch { kind: Some(ColumnKind::Done), ..ColumnPatch::default() };
    let error = kanban.update_column(ideas.id, ideas.version, to_done).await.expect_err("it holds a card");
    assert_eq!(error.code(), "column_not_empty");
    let unlimited = ColumnPatch { wip_limit: Some(None), ..ColumnPatch::default() };
    let ideas = kanban.update_column(ideas.id, ideas.version, unlimited).await.expect("it changes");
    assert_eq!((ideas.wip_limit, ideas.cards, ideas.version.0), (None, 1, 2));
}

#[tokio::test]
async fn workspaces_list_in_pages_and_tenants_are_apart() {
    let database = support::database().await;
    let store = database.store().await;
    store.create_tenant("other").await.expect("a tenant");
    let kanban = store.tenant("default", Actor::human("ada")).expect("a person");
    for i in 0..5 {
        let new = NewWorkspace { name: format!("w{i}"), ..NewWorkspace::default() };
        kanban.create_workspace(new).await.expect("a workspace");
    }
    let mut names = Vec::new();
    let mut page = ListPage::first(2);
    loop {
        let workspaces = kanban.list_workspaces(page).await.expect("a page");
        names.extend(workspaces.items.into_iter().map(|workspace| workspace.name));
        match workspaces.next_cursor {
            Some(cursor) => page = ListPage { limit: 2, cursor: Some(cursor) },
            None => break,
        }
    }
    assert_eq!(names, ["w0", "w1", "w2", "w3", "w4"]);
    let cursor = kanban.list_workspaces(ListPage::first(1)).await.expect("a page").next_cursor;
    let other = store.tenant("other", Actor::human("eve")).expect("a person");
    assert!(other.list_workspaces(ListPage::default()).await.expect("a page").items.is_empty());
    let error = other.list_workspaces(ListPage { limit: 1, cursor }).await.expect_err("the cursor is another tenant's");
    assert_eq!(error.code(), "invalid");
    let nobody = store.tenant("nobody", Actor::human("eve")).expect("a name that a tenant could have");
    let error = nobody.create_workspace(NewWorkspace { name: "w".to_owned(), ..NewWorkspace::default() }).await;
    assert!(matches!(error, Err(Error::NotFound { what: "tenant", .. })), "{error:?}");
    assert_eq!(store.tenant("Not A Slug", Actor::human("eve")).expect_err("no tenant has it").code(), "not_found");
    assert_eq!(store.tenant("default", Actor::human("")).expect_err("nobody").code(), "invalid");
}
