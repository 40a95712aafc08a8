//! Dependencies: what holds work back, and for how long.

use kanban_core::{
    BoardPatch, Card, CardFilter, Error, Expected, Kanban, ListCards, ListPage, MoveCard, NewBoard, NewCard,
    NewDependency, NextTasks, Relation,
};

use crate::support;

async fn ready(kanban: &Kanban) -> Vec<String> {
    let tasks = kanban.next_tasks("agent", NextTasks { page: ListPage::first(200), ..NextTasks::default() }).await;
    tasks.expect("tasks").items.into_iter().map(|card| card.key).collect()
}

async fn three(kanban: &Kanban, column: kanban_core::ColumnId) -> [Card; 3] {
    let mut cards = Vec::new();
    for title in ["one", "two", "three"] {
        cards.push(kanban.create_card(column, NewCard::titled(title)).await.expect("a card"));
    }
    cards.try_into().expect("three of them")
}

#[tokio::test]
async fn a_blocker_holds_back_until_it_is_finished_deleted_or_archived_and_again_when_it_comes_back() {
    let database = support::database().await;
    let store = database.store().await;
    let (kanban, board) = support::board(&store).await;
    let (todo, done) = (board.columns[0].id, board.columns[2].id);
    let [one, two, _] = three(&kanban, todo).await;
    let added = kanban.add_dependency(two.id, NewDependency::waits_for(one.id)).await.expect("a link");
    assert!(added.is_new);
    assert_eq!(ready(&kanban).await, ["AB-1", "AB-3"]);
    let again = kanban.add_dependency(two.id, NewDependency::waits_for(one.id)).await.expect("it is there");
    assert!(!again.is_new && again.dependency == added.dependency);
    kanban.move_card(one.id, Expected::Any, MoveCard::to(done)).await.expect("finished");
    assert_eq!(ready(&kanban).await, ["AB-2", "AB-3"]);
    kanban.move_card(one.id, Expected::Any, MoveCard::to(todo)).await.expect("reopened");
    assert_eq!(ready(&kanban).await, ["AB-3", "AB-1"]);
    kanban.delete_card(one.id, Expected::Any).await.expect("deleted");
    assert_eq!(ready(&kanban).await, ["AB-2", "AB-3"]);
    kanban.restore_card(one.id, Expected::Any).await.expect("restored");
    assert_eq!(ready(&kanban).await, ["AB-3", "AB-1"]);
    kanban.remove_dependency(two.id, NewDependency::waits_for(one.id)).await.expect("removed");
    assert_eq!(ready(&kanban).await, ["AB-2", "AB-3", "AB-1"]);
    let error = kanban.remove_dependency(two.id, NewDependency::waits_for(one.id)).await.expect_err("it is gone");
    assert!(matches!(error, Error::NotFound { what: "dependency", .. }), "{error}");
    // across boards, and a board that is archived
    let other = kanban.create_board(NewBoard::named("Other")).await.expect("a board");
    let far = kanban.create_card(other.columns[0].id, NewCard::titled("far")).await.expect("a card");
    let blocks = NewDependency { relation: Relation::Blocks, card: two.id.into() };
    kanban.add_dependency(far.id, blocks).await.expect("a link");
    let on_board = |kanban: Kanban| async move {
        let filter = CardFilter { ready: Some(true), ..CardFilter::default() };
        let list =
            kanban.list_cards(board.board.id, ListCards { filter, ..ListCards::default() }).await.expect("a list");
        list.items.len()
    };
    assert_eq!(on_board(kanban.clone()).await, 2);
    for (archived, expected) in [(true, 3), (false, 2)] {
        let patch = BoardPatch { archived: Some(archived), ..BoardPatch::default() };
        kanban.update_board(other.board.id, Expected::Any, patch).await.expect("it changes");
        assert_eq!(on_board(kanban.clone()).await, expected, "archived: {archived}");
        assert_eq!(kanban.examine().await.expect("an examination").findings, []);
    }
    kanban.delete_board(other.board.id, Expected::Any).await.expect("deleted");
    assert_eq!(on_board(kanban.clone()).await, 3);
    assert_eq!(kanban.examine().await.expect("an examination").findings, []);
}

#[tokio::test]
async fn a_cycle_is_refused_with_its_whole_path() {
    let database = support::database().await;
    let store = database.store().await;
    let (kanban, board) = support::board(&store).await;
    let [one, two, three] = three(&kanban, board.columns[0].id).await;
    kanban.add_dependency(two.id, NewDependency::waits_for(one.id)).await.expect("a link");
    kanban.add_dependency(three.id, NewDependency::waits_for(two.id)).await.expect("a link");
    let error = kanban.add_dependency(one.id, NewDependency::waits_for(three.id)).await.expect_err("a cycle");
    let Error::DependencyCycle { path } = &error else { panic!("{error}") };
    assert_eq!(path, &["AB-1", "AB-3", "AB-2", "AB-1"]);
    assert!(error.to_string().contains("AB-1 waits for AB-3 waits for AB-2 waits for AB-1"), "{error}");
    let error = kanban.add_dependency(one.id, NewDependency::waits_for(one.id)).await.expect_err("itself");
    assert_eq!(error.code(), "invalid");
    let parent = NewDependency { relation: Relation::ChildOf, card: three.id.into() };
    kanban.add_dependency(one.id, parent).await.expect("only blocks may not form a cycle");
    let missing: kanban_core::CardRef = "AB-77".parse().expect("a key");
    let error = kanban.add_dependency(one.id, NewDependency::waits_for(missing)).await.expect_err("no such card");
    assert!(matches!(&error, Error::NotFound { what: "card", id } if id == "AB-77"), "{error}");
}

#[tokio::test]
async fn both_ends_read_the_link_in_words_of_their_own() {
    let database = support::database().await;
    let store = database.store().await;
    let (kanban, board) = support::board(&store).await;
    let [one, two, _] = three(&kanban, board.columns[0].id).await;
    for relation in [Relation::WaitsFor, Relation::ChildOf, Relation::RelatesTo, Relation::DiscoveredFrom] {
        kanban.add_dependency(two.id, NewDependency { relation, card: one.id.into() }).await.expect("a link");
    }
    let texts = |links: Vec<kanban_core::DependencyView>| {
        let mut texts: Vec<String> = links.into_iter().map(|link| link.text).collect();
        texts.sort();
        texts
    };
    let from_two = texts(kanban.list_dependencies(two.id).await.expect("links"));
    let expected = [
        "AB-2 child of AB-1 (todo)",
        "AB-2 discovered from AB-1 (todo)",
        "AB-2 relates to AB-1 (todo)",
        "AB-2 waits for AB-1 (todo)",
    ];
    assert_eq!(from_two, expected);
    let from_one = texts(kanban.list_dependencies(one.id).await.expect("links"));
    let expected = [
        "AB-1 blocks AB-2 (todo)",
        "AB-1 led to AB-2 (todo)",
        "AB-1 parent of AB-2 (todo)",
        "AB-1 relates to AB-2 (todo)",
    ];
    assert_eq!(from_one, expected);
    let turned = NewDependency { relation: Relation::RelatesTo, card: two.id.into() };
    assert!(!kanban.add_dependency(one.id, turned).await.expect("it is there").is_new, "relates has no direction");
}

#[tokio::test]
async fn every_relation_reads_as_a_sentence_from_both_ends_and_only_blocks_holds_back() {
    let database = support::database().await;
    let store = database.store().await;
    let (kanban, board) = support::board(&store).await;
    let [one, two, _] = three(&kanban, board.columns[0].id).await;
    for relation in Relation::ALL {
        let added = kanban.add_dependency(one.id, NewDependency { relation: *relation, card: two.id.into() }).await;
        let added = added.unwrap_or_else(|error| panic!("{relation}: {error}"));
        let (kind, is_first) = relation.stored();
        assert_eq!(added.dependency.kind, kind, "{relation}");
        let ends = (added.dependency.from_card_id, added.dependency.to_card_id);
        let mut expected = if is_first { (one.id, two.id) } else { (two.id, one.id) };
        if *relation == Relation::RelatesTo {
            expected = (one.id.min(two.id), one.id.max(two.id));
        }
        assert_eq!(ends, expected, "{relation}");
        let seen = kanban.list_dependencies(one.id).await.expect("links").remove(0);
        assert_eq!((seen.relation, seen.card_key.as_str()), (*relation, "AB-2"));
        assert_eq!(seen.text, format!("AB-1 {} AB-2 (todo)", relation.as_str().replace('_', " ")));
        let back = kanban.list_dependencies(two.id).await.expect("links").remove(0);
        assert_eq!(back.relation.stored(), (kind, *relation == Relation::RelatesTo || !is_first), "{relation}");
        let held_back = match relation {
            Relation::WaitsFor => vec!["AB-2", "AB-3"],
            Relation::Blocks => vec!["AB-1", "AB-3"],
            _ => vec!["AB-1", "AB-2", "AB-3"],
        };
        assert_eq!(ready(&kanban).await, held_back, "{relation}");
        let link = NewDependency { relation: *relation, card: two.id.into() };
        kanban.remove_dependency(one.id, link).await.expect("removed");
    }
    assert_eq!(kanban.examine().await.expect("an examination").findings, []);
}
