//! The order of cards against a plain list.

use kanban_core::{CardId, ColumnId, Expected, MoveCard, NewCard, Place};
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};

use crate::{cards::titles, support};

#[derive(Debug, Clone)]
enum Step {
    Create { column: usize, place: usize },
    Move { card: usize, column: usize, place: usize, by: u8 },
    Delete { card: usize },
    Restore { card: usize },
}

fn step() -> impl Strategy<Value = Step> {
    let (card, column, place) = (0..1000_usize, 0..3_usize, 0..12_usize);
    prop_oneof![
        3 => (column.clone(), place.clone()).prop_map(|(column, place)| Step::Create { column, place }),
        6 => (card.clone(), column, place, 0..4_u8)
            .prop_map(|(card, column, place, by)| Step::Move { card, column, place, by }),
        1 => card.clone().prop_map(|card| Step::Delete { card }),
        1 => card.prop_map(|card| Step::Restore { card }),
    ]
}

/// What the board should look like: a list of names for each column.
#[derive(Default)]
struct Model {
    columns: [Vec<usize>; 3],
    deleted: Vec<(usize, usize)>,
    ids: Vec<CardId>,
}

impl Model {
    fn live(&self, pick: usize) -> Option<(usize, usize)> {
        let all: Vec<(usize, usize)> =
            self.columns.iter().enumerate().flat_map(|(c, cards)| cards.iter().map(move |card| (*card, c))).collect();
        (!all.is_empty()).then(|| all[pick % all.len()])
    }
}

async fn play(steps: Vec<Step>) -> Result<(), TestCaseError> {
    let database = support::database().await;
    let store = database.store().await;
    let (kanban, board) = support::board(&store).await;
    let columns: Vec<ColumnId> = board.columns.iter().map(|column| column.id).collect();
    let mut model = Model::default();
    for step in steps {
        match step {
            Step::Create { column, place } => {
                let name = model.ids.len();
                let new = NewCard { position: Some(place as u32), ..NewCard::titled(name.to_string()) };
                model.ids.push(kanban.create_card(columns[column], new).await.expect("a card").id);
                let at = place.min(model.columns[column].len());
                model.columns[column].insert(at, name);
            }
            Step::Move { card, column, place, by } => {
                let Some((name, from)) = model.live(card) else { continue };
                model.columns[from].retain(|card| *card != name);
                let target = &mut model.columns[column];
                let at = place.min(target.len());
                // the same place said in each of the ways there are
                let place = match by {
                    0 if at < target.len() => Place::before(model.ids[target[at]]),
                    1 if at > 0 => Place::after(model.ids[target[at - 1]]),
                    2 if at == target.len() => Place::default(),
                    _ => Place { position: Some(at as u32), ..Place::default() },
                };
                target.insert(at, name);
                let to = MoveCard {
                    column_id: columns[column],
                    after_id: place.after_id.clone(),
                    before_id: place.before_id.clone(),
                    position: place.position,
                };
                let moved = if from == column {
                    kanban.reorder_card(model.ids[name], Expected::Any, place).await
                } else {
                    kanban.move_card(model.ids[name], Expected::Any, to).await
                };
                moved.expect("it moves");
            }
            Step::Delete { card } => {
                let Some((name, from)) = model.live(card) else { continue };
                kanban.delete_card(model.ids[name], Expected::Any).await.expect("deleted");
                model.columns[from].retain(|card| *card != name);
                model.deleted.push((name, from));
            }
            Step::Restore { card } => {
                if model.deleted.is_empty() {
                    continue;
                }
                let (name, column) = model.deleted.remove(card % model.deleted.len());
                kanban.restore_card(model.ids[name], Expected::Any).await.expect("restored");
                model.columns[column].push(name);
            }
        }
    }
    for (column, expected) in columns.iter().zip(&model.columns) {
        let expected: Vec<String> = expected.iter().map(ToString::to_string).collect();
        prop_assert_eq!(titles(&kanban, *column, board.board.id).await, expected);
    }
    prop_assert_eq!(kanban.examine().await.expect("an examination").findings, []);
    store.close().await.expect("closed");
    Ok(())
}

#[test]
fn any_sequence_of_places_ends_in_the_order_of_a_list() {
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let config = Config { cases: 12, failure_persistence: None, ..Config::default() };
    TestRunner::new(config)
        .run(&prop::collection::vec(step(), 1..60), |steps| runtime.block_on(play(steps)))
        .unwrap_or_else(|failure| panic!("{failure}"));
}

/// Rows written over many inserts at one spot: one each, but for the spreading out that is paid now and then.
#[tokio::test]
async fn inserting_at_one_spot_writes_little_more_than_one_row() {
    for run_behind_itself in [false, true] {
        let database = support::database().await;
        let store = database.store().await;
        let (kanban, board) = support::board(&store).await;
        let todo = board.columns[0].id;
        let first = kanban.create_card(todo, NewCard::titled("first")).await.expect("a card").id;
        kanban.create_card(todo, NewCard::titled("last")).await.expect("a card");
        let pool = database.superuser().await;
        let mut behind = first;
        for i in 0..400 {
            let new = NewCard { after_id: Some(behind.into()), ..NewCard::titled(i.to_string()) };
            let card = kanban.create_card(todo, new).await.expect("a card").id;
            if run_behind_itself {
                behind = card;
            }
        }
        // a row that nobody wrote again is as old as the visit that came with it
        let again = "select count(*) from kanban.cards as c join kanban.column_visits as v on v.card_id = c.id
            where c.xmin <> v.xmin";
        let spread: i64 = sqlx::query_scalar(again).fetch_one(&pool).await.expect("the rows read");
        assert!(spread < 40, "{spread} of 400 rows were written again");
        let order = titles(&kanban, todo, board.board.id).await;
        assert_eq!(order.first().map(String::as_str), Some("first"));
        assert_eq!(order[1], if run_behind_itself { "0" } else { "399" });
    }
}

/// A gap that is used up is spread out again, and the order stays.
#[tokio::test]
async fn a_gap_that_is_used_up_is_spread_out() {
    let database = support::database().await;
    let store = database.store().await;
    let (kanban, board) = support::board(&store).await;
    let todo = board.columns[0].id;
    for i in 0..40 {
        kanban.create_card(todo, NewCard::titled(i.to_string())).await.expect("a card");
    }
    // crowd them together as a long life would
    let pool = database.superuser().await;
    let crowd = "update kanban.cards set position = 2305843009213693952 + substr(key, 4)::bigint";
    sqlx::raw_sql(crowd).execute(&pool).await.expect("crowded");
    let cards = titles(&kanban, todo, board.board.id).await;
    let new = NewCard { position: Some(20), ..NewCard::titled("new") };
    kanban.create_card(todo, new).await.expect("there is room again");
    let mut expected = cards;
    expected.insert(20, "new".to_owned());
    assert_eq!(titles(&kanban, todo, board.board.id).await, expected);
    assert_eq!(kanban.examine().await.expect("an examination").findings, []);
}
