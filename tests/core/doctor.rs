//! The examination finds each thing that it says it looks for.

use kanban_core::NewCard;

use crate::support;

#[tokio::test]
async fn each_fault_is_found_by_its_check() {
    let database = support::database().await;
    let store = database.store().await;
    let (kanban, board) = support::board(&store).await;
    kanban.create_card(board.columns[0].id, NewCard::titled("one")).await.expect("a card");
    kanban.create_card(board.columns[0].id, NewCard::titled("two")).await.expect("a card");
    let sound = kanban.examine().await.expect("an examination");
    assert_eq!((sound.findings.len(), sound.checks.len()), (0, 15));
    let pool = database.superuser().await;
    let faults = [
        ("search words", "update kanban.card_words set words = 'three' where id = (select max(id::text)::uuid from kanban.cards)"),
        ("column counts", "update kanban.columns set cards = cards + 1 where name = 'Todo'"),
        ("blocker counts", "update kanban.cards set open_blockers = 1 where key = 'AB-1'"),
        ("event sequences", "delete from kanban.events where seq = 5"),
        ("tenant events", "update kanban.tenants set seq = seq + 1"),
        ("workspaces", "update kanban.workspaces set deleted_at = now()"),
        ("card numbers", "update kanban.boards set next_number = 2"),
        ("card status", "update kanban.cards set status = 'doing' where key = 'AB-1'"),
        ("hours of last change", "update kanban.cards set updated_at = updated_at - interval '2 hours'"),
        ("positions", "update kanban.cards set position = -1 where key = 'AB-1'"),
        ("column visits", "update kanban.column_visits set left_at = entered_at, stay_class = 1"),
        ("visit marks", "update kanban.column_visits set is_wip = true"),
        ("past claims", "update kanban.cards set claim_epoch = 1 where key = 'AB-1'"),
        (
            "flow checkpoints",
            "insert into kanban.flow_checkpoints (tenant_id, board_id, at, backlog, todo, doing, done)
             select tenant_id, id, now(), 1, 1, 0, 0 from kanban.boards",
        ),
        (
            "dependency cycles",
            "insert into kanban.dependencies (tenant_id, id, type, from_card, to_card, created_by_kind, created_by_id, created_at)
             select 'default', gen_random_uuid(), 'blocks', a.id, b.id, 'system', 'x', now()
             from kanban.cards as a join kanban.cards as b on b.id <> a.id",
        ),
    ];
    for (check, fault) in faults {
        sqlx::raw_sql(fault).execute(&pool).await.unwrap_or_else(|e| panic!("{check}: {e}"));
        let found = kanban.examine().await.expect("an examination").findings;
        assert!(found.iter().any(|finding| finding.check == check), "{check} in {found:?}");
    }
}
