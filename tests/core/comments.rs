//! Comments: who may take them back, and where they are when their card is not.

use kanban_core::{Actor, Error, Expected, ListPage, NewCard, NewComment, Version};

use crate::support;

#[tokio::test]
async fn a_comment_is_deleted_by_its_author_by_people_and_by_the_system_only() {
    let database = support::database().await;
    let store = database.store().await;
    let (kanban, board) = support::board(&store).await;
    let card = kanban.create_card(board.columns[0].id, NewCard::titled("talk")).await.expect("a card");
    let as_actor = |actor| store.tenant("default", actor).expect("an actor");
    let [a, b] = ["a", "b"].map(|id| as_actor(Actor::agent(id)));
    let system = as_actor(Actor::system("upkeep"));
    // a person of the same name is someone else
    let person_a = as_actor(Actor::human("a"));
    let mut comments = Vec::new();
    for author in [&a, &a, &a, &person_a] {
        comments.push(author.create_comment(card.id, NewComment::saying("so")).await.expect("a comment"));
    }
    let error = b.delete_comment(comments[0].id, Expected::Any).await.expect_err("it is a's");
    assert!(matches!(&error, Error::Forbidden { detail } if detail.contains("Only a,")), "{error}");
    let error = a.delete_comment(comments[3].id, Expected::Any).await.expect_err("a person wrote it");
    assert_eq!(error.code(), "forbidden");
    let stale = a.delete_comment(comments[0].id, Version(2)).await;
    assert!(matches!(stale, Err(Error::VersionConflict { what: "comment", actual: 1, .. })), "{stale:?}");
    let gone = a.delete_comment(comments[0].id, Version(1)).await.expect("it is its own");
    assert_eq!((gone.version, gone.deleted_at), (Version(2), Some(gone.updated_at)));
    kanban.delete_comment(comments[1].id, Version(1)).await.expect("a person may");
    system.delete_comment(comments[2].id, Version(1)).await.expect("the system may");
    let left = kanban.list_comments(card.id, ListPage::default()).await.expect("a list").items;
    assert_eq!(left, [comments[3].clone()]);
    for call in [a.get_comment(gone.id).await, a.delete_comment(gone.id, Expected::Any).await] {
        assert!(matches!(call, Err(Error::NotFound { what: "comment", .. })), "{call:?}");
    }
}

#[tokio::test]
async fn comments_are_gone_with_their_card_and_come_back_with_it() {
    let database = support::database().await;
    let store = database.store().await;
    let (kanban, board) = support::board(&store).await;
    let card = kanban.create_card(board.columns[0].id, NewCard::titled("talk")).await.expect("a card");
    let comment = kanban.create_comment(card.id, NewComment::saying("so")).await.expect("a comment");
    kanban.delete_card(card.id, Expected::Any).await.expect("deleted");
    assert_eq!(kanban.get_comment(comment.id).await.expect_err("gone").code(), "not_found");
    assert_eq!(kanban.delete_comment(comment.id, Expected::Any).await.expect_err("gone").code(), "not_found");
    assert_eq!(kanban.list_comments(card.id, ListPage::default()).await.expect_err("gone").code(), "not_found");
    kanban.restore_card(card.id, Expected::Any).await.expect("restored");
    assert_eq!(kanban.get_comment(comment.id).await.expect("back"), comment);
    let archive = kanban_core::BoardPatch { archived: Some(true), ..kanban_core::BoardPatch::default() };
    kanban.update_board(board.board.id, Expected::Any, archive).await.expect("archived");
    let error = kanban.delete_comment(comment.id, Expected::Any).await.expect_err("archived");
    assert_eq!(error.code(), "board_archived");
    assert_eq!(kanban.get_comment(comment.id).await.expect("it can be read"), comment);
    kanban.delete_board(board.board.id, Expected::Any).await.expect("deleted");
    for gone in [
        kanban.get_comment(comment.id).await.map(drop),
        kanban.list_comments(card.id, ListPage::default()).await.map(drop),
        kanban.get_card(card.id).await.map(drop),
        kanban.get_column(board.columns[0].id).await.map(drop),
        kanban.list_cards(board.board.id, kanban_core::ListCards::default()).await.map(drop),
        kanban.list_dependencies(card.id).await.map(drop),
    ] {
        assert!(matches!(gone, Err(Error::NotFound { .. })), "what is on a deleted board is gone: {gone:?}");
    }
}
