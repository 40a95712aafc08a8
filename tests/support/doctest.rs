// Included by the examples in kanban-core's documentation: a board in an embedded database of the example's own.

fn example<F>(run: impl FnOnce(kanban_core::Kanban, kanban_core::BoardDetail) -> F)
where
    F: Future<Output = kanban_core::Result<()>>,
{
    use std::os::unix::fs::PermissionsExt;
    let dir = tempfile::tempdir_in("/tmp").unwrap();
    std::fs::set_permissions(dir.path(), std::fs::Permissions::from_mode(0o755)).unwrap();
    tokio::runtime::Runtime::new().unwrap().block_on(async {
        let store = kanban_core::Store::open(dir.path().join("board")).await.unwrap();
        let kanban = store.tenant("default", kanban_core::Actor::human("ada")).unwrap();
        let workspace = kanban_core::NewWorkspace { name: "work".into(), ..Default::default() };
        kanban.create_workspace(workspace).await.unwrap();
        let board = kanban.create_board(kanban_core::NewBoard::named("Agent Backlog")).await.unwrap();
        let outcome = run(kanban, board).await;
        store.close().await.unwrap();
        outcome.unwrap();
    });
}

fn example_of_store<F>(run: impl FnOnce(kanban_core::Store, kanban_core::Kanban) -> F)
where
    F: Future<Output = kanban_core::Result<()>>,
{
    example(async |kanban, _| {
        // the same database, entered by another door
        let store = kanban.store().clone();
        run(store, kanban).await
    });
}
