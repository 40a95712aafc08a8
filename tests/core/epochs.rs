//! Which case a write is that names a claim which is not its caller's: a foreign one, or its own that is over.

use kanban_core::{
    Actor, Card, CardPatch, ClaimOptions, Epoch, Error, Expected, Holder, Kanban, NewCard, NewComment, Result, Store,
    SummaryFilter,
};

use crate::support::{self, Database};

fn agent(store: &Store, id: &str) -> Kanban {
    store.tenant("default", Actor::agent(id)).expect("an agent")
}

async fn claim(kanban: &Kanban, card: &Card) -> Holder {
    let agent_id = kanban.actor().id.clone();
    let claimed = kanban.claim_card(card.id, &agent_id, ClaimOptions::default()).await.expect("a claim");
    let until = serde_json::to_value(claimed.claim.expect("a claim").until).expect("a moment");
    Holder { agent_id, until: until.as_str().expect("text").to_owned() }
}

/// Lets the lease end without waiting for it.
async fn lapse(database: &Database) {
    let lapse = "update kanban.cards set lease_until = claimed_at where claim_agent is not null";
    sqlx::raw_sql(lapse).execute(&database.superuser().await).await.expect("it ends");
}

/// What writes of several kinds under an epoch are refused with, which is the same for each.
async fn refusal(kanban: &Kanban, card: &Card, epoch: Epoch) -> Error {
    let under = kanban.clone().under_claim(epoch);
    let patch = CardPatch { title: Some("late".to_owned()), ..CardPatch::default() };
    let refused = |outcome: Result<()>| outcome.expect_err("it is refused");
    let refusals = [
        refused(under.update_card(card.id, Expected::Any, patch).await.map(drop)),
        refused(under.create_comment(card.id, NewComment::saying("late")).await.map(drop)),
        refused(under.restore_card(card.id, Expected::Any).await.map(drop)),
        refused(kanban.heartbeat(card.id, epoch, None).await.map(drop)),
        refused(kanban.release_card(card.id, epoch, None).await.map(drop)),
        refused(kanban.complete_card(card.id, epoch).await.map(drop)),
    ];
    let told: Vec<(String, String)> =
        refusals.iter().map(|error| (error.to_string(), error.details().to_string())).collect();
    assert!(told.iter().all(|one| *one == told[0]), "{told:?}");
    refusals.into_iter().next().expect("there are some")
}

#[tokio::test]
async fn whoever_names_a_claim_of_another_agent_is_told_who_holds_the_card() {
    let database = support::database().await;
    let store = database.store().await;
    let (kanban, board) = support::board(&store).await;
    let card = kanban.create_card(board.columns[0].id, NewCard::titled("work")).await.expect("a card");
    let (a, b) = (agent(&store, "a"), agent(&store, "b"));
    let held = claim(&a, &card).await;
    // that of the holder, and one that never was
    for epoch in [Epoch(1), Epoch(7), Epoch(0), Epoch(-1), Epoch(i64::MAX)] {
        let error = refusal(&b, &card, epoch).await;
        assert!(
            matches!(&error, Error::Claimed { card, agent_id, until }
                if (card.as_str(), agent_id, until) == ("AB-1", &held.agent_id, &held.until)),
            "{epoch:?}: {error}"
        );
        assert!(error.is_retryable());
    }
    let summary = b.agent_summary("b", SummaryFilter::default()).await.expect("a summary");
    assert_eq!(summary.collisions.epochs, 0, "nobody had been faster: it never was b's");
    // whom nobody keeps out: it can only be told that the epoch is wrong
    let person = refusal(&kanban, &card, Epoch(7)).await;
    assert!(
        matches!(&person, Error::StaleClaim { expected: 7, actual: 1, ended: None, held: Some(by), .. } if **by == held),
        "{person:?}"
    );
    assert!(person.to_string().starts_with("The epoch 7 is of no claim that you have on AB-1"), "{person}");
    lapse(&database).await;
    let over = refusal(&b, &card, Epoch(1)).await;
    assert!(matches!(&over, Error::StaleClaim { ended: None, held: None, .. }), "{over:?}");
    assert!(over.to_string().ends_with("read the card, and claim it again if there is still work on it."), "{over}");
    assert!(a.heartbeat(card.id, Epoch(1), None).await.is_ok(), "its own agent goes on while nobody has taken it");
}

#[tokio::test]
async fn whoever_names_a_claim_of_its_own_is_told_how_it_ended_and_what_to_do() {
    let database = support::database().await;
    let store = database.store().await;
    let (kanban, board) = support::board(&store).await;
    let card = kanban.create_card(board.columns[0].id, NewCard::titled("work")).await.expect("a card");
    let (a, b) = (agent(&store, "a"), agent(&store, "b"));
    let check = async |epoch: Epoch, actual: i64, ended: &str, held: Option<&Holder>| {
        let error = refusal(&a, &card, epoch).await;
        let Error::StaleClaim { card, expected, actual: last, ended: how, held: by } = &error else {
            panic!("{error:?}");
        };
        assert_eq!((card.as_str(), *expected, *last), ("AB-1", epoch.0, actual), "{error}");
        assert_eq!((how.as_deref(), by.as_deref()), (Some(ended), held), "{error}");
        let next = match held {
            Some(by) => {
                format!("{} holds it until {}, under epoch {actual}: stop working on it", by.agent_id, by.until)
            }
            None => "Nobody holds it now: read the card, and claim it again".to_owned(),
        };
        assert!(error.to_string().contains(&next) && !error.is_retryable(), "{error}");
    };
    claim(&a, &card).await;
    a.release_card(card.id, Epoch(1), None).await.expect("released");
    check(Epoch(1), 1, "released", None).await;
    claim(&a, &card).await;
    let again = claim(&a, &card).await;
    check(Epoch(2), 3, "renewed", Some(&again)).await;
    lapse(&database).await;
    let theirs = claim(&b, &card).await;
    check(Epoch(3), 4, "expired", Some(&theirs)).await;
    b.release_card(card.id, Epoch(4), None).await.expect("released");
    check(Epoch(3), 4, "expired", None).await;
    claim(&a, &card).await;
    a.complete_card(card.id, Epoch(5)).await.expect("finished");
    check(Epoch(5), 5, "completed", None).await;
    let summary = a.agent_summary("a", SummaryFilter::default()).await.expect("a summary");
    assert_eq!(summary.collisions.epochs, 5 * 6, "each of them was late");

    let other = kanban.create_card(board.columns[0].id, NewCard::titled("more")).await.expect("a card");
    claim(&a, &other).await;
    a.delete_card(other.id, Expected::Any).await.expect("deleted");
    let late = a.clone().under_claim(Epoch(1)).restore_card(other.id, Expected::Any).await.expect_err("it is over");
    assert!(late.to_string().contains("with epoch 1 is over: the card was deleted"), "{late}");
    assert_eq!(kanban.examine().await.expect("an examination").findings, []);
}

#[tokio::test]
async fn a_lease_is_from_a_second_to_a_day() {
    let database = support::database().await;
    let store = database.store().await;
    let (kanban, board) = support::board(&store).await;
    let card = kanban.create_card(board.columns[0].id, NewCard::titled("work")).await.expect("a card");
    let a = agent(&store, "a");
    for ttl_seconds in [0, 86_401, u32::MAX] {
        let next = kanban_core::ClaimNext { ttl_seconds, ..Default::default() };
        let one = ClaimOptions { ttl_seconds, ..ClaimOptions::default() };
        for outcome in [
            a.claim_next("a", next).await.map(drop),
            a.claim_card(card.id, "a", one).await.map(drop),
            a.heartbeat(card.id, Epoch(1), Some(ttl_seconds)).await.map(drop),
        ] {
            let error = outcome.expect_err("no such lease");
            let told = "The input is not valid: /ttl_seconds must be from 1 to 86400.";
            assert_eq!(error.to_string(), told, "{ttl_seconds}");
        }
    }
    let longest = ClaimOptions { ttl_seconds: 86_400, ..ClaimOptions::default() };
    assert!(a.claim_card(card.id, "a", longest).await.is_ok());
}
