//! What is pure: no database and no network, only what each call computes in this process. Numbers here tell where a
//! microsecond goes; whether that matters is told by `scripts/bench`.

use std::hint::black_box;
use std::time::{Duration, Instant};

use axum::response::IntoResponse;
use criterion::Criterion;
use kanban_core::pure::{Cursors, Tokens, generate_token, is_token};
use kanban_core::{
    ActorRef, Card, CardFilter, CardPatch, Claim, ColumnKind, Epoch, JsonObject, ListCards, Page, Priority, Timestamp,
    Version,
};
use kanban_server::pure::{card_answer, card_tag, if_match, page_answer};
use time::OffsetDateTime;

/// A card as agents write them: its text fills some lines, its JSON columns have a few members each.
fn card(n: u32) -> Card {
    let at = |second: u32| {
        let moment = OffsetDateTime::from_unix_timestamp(1_790_000_000 + i64::from(second)).expect("a moment");
        Timestamp::from(moment)
    };
    Card {
        id: time_based_id(n).into(),
        key: format!("AB-{n}"),
        external_id: None,
        version: Version(7),
        board_id: time_based_id(1 << 20).into(),
        column_id: time_based_id(1 << 21).into(),
        status: ColumnKind::Doing,
        title: format!("Card {n} about topic {}", n % 100),
        description: "What is to be done, where, and how one sees that it is done. ".repeat(5),
        labels: vec!["bug".to_owned(), "search".to_owned()],
        assignees: Vec::new(),
        priority: Priority::High,
        due_at: Some(at(n)),
        fields: object(r#"{"estimate": 5, "area": "area 12"}"#),
        links: Vec::new(),
        agent_context: object(r#"{"goal": "Do what the card says", "attempt": 1, "files": ["src/search.rs"]}"#),
        workflow_state: object(r#"{"step": 12, "thread": "0197f0c2"}"#),
        started_at: Some(at(1)),
        finished_at: None,
        column_since: at(1),
        claim: Some(Claim { agent_id: "claude-1".to_owned(), epoch: Epoch(3), until: at(900) }),
        created_by: ActorRef { kind: kanban_core::ActorKind::Human, id: "ada".to_owned() },
        created_at: at(0),
        updated_at: at(2),
        deleted_at: None,
    }
}

fn time_based_id(n: u32) -> sqlx::types::Uuid {
    sqlx::types::Uuid::from_u128((1_790_000_000_000 << 80) | u128::from(n))
}

fn object(text: &str) -> JsonObject {
    serde_json::from_str(text).expect("an object")
}

fn cursors(criterion: &mut Criterion) {
    let plain = Cursors::of(ListCards::default());
    let filter = CardFilter { labels: vec!["bug".to_owned()], status: Some(ColumnKind::Todo), ..CardFilter::default() };
    let filtered = Cursors::of(ListCards { filter, ..ListCards::default() });
    for (name, cursors) in [("cursor", plain), ("cursor of a filtered list", filtered)] {
        let cursor = cursors.seal();
        assert!(cursors.opens(&cursor));
        criterion.bench_function(&format!("{name}, sign and encode"), |bench| bench.iter(|| cursors.seal()));
        criterion.bench_function(&format!("{name}, decode and verify"), |bench| bench.iter(|| cursors.opens(&cursor)));
    }
}

fn etags(criterion: &mut Criterion) {
    let card = card(1);
    let tag = format!("\"{}\"", card_tag(&card));
    assert!(if_match(&tag).is_some());
    criterion.bench_function("ETag, format", |bench| bench.iter(|| card_tag(black_box(&card))));
    criterion.bench_function("If-Match, parse", |bench| bench.iter(|| if_match(black_box(&tag))));
}

fn json(criterion: &mut Criterion) {
    let one = card(1);
    let page = Page { items: (0..50).map(card).collect(), next_cursor: Some("x".repeat(120)) };
    let column = one.agent_context.get().to_owned();
    criterion.bench_function("JSON column, from its text", |bench| bench.iter(|| object(black_box(&column))));
    criterion.bench_function("card, to JSON", |bench| bench.iter(|| serde_json::to_vec(black_box(&one))));
    criterion.bench_function("card, to an answer with its ETag", |bench| bench.iter(|| card_answer(black_box(&one))));
    criterion.bench_function("page of 50, to JSON", |bench| bench.iter(|| serde_json::to_vec(black_box(&page))));
    criterion.bench_function("page of 50, to an answer", |bench| bench.iter(|| page_answer(black_box(&page))));
    criterion.bench_function("page of 50, to an answer by axum", |bench| {
        bench.iter(|| axum::Json(black_box(&page)).into_response());
    });
    let patch = r#"{"priority": "high", "labels": ["bug"], "workflow_state": {"step": 12, "thread": "0197f0c2"}}"#;
    criterion.bench_function("patch of a card, from JSON", |bench| {
        bench.iter(|| serde_json::from_str::<CardPatch>(black_box(patch)).expect("a patch"));
    });
}

fn tokens(criterion: &mut Criterion) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().expect("a runtime");
    let text = generate_token();
    let cut_off = &text[..text.len() - 1];
    let mistyped = format!("{cut_off}{}", if text.ends_with('0') { '1' } else { '0' });
    assert!(is_token(&text) && !is_token(&mistyped));
    criterion.bench_function("token, read and checksum", |bench| bench.iter(|| is_token(black_box(&text))));
    criterion.bench_function("token, one digit wrong", |bench| bench.iter(|| is_token(black_box(&mistyped))));
    let known = runtime.block_on(Tokens::of(&text)).expect("a token");
    runtime.block_on(known.verify(&text)).expect("it fits");
    criterion.bench_function("token, known", |bench| {
        bench.iter(|| runtime.block_on(known.verify(black_box(&text))).expect("it fits"));
    });
    let mut stranger = known;
    criterion.bench_function("token, seen for the first time (argon2id)", |bench| {
        bench.iter_custom(|times| {
            let mut spent = Duration::ZERO;
            for _ in 0..times {
                stranger.forget();
                let start = Instant::now();
                runtime.block_on(stranger.verify(&text)).expect("it fits");
                spent += start.elapsed();
            }
            spent
        });
    });
}

fn main() {
    let mut criterion = Criterion::default().configure_from_args();
    for group in [cursors, etags, json, tokens] {
        group(&mut criterion);
    }
    criterion.final_summary();
}
