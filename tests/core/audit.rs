//! The audit log: every filter, every page, from an index; complete, and beyond anybody's reach.

use std::collections::BTreeSet;

use kanban_core::{
    Action, Actor, AuditFilter, EntityType, Error, Event, Expected, JsonObject, Kanban, ListAudit, ListPage, MoveCard,
    NewBoard, NewCard, NewComment,
};
use sqlx::{AssertSqlSafe, PgConnection, Row};

use crate::plans::registered;
use crate::support;

async fn audit(kanban: &Kanban, filter: AuditFilter) -> Vec<Event> {
    let list = ListAudit { filter, page: ListPage::first(200) };
    kanban.list_audit(list).await.expect("the audit").items
}

fn actions(events: &[Event]) -> Vec<&str> {
    events.iter().map(|event| event.action.as_str()).collect()
}

#[tokio::test]
async fn each_filter_answers_what_it_says_and_all_of_them_combine() {
    let database = support::database().await;
    let store = database.store().await;
    let (kanban, board) = support::board(&store).await;
    let mut actor = Actor::agent("a").in_run("run-7");
    actor.context = Some(serde_json::from_str::<JsonObject>(r#"{"model": "m"}"#).expect("an object"));
    actor.request_id = Some("request-1".to_owned());
    let agent = store.tenant("default", actor).expect("an agent");
    let other = kanban.create_board(NewBoard::named("Other")).await.expect("a board");
    let card = agent.create_card(board.columns[0].id, NewCard::titled("one")).await.expect("a card");
    let middle = card.created_at;
    kanban.create_comment(card.id, NewComment::saying("so")).await.expect("a comment");
    agent.move_card(card.id, Expected::Any, MoveCard::to(other.columns[1].id)).await.expect("it moves");
    kanban.delete_board(other.board.id, Expected::Any).await.expect("deleted");
    let all = audit(&kanban, AuditFilter::default()).await;
    let expected = [
        "board.deleted",
        "card.moved",
        "card.moved",
        "comment.created",
        "card.created",
        "column.created",
        "column.created",
        "column.created",
        "board.created",
    ];
    assert_eq!(actions(&all)[..9], expected);
    assert_eq!((all.len(), all[13].action.as_str(), all[13].board_id), (14, "workspace.created", None));
    let newest_first = |events: &[Event]| events.windows(2).all(|pair| pair[0].at >= pair[1].at);
    assert!(newest_first(&all));
    // between boards the event is part of both histories, and tells all of the card where it comes to
    let moved: BTreeSet<_> = all[1..3].iter().map(|event| event.board_id).collect();
    assert_eq!(moved, BTreeSet::from([Some(board.board.id), Some(other.board.id)]));
    let arrival = all[1..3].iter().find(|event| event.board_id == Some(other.board.id)).expect("it is there");
    assert!(arrival.payload.get().contains("\"title\""));
    let (event, by) = (&all[4], &all[4]);
    assert_eq!((event.entity_id.to_string(), event.seq), (card.id.to_string(), 5));
    assert_eq!(
        (by.actor_id.as_str(), by.run_id.as_deref(), by.request_id.as_deref()),
        ("a", Some("run-7"), Some("request-1"))
    );
    assert_eq!(by.agent_context.as_ref().map(JsonObject::get), Some(r#"{"model": "m"}"#));

    let by_key = |key: &str| AuditFilter { board_id: Some(key.parse().expect("a key")), ..AuditFilter::default() };
    let of_board = audit(&kanban, by_key("AB")).await;
    assert_eq!(of_board.iter().map(|event| event.seq).collect::<Vec<_>>(), [7, 6, 5, 4, 3, 2, 1]);
    assert_eq!(
        actions(&audit(&kanban, by_key("othe")).await)[..2],
        ["board.deleted", "card.moved"],
        "also when it is gone"
    );
    let of_type = |kind| AuditFilter { entity_type: Some(kind), ..AuditFilter::default() };
    assert_eq!(audit(&kanban, of_type(EntityType::Column)).await.len(), 6);
    assert_eq!(actions(&audit(&kanban, of_type(EntityType::Workspace)).await), ["workspace.created"]);
    for entity in [card.id.to_string(), "ab-1".to_owned()] {
        let filter = AuditFilter { entity_id: Some(entity.parse().expect("it is one")), ..AuditFilter::default() };
        assert_eq!(actions(&audit(&kanban, filter).await), ["card.moved", "card.moved", "card.created"]);
    }
    let of_ab = AuditFilter { entity_id: Some("AB".parse().expect("a key")), ..AuditFilter::default() };
    assert_eq!(actions(&audit(&kanban, of_ab).await), ["board.created"]);
    let by_agent = AuditFilter { actor: Some("a".to_owned()), ..AuditFilter::default() };
    assert_eq!(actions(&audit(&kanban, by_agent.clone()).await), ["card.moved", "card.moved", "card.created"]);
    let moves = AuditFilter { action: Some(Action::CardMoved), ..AuditFilter::default() };
    assert_eq!(audit(&kanban, moves.clone()).await.len(), 2);
    let since = AuditFilter { from: Some(middle), ..AuditFilter::default() };
    assert_eq!(audit(&kanban, since).await.len(), 5, "from that moment on");
    let until = AuditFilter { to: Some(middle), ..AuditFilter::default() };
    assert_eq!(audit(&kanban, until).await.len(), 9, "up to that moment");
    let together = AuditFilter {
        board_id: Some("AB".parse().expect("a key")),
        entity_type: Some(EntityType::Card),
        entity_id: Some("AB-1".parse().expect("a key")),
        from: Some(middle),
        to: Some(kanban_core::Timestamp::from(middle.to_offset_date_time() + time::Duration::days(1))),
        ..AuditFilter { actor: by_agent.actor, ..moves }
    };
    assert_eq!(audit(&kanban, together).await.len(), 1);
}

#[tokio::test]
async fn what_makes_no_sense_is_refused_and_other_tenants_see_nothing() {
    let database = support::database().await;
    let store = database.store().await;
    let (kanban, board) = support::board(&store).await;
    let refused = async |filter: AuditFilter| {
        kanban.list_audit(ListAudit { filter, ..ListAudit::default() }).await.expect_err("it makes no sense")
    };
    let none = AuditFilter::default;
    let wrong = AuditFilter { entity_type: Some(EntityType::Board), action: Some(Action::CardMoved), ..none() };
    let Error::Invalid { fields } = refused(wrong).await else { panic!("it is invalid") };
    assert_eq!(fields[0].pointer, "/action");
    let now = board.board.created_at;
    let Error::Invalid { fields } = refused(AuditFilter { from: Some(now), to: Some(now), ..none() }).await else {
        panic!("it is invalid")
    };
    assert_eq!(fields[0].pointer, "/to");
    let Error::Invalid { fields } = refused(AuditFilter { actor: Some(String::new()), ..none() }).await else {
        panic!("it is invalid")
    };
    assert_eq!(fields[0].pointer, "/actor");
    let error = refused(AuditFilter { board_id: Some("NO".parse().expect("a key")), ..none() }).await;
    assert!(matches!(&error, Error::NotFound { what: "board", id } if id == "NO"), "{error}");
    let error = refused(AuditFilter { entity_id: Some("AB-9".parse().expect("a key")), ..none() }).await;
    assert!(matches!(&error, Error::NotFound { what: "thing", id } if id == "AB-9"), "{error}");
    assert_eq!("no such thing".parse::<kanban_core::EntityRef>().expect_err("it can be nothing").code(), "not_found");
    let cursor = kanban.list_audit(ListAudit { page: ListPage::first(2), ..ListAudit::default() }).await;
    let cursor = cursor.expect("a page").next_cursor;
    let filter = AuditFilter { actor: Some("ada".to_owned()), ..none() };
    let page = ListPage { limit: 2, cursor };
    let error = kanban.list_audit(ListAudit { filter, page: page.clone() }).await.expect_err("another list's cursor");
    assert_eq!(error.code(), "invalid");
    store.create_tenant("other").await.expect("a tenant");
    let other = store.tenant("other", Actor::human("eve")).expect("a person");
    let own: Vec<String> = audit(&other, none()).await.into_iter().map(|event| event.action).collect();
    assert_eq!(own, ["tenant.created"]);
    let of_card = AuditFilter { entity_id: Some(board.board.id.to_string().parse().expect("an id")), ..none() };
    assert!(audit(&other, of_card).await.is_empty());
    let error = other.list_audit(ListAudit { filter: none(), page }).await.expect_err("another tenant's cursor");
    assert_eq!(error.code(), "invalid");
}

#[tokio::test]
async fn pages_go_to_the_end_without_a_gap_while_others_write() {
    let database = support::database().await;
    let store = database.store().await;
    let (kanban, board) = support::board(&store).await;
    for i in 0..60 {
        kanban.create_card(board.columns[0].id, NewCard::titled(i.to_string())).await.expect("a card");
    }
    for filter in [
        AuditFilter::default(),
        AuditFilter { board_id: Some(board.board.id.into()), ..AuditFilter::default() },
        AuditFilter { actor: Some("ada".to_owned()), ..AuditFilter::default() },
        AuditFilter { entity_type: Some(EntityType::Card), ..AuditFilter::default() },
    ] {
        let before = audit(&kanban, filter.clone()).await;
        let mut seen = Vec::new();
        let mut page = ListPage::first(7);
        loop {
            let list = ListAudit { filter: filter.clone(), page };
            let (events, made) = futures::future::join(
                kanban.list_audit(list),
                kanban.create_card(board.columns[1].id, NewCard::titled("meanwhile")),
            )
            .await;
            made.expect("a card");
            let events = events.expect("a page");
            seen.extend(events.items.into_iter().map(|event| (event.board_id, event.seq)));
            let Some(cursor) = events.next_cursor else { break };
            page = ListPage { limit: 7, cursor: Some(cursor) };
        }
        let before: Vec<_> = before.iter().map(|event| (event.board_id, event.seq)).collect();
        assert!(seen.ends_with(&before), "all that was there, in its order");
        assert!(seen.len() - before.len() <= 1, "and what came before the first page");
        assert_eq!(seen.iter().collect::<BTreeSet<_>>().len(), seen.len(), "nothing twice");
    }
}

/// Events of thousands of things by many actors over months, on three boards.
async fn fill(connection: &mut PgConnection) {
    let fill = "
        insert into kanban.events (tenant_id, stream, seq, at, entity_type, entity_id, action, actor_kind, actor_id, payload)
        select 'default', md5('board' || n % 3)::uuid, 100 + n, now() - (60000 - n) * interval '1 minute',
            split_part(a.action, '.', 1), md5('card' || n * 7919 % 4000)::uuid, a.action, 'agent',
            case when n % 5000 = 0 then 'rare' else 'agent-' || n % 40 end, '{}'
        from generate_series(1, 60000) as n
        cross join lateral (select case when n % 6000 = 0 then 'workspace.updated'
            else (array['card.updated', 'card.moved', 'card.claimed', 'comment.created'])[1 + n % 4] end as action) as a;
        analyze kanban.events";
    sqlx::raw_sql(fill).execute(connection).await.expect("the log is filled");
}

#[tokio::test]
async fn each_filter_reads_its_index_and_little_more_than_it_shows() {
    let database = support::database().await;
    let pool = database.superuser().await;
    fill(&mut pool.acquire().await.expect("a connection")).await;
    let mut connection = database.application("default").await;
    let uuid = |text: &str| format!("md5('{text}')::uuid");
    let (at, nil) = ("now() - interval '20 days'".to_owned(), "'00000000-0000-0000-0000-000000000000'".to_owned());
    let place = vec![at.clone(), "31300".to_owned(), nil.clone()];
    let behind = |first: Vec<String>| [first, place.clone()].concat();
    let kinds = "array['workspace.created', 'workspace.updated', 'workspace.deleted']".to_owned();
    for (name, index, arguments) in [
        ("LIST_AUDIT", "events_time", vec![]),
        ("LIST_AUDIT_NEXT", "events_time", place.clone()),
        ("LIST_AUDIT_BOARD", "events_pk", vec![uuid("board1"), "31300".to_owned()]),
        ("LIST_AUDIT_ENTITY", "events_entity", behind(vec![uuid("card42")])),
        ("LIST_AUDIT_ACTOR", "events_actor", behind(vec!["'agent-7'".to_owned()])),
        ("LIST_AUDIT_ACTOR", "events_actor", behind(vec!["'rare'".to_owned()])),
        ("LIST_AUDIT_ACTION", "events_action", behind(vec!["'card.moved'".to_owned()])),
        ("LIST_AUDIT_TYPE", "events_action", behind(vec![kinds])),
        ("LIST_AUDIT_PERIOD", "events_time", behind(vec!["now() - interval '30 days'".to_owned(), at])),
    ] {
        let sql = registered(name);
        let limits = sql.matches(" limit ").count();
        let mut all = vec!["'default'".to_owned()];
        all.extend(arguments);
        all.extend(std::iter::repeat_n("51".to_owned(), limits));
        let run = format!(
            "prepare page as {sql}; explain (analyze, buffers, costs off, timing off, summary off) execute page ({})",
            all.join(", ")
        );
        let rows = sqlx::raw_sql(AssertSqlSafe(run))
            .fetch_all(&mut connection)
            .await
            .unwrap_or_else(|e| panic!("{name}: {e}"));
        let plan: Vec<String> = rows.iter().map(|row| row.get::<String, _>(0)).collect();
        let plan = plan.join("\n");
        assert!(plan.contains(index), "{name} reads {index}:\n{plan}");
        assert!(!plan.contains("Seq Scan on events"), "{name} reads no more than it needs:\n{plan}");
        let removed = plan.lines().filter_map(|line| line.trim().strip_prefix("Rows Removed by Filter: "));
        let removed: i64 = removed.map(|count| count.parse::<i64>().expect("a number")).sum();
        assert!(removed < 60, "{name} passes over {removed} rows:\n{plan}");
        let read = |word: &str| -> i64 {
            let line = plan.lines().find(|line| line.trim().starts_with("Buffers:")).expect("buffers");
            let count = line.split(word).nth(1).and_then(|rest| rest.split(' ').next());
            count.map_or(0, |count| count.parse().expect("a number"))
        };
        let pages = read("hit=") + read("read=");
        assert!(pages < 300, "{name} touches {pages} pages:\n{plan}");
        sqlx::raw_sql("deallocate page").execute(&mut connection).await.expect("it goes away");
    }
}

#[tokio::test]
async fn nothing_changes_or_removes_an_event() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the repository").join("migrations");
    let mut actions = BTreeSet::new();
    for entry in std::fs::read_dir(folder).expect("the migrations") {
        let path = entry.expect("an entry").path();
        let sql = std::fs::read_to_string(&path).expect("it reads");
        let code: Vec<&str> = sql.lines().map(|line| line.split("--").next().unwrap_or_default()).collect();
        let sql = code.join("\n");
        for word in ["update kanban.events", "delete from kanban.events", "truncate"] {
            assert!(!sql.contains(word), "{}: {word}", path.display());
        }
        // 'card.moved' and its like
        for text in sql.split('\'').skip(1).step_by(2) {
            if let Some((thing, verb)) = text.split_once('.')
                && EntityType::ALL.iter().any(|kind| kind.as_str() == thing)
                && verb.chars().all(|c| c.is_ascii_lowercase() || c == '_')
            {
                actions.insert(text.to_owned());
            }
        }
    }
    let known: BTreeSet<String> = Action::ALL.iter().map(|action| action.as_str().to_owned()).collect();
    assert_eq!(actions, known, "the list of actions is what the schema appends");
    for (name, sql) in kanban_core::statements() {
        let sql = sql.to_lowercase();
        assert!(!sql.contains("update kanban.events") && !sql.contains("delete from kanban.events"), "{name}");
    }
    let database = support::database().await;
    let store = database.store().await;
    let (kanban, _) = support::board(&store).await;
    let mut session = database.application("default").await;
    for change in ["update kanban.events set action = 'x'", "delete from kanban.events", "truncate kanban.events"] {
        let refused = sqlx::raw_sql(change).execute(&mut session).await.expect_err("not allowed");
        assert_eq!(refused.as_database_error().and_then(|e| e.code()).as_deref(), Some("42501"), "{change}");
    }
    assert_eq!(audit(&kanban, AuditFilter::default()).await.len(), 5);
}
