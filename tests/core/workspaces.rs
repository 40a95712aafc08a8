//! Workspaces, and the boards in them.

use futures::future::join;
use kanban_core::{
    BoardPatch, Error, Expected, JsonObject, ListPage, NewBoard, NewWorkspace, Version, WorkspaceId, WorkspacePatch,
};
use serde_json::json;

use crate::support;

fn named(name: &str) -> NewWorkspace {
    NewWorkspace { name: name.to_owned(), ..NewWorkspace::default() }
}

#[tokio::test]
async fn a_workspace_is_changed_at_its_version_and_its_metadata_merges() {
    let database = support::database().await;
    let store = database.store().await;
    let (kanban, _) = support::board(&store).await;
    let metadata = |value| JsonObject::from_value(&value).expect("an object");
    let made = NewWorkspace { metadata: metadata(json!({"a": 1, "b": {"c": 1}})), ..named("lab") };
    let made = kanban.create_workspace(made).await.expect("a workspace");
    let patch = WorkspacePatch {
        description: Some("Where it is tried out.".to_owned()),
        metadata: Some(metadata(json!({"a": null, "b": {"d": 1.0}}))),
        ..WorkspacePatch::default()
    };
    let changed = kanban.update_workspace(made.id, made.version, patch.clone()).await.expect("it changes");
    assert_eq!((changed.version, changed.name.as_str()), (Version(2), "lab"));
    assert_eq!(changed.metadata.get(), r#"{"b": {"c": 1, "d": 1.0}}"#);
    assert_eq!(kanban.get_workspace(made.id).await.expect("it reads"), changed);
    let same = kanban.update_workspace(made.id, Expected::Any, patch.clone()).await.expect("nothing to change");
    assert_eq!(same.version, Version(2));
    // equal as a number, but not what was written
    let other = WorkspacePatch { metadata: Some(metadata(json!({"b": {"d": 1}}))), ..WorkspacePatch::default() };
    let other = kanban.update_workspace(made.id, Expected::Any, other).await.expect("it changes");
    assert_eq!((other.version, other.metadata.get()), (Version(3), r#"{"b": {"c": 1, "d": 1}}"#));
    let stale = kanban.update_workspace(made.id, made.version, patch).await;
    assert!(matches!(stale, Err(Error::VersionConflict { actual: 3, current: Some(_), .. })), "{stale:?}");
    let taken = WorkspacePatch { name: Some("WORK".to_owned()), ..WorkspacePatch::default() };
    let error = kanban.update_workspace(made.id, Expected::Any, taken).await.expect_err("the name is taken");
    assert!(matches!(error, Error::Duplicate { what: "workspace", field: "name" }), "{error}");
    let bad = WorkspacePatch { name: Some(String::new()), description: Some("x".repeat(16385)), metadata: None };
    let Err(Error::Invalid { fields }) = kanban.update_workspace(made.id, Expected::Any, bad).await else {
        panic!("it is invalid")
    };
    assert_eq!(fields.iter().map(|f| f.pointer.as_str()).collect::<Vec<_>>(), ["/name", "/description"]);
    let nothing = WorkspaceId::generate();
    let error = kanban.update_workspace(nothing, Expected::Any, WorkspacePatch::default()).await.expect_err("none");
    assert!(matches!(error, Error::NotFound { what: "workspace", .. }), "{error}");
}

#[tokio::test]
async fn a_workspace_goes_when_no_board_is_in_it_and_its_name_is_free_again() {
    let database = support::database().await;
    let store = database.store().await;
    let (kanban, board) = support::board(&store).await;
    let work = board.board.workspace_id;
    let archive = BoardPatch { archived: Some(true), ..BoardPatch::default() };
    kanban.update_board(board.board.id, Expected::Any, archive).await.expect("archived");
    let error = kanban.delete_workspace(work, Expected::Any).await.expect_err("an archived board is in it");
    assert_eq!(error.code(), "workspace_not_empty");
    assert!(error.to_string().starts_with("1 boards are in the workspace work."), "{error}");
    let other = kanban.create_workspace(named("other")).await.expect("a workspace");
    let to = BoardPatch { workspace_id: Some(other.id), ..BoardPatch::default() };
    let moved = kanban.update_board(board.board.id, Expected::Any, to).await.expect("it moves");
    assert_eq!((moved.board.workspace_id, moved.board.version), (other.id, Version(3)));
    let stale = kanban.delete_workspace(work, Version(7)).await;
    assert!(matches!(stale, Err(Error::VersionConflict { actual: 1, .. })), "{stale:?}");
    let gone = kanban.delete_workspace(work, Version(1)).await.expect("it goes");
    assert!(gone.deleted_at.is_some_and(|at| at == gone.updated_at));
    assert_eq!(kanban.get_workspace(work).await.expect_err("it is gone").code(), "not_found");
    assert_eq!(kanban.delete_workspace(work, Expected::Any).await.expect_err("it is gone").code(), "not_found");
    let left = kanban.list_workspaces(ListPage::default()).await.expect("a list").items;
    assert_eq!(left.iter().map(|w| w.name.as_str()).collect::<Vec<_>>(), ["other"]);
    let into_it = BoardPatch { workspace_id: Some(work), ..BoardPatch::default() };
    let error = kanban.update_board(board.board.id, Expected::Any, into_it).await.expect_err("it is gone");
    assert!(matches!(&error, Error::NotFound { what: "workspace", id } if *id == work.to_string()), "{error}");
    kanban.create_workspace(named("work")).await.expect("the name is free");
    kanban.delete_board(board.board.id, Expected::Any).await.expect("deleted");
    kanban.delete_workspace(other.id, Expected::Any).await.expect("a deleted board is in none");
    assert_eq!(kanban.examine().await.expect("an examination").findings, []);
}

#[tokio::test]
async fn a_tenant_that_has_deleted_all_its_workspaces_is_not_seeded_again() {
    let database = support::database().await;
    let store = database.store().await;
    let kanban = store.tenant("default", kanban_core::Actor::human("ada")).expect("a person");
    let board = kanban.seed_demo().await.expect("it seeds").expect("a board").board;
    kanban.delete_board(board.id, Expected::Any).await.expect("deleted");
    kanban.delete_workspace(board.workspace_id, Expected::Any).await.expect("deleted");
    assert!(kanban.seed_demo().await.expect("it looks").is_none());
    assert!(kanban.list_workspaces(ListPage::default()).await.expect("a list").items.is_empty());
}

/// Boards in a deleted workspace after many deletions that each raced against a board.
async fn boards_left_behind(guarded: bool) -> usize {
    let database = support::database().await;
    let store = database.store().await;
    let (kanban, _) = support::board(&store).await;
    if !guarded {
        let control = "create or replace function kanban.hold_workspace(p_tenant text, p_id uuid) returns void
            language plpgsql as $$ begin perform pg_sleep(0.005); end $$";
        sqlx::raw_sql(control).execute(&database.superuser().await).await.expect("the function changes");
    }
    for i in 0..15 {
        let workspace = kanban.create_workspace(named(&format!("w{i}"))).await.expect("a workspace").id;
        let new = NewBoard { workspace_id: Some(workspace), ..NewBoard::named(format!("board {i}")) };
        let (board, gone) = join(kanban.create_board(new), kanban.delete_workspace(workspace, Expected::Any)).await;
        match (board, gone) {
            (Ok(_), Err(Error::State { code: "workspace_not_empty", .. }))
            | (Err(Error::NotFound { what: "workspace", .. }), Ok(_)) => {}
            (board, gone) => assert!(!guarded, "{board:?} {gone:?}"),
        }
    }
    kanban.examine().await.expect("an examination").findings.len()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_board_is_left_behind_in_a_workspace_that_goes() {
    assert_eq!(boards_left_behind(true).await, 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn control_without_the_lock_boards_are_left_behind() {
    assert!(boards_left_behind(false).await > 0, "a test that cannot see it proves nothing");
}
