//! An agent that was frozen past its lease: the card is another's by then, and nothing the late one sends lands.

use std::pin::Pin;

use kanban_core::{
    Actor, Attachment, CardPatch, ClaimNext, Comment, Epoch, Error, Expected, Kanban, ListPage, MoveCard,
    NewAttachment, NewCard, NewComment, NewDependency, Place, Result,
};

use crate::support::{self, Database};

type Write<'a> = (&'static str, Pin<Box<dyn Future<Output = Result<()>> + Send + 'a>>);

/// What the card had before the agent was frozen.
struct Hangs {
    card: kanban_core::CardId,
    other: kanban_core::CardId,
    comment: Comment,
    attachment: Attachment,
    done: kanban_core::ColumnId,
}

/// Every write to a card, and to what hangs on it, that a claim can be named in.
fn writes<'a>(late: &'a Kanban, hangs: &'a Hangs) -> Vec<Write<'a>> {
    let (card, any, epoch) = (hangs.card, Expected::Any, Epoch(1));
    let patch = CardPatch { description: Some("late".to_owned()), ..CardPatch::default() };
    vec![
        ("update_card", Box::pin(async move { late.update_card(card, any, patch).await.map(drop) })),
        ("move_card", Box::pin(async move { late.move_card(card, any, MoveCard::to(hangs.done)).await.map(drop) })),
        ("reorder_card", Box::pin(async move { late.reorder_card(card, any, Place::first()).await.map(drop) })),
        (
            "create_comment",
            Box::pin(async move { late.create_comment(card, NewComment::saying("late")).await.map(drop) }),
        ),
        ("delete_comment", Box::pin(async move { late.delete_comment(hangs.comment.id, any).await.map(drop) })),
        (
            "create_attachment",
            Box::pin(async move {
                let new = NewAttachment::at("late.txt", "https://example.org/late");
                late.create_attachment(card, new).await.map(drop)
            }),
        ),
        (
            "delete_attachment",
            Box::pin(async move { late.delete_attachment(hangs.attachment.id, any).await.map(drop) }),
        ),
        (
            "add_dependency",
            Box::pin(async move { late.add_dependency(card, NewDependency::waits_for(hangs.other)).await.map(drop) }),
        ),
        (
            "add_dependency, the other way",
            Box::pin(async move {
                let relation = kanban_core::Relation::Blocks;
                late.add_dependency(card, NewDependency { relation, card: hangs.other.into() }).await.map(drop)
            }),
        ),
        (
            "remove_dependency",
            Box::pin(async move {
                let relation = kanban_core::Relation::RelatesTo;
                late.remove_dependency(card, NewDependency { relation, card: hangs.other.into() }).await.map(drop)
            }),
        ),
        ("heartbeat", Box::pin(async move { late.heartbeat(card, epoch, None).await.map(drop) })),
        ("restore_card", Box::pin(async move { late.restore_card(card, any).await.map(drop) })),
        ("release_card", Box::pin(async move { late.release_card(card, epoch, Some("late")).await.map(drop) })),
        ("complete_card", Box::pin(async move { late.complete_card(card, epoch).await.map(drop) })),
        ("delete_card", Box::pin(async move { late.delete_card(card, any).await.map(drop) })),
    ]
}

/// All that the API shows of the card, and the number of the board's last event.
async fn shown(kanban: &Kanban, hangs: &Hangs) -> String {
    let page = ListPage::first(200);
    let card = kanban.get_card(hangs.card).await.expect("the card");
    let board = kanban.get_board(card.board_id).await.expect("the board");
    let comments = kanban.list_comments(hangs.card, page.clone()).await.expect("its comments");
    let attachments = kanban.list_attachments(hangs.card, page).await.expect("its attachments");
    let links = kanban.list_dependencies(hangs.card).await.expect("its links");
    serde_json::to_string(&(card, board, comments, attachments, links)).expect("JSON")
}

/// Freezes an agent past its lease, gives its card to another, and wakes it: which of its writes landed.
async fn landed(database: &Database) -> Vec<&'static str> {
    let store = database.store().await;
    let (kanban, board) = support::board(&store).await;
    let card = kanban.create_card(board.columns[0].id, NewCard::titled("work")).await.expect("a card").id;
    let other = kanban.create_card(board.columns[2].id, NewCard::titled("other")).await.expect("a card").id;
    let agent = |id: &str| store.tenant("default", Actor::agent(id)).expect("an agent");
    let (first, second) = (agent("first"), agent("second"));
    // the shortest lease there is; asked for until it has passed
    let claim = async |agent: &Kanban| {
        let id = agent.actor().id.clone();
        loop {
            let options = ClaimNext { ttl_seconds: 1, ..ClaimNext::default() };
            let claimed = agent.claim_next(&id, options).await.expect("an answer").items;
            if let [card] = claimed.as_slice() {
                return card.claim.clone().expect("a claim").epoch;
            }
        }
    };
    assert_eq!(claim(&first).await, Epoch(1));
    let late = first.under_claim(Epoch(1));
    let comment = late.create_comment(card, NewComment::saying("in time")).await.expect("a comment");
    let attachment = NewAttachment::at("a.txt", "https://example.org/a");
    let attachment = late.create_attachment(card, attachment).await.expect("an attachment");
    let link = NewDependency { relation: kanban_core::Relation::RelatesTo, card: other.into() };
    late.add_dependency(card, link).await.expect("a link");
    let hangs = Hangs { card, other, comment, attachment, done: board.columns[2].id };
    assert_eq!(claim(&second).await, Epoch(2));
    second.heartbeat(card, Epoch(2), None).await.expect("the second goes on");
    let before = shown(&kanban, &hangs).await;
    let mut landed = Vec::new();
    for (name, write) in writes(&late, &hangs) {
        match write.await {
            Ok(()) => landed.push(name),
            Err(Error::StaleClaim { expected: 1, actual: 2, .. }) => {}
            // where what is late lands, the next may be refused for what the one before it left behind
            Err(_) if !landed.is_empty() => {}
            Err(error) => panic!("{name}: {error}"),
        }
    }
    if landed.is_empty() {
        assert_eq!(shown(&kanban, &hangs).await, before, "not a byte has changed, and no event was written");
        let renewed = late.claim_card(card, "first", Default::default()).await.expect_err("it is the other's");
        assert!(matches!(renewed, Error::Claimed { .. }), "{renewed}");
        let ready = late.claim_next("first", ClaimNext::default()).await.expect("an answer");
        assert_eq!(ready.items, []);
        second.complete_card(card, Epoch(2)).await.expect("the second goes on as if nothing had been");
        assert_eq!(kanban.examine().await.expect("an examination").findings, []);
        crate::replay::explains_the_board(&kanban).await;
    }
    landed
}

#[tokio::test]
async fn each_write_of_an_agent_frozen_past_its_lease_is_refused_and_nothing_lands() {
    assert_eq!(landed(&support::database().await).await, Vec::<&str>::new());
}

#[tokio::test]
async fn control_where_an_epoch_is_not_looked_at_its_writes_land() {
    let database = support::database().await;
    // a write under any claim is let through, as if there were no fencing token
    let control = "create or replace function kanban.guard_card(
            c kanban.cards, p_actor jsonb, p_version bigint, p_epoch bigint) returns void
        language plpgsql as $$ begin
            if c.id is null or c.deleted_at is not null then
                perform kanban.refuse('stale_claim', jsonb_build_object('card', c.key, 'actual', 2));
            end if;
        end $$";
    sqlx::raw_sql(control).execute(&database.superuser().await).await.expect("the control");
    let landed = landed(&database).await;
    assert!(landed.contains(&"update_card") && landed.contains(&"create_comment"), "{landed:?}");
    assert!(landed.contains(&"add_dependency") && landed.contains(&"complete_card"), "{landed:?}");
}
