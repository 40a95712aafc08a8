//! Importing another tracker's board.

use std::path::{Path, PathBuf};

use kanban_core::import::beads;
use kanban_core::{Actor, CardFilter, ColumnKind, ListCards, ListPage, NextTasks, Priority, Store};

use crate::support;

fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the crate is in the repository").to_owned()
}

/// The repository's own file, and the real one where it is at hand.
pub fn files() -> Vec<PathBuf> {
    let own = repository().join("tests/data/beads-sample.jsonl");
    assert!(own.exists(), "scripts/make-beads-sample has made it");
    let real = std::env::var_os("KANBAN_SHARED_DATA")
        .map_or_else(|| repository().join("../shared/data"), PathBuf::from)
        .join("beads-issues.jsonl");
    [own, real].into_iter().filter(|file| file.exists()).collect()
}

fn importer(store: &Store) -> kanban_core::Kanban {
    store.tenant("default", Actor::system("import")).expect("the importer")
}

#[tokio::test]
async fn a_file_comes_in_whole_once_and_its_ready_work_is_what_the_file_says() {
    for file in files() {
        let text = std::fs::read_to_string(&file).expect("the file reads");
        let issues: Vec<serde_json::Value> =
            text.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
        let database = support::database().await;
        let store = database.store().await;
        let kanban = importer(&store);
        let cards = beads::read(text.as_bytes()).expect("it reads");
        let report = kanban.import("Beads", cards.clone(), |_, _| ()).await.expect("it comes in");
        assert_eq!((report.cards, report.cards_created), (issues.len(), issues.len()));
        let links: usize = issues.iter().map(|issue| issue["dependencies"].as_array().map_or(0, Vec::len)).sum();
        assert_eq!(report.by_dependency.values().sum::<usize>(), links);
        assert_eq!(report.changes, report.cards_created + report.dependencies_created + report.comments_created);
        let again = kanban.import("Beads", cards, |_, _| ()).await.expect("it is there");
        assert_eq!((again.changes, again.cards), (0, report.cards));
        assert_eq!(kanban.examine().await.expect("an examination").findings, []);
        let open = |id: &str| {
            let issue = issues.iter().find(|issue| issue["id"] == id).expect("no link dangles");
            !matches!(issue["status"].as_str(), Some("closed" | "tombstone"))
        };
        let mut expected: Vec<&str> = issues
            .iter()
            .filter(|issue| {
                matches!(issue["status"].as_str(), Some("open" | "deferred"))
                    && issue["assignee"].as_str().is_none_or(str::is_empty)
            })
            .filter(|issue| {
                let links = issue["dependencies"].as_array().into_iter().flatten();
                links
                    .filter(|link| link["type"] == "blocks")
                    .all(|link| !open(link["depends_on_id"].as_str().expect("an id")))
            })
            .map(|issue| issue["id"].as_str().expect("an id"))
            .collect();
        expected.sort_unstable();
        let mut found = Vec::new();
        let mut cursor = None;
        loop {
            let page = ListPage { limit: 50, cursor: cursor.take() };
            let list = NextTasks { board: Some(report.board.parse().expect("a key")), page, ..NextTasks::default() };
            let page = kanban.next_tasks("nobody-in-the-file", list).await.expect("a page");
            found.extend(page.items);
            cursor = page.next_cursor;
            if cursor.is_none() {
                break;
            }
        }
        // queued cards stand in the order of their creation, so the whole order can be told from the file
        let key = |card: &kanban_core::Card| {
            (card.priority, card.due_at.is_none(), card.due_at, card.created_at, card.external_id.clone())
        };
        let queued: Vec<_> = found.iter().filter(|card| card.status == ColumnKind::Todo).map(key).collect();
        assert!(queued.is_sorted(), "priority, due date, place");
        assert!(found.is_sorted_by_key(|card| (card.priority, card.due_at.is_none(), card.due_at)));
        let mut found: Vec<&str> = found.iter().filter_map(|card| card.external_id.as_deref()).collect();
        found.sort_unstable();
        assert_eq!(found, expected, "{}", file.display());
        assert!(!found.is_empty());
    }
}

#[tokio::test]
async fn every_member_of_an_issue_is_kept() {
    let database = support::database().await;
    let store = database.store().await;
    let kanban = importer(&store);
    let issue = serde_json::json!({
        "id": "bd-1", "title": "Tïtle", "description": "Long", "status": "hooked", "priority": 0, "issue_type": "bug",
        "assignee": "crew/a", "created_by": "crew/b", "created_at": "2025-11-02T21:58:07.295058-08:00",
        "updated_at": "2025-11-03T00:00:00Z", "labels": ["x"], "notes": "n", "estimated_minutes": 5,
        "external_ref": "gh-1", "comments": [{"id": 3, "author": "crew/c", "text": "hi", "created_at": "2025-11-04T00:00:00Z"}],
    });
    let cards = beads::read(issue.to_string().as_bytes()).expect("it reads");
    let report = kanban.import("Mine", cards, |_, _| ()).await.expect("it comes in");
    let filter = CardFilter { external_id: Some("bd-1".to_owned()), ..CardFilter::default() };
    let board: kanban_core::BoardRef = report.board.parse().expect("a key");
    let list = ListCards { filter, ..ListCards::default() };
    let card = kanban.list_cards(board, list).await.expect("a list").items.remove(0);
    assert_eq!((card.title.as_str(), card.priority, card.status.as_str()), ("Tïtle", Priority::Critical, "doing"));
    assert_eq!(card.labels, ["type:bug", "x"]);
    assert_eq!((card.assignees.as_slice(), card.created_by.id.as_str()), (["crew/a".to_owned()].as_slice(), "crew/b"));
    assert_eq!(card.created_at.to_string(), "2025-11-03T05:58:07.295058Z");
    let fields: serde_json::Value = card.fields.parse().expect("JSON");
    let expected =
        serde_json::json!({"status": "hooked", "notes": "n", "estimated_minutes": 5, "external_ref": "gh-1"});
    assert_eq!(fields, expected);
    let comments = kanban.list_comments(card.id, ListPage::default()).await.expect("comments").items;
    assert_eq!((comments[0].body.as_str(), comments[0].author.id.as_str()), ("hi", "crew/c"));
}

#[tokio::test]
async fn a_wrong_file_names_its_line_and_leaves_nothing() {
    let database = support::database().await;
    let store = database.store().await;
    let kanban = importer(&store);
    let line = |id: &str, more: &str| {
        format!(r#"{{"id":"{id}","title":"t","status":"open","priority":2,"created_at":"2025-11-02T21:58:07Z"{more}}}"#)
    };
    let link = |from: &str, to: &str, kind: &str| {
        format!(
            r#","dependencies":[{{"issue_id":"{from}","depends_on_id":"{to}","type":"{kind}","created_at":"2025-11-02T21:58:07Z"}}]"#
        )
    };
    let long = format!(r#","notes":"{}""#, "x".repeat(17_000));
    let wrong = [
        (format!("{}\n{{\"id\":", line("a", "")), "line 2"),
        (format!("{}\n\n{}", line("a", ""), line("a", "")), "line 3"),
        (line("a", "").replace("open", "lost"), "line 1"),
        (line("a", "").replace(":2,", ":9,"), "line 1"),
        (line("a", &long), "line 1"),
        (format!("{}\n{}", line("a", ""), line("b", &link("b", "zz", "blocks"))), "line 2"),
        (line("a", &link("a", "a", "blocks")), "line 1"),
        (line("a", &link("a", "b", "envies")), "line 1"),
        (String::new(), "file"),
    ];
    for (text, place) in wrong {
        let error = match beads::read(text.as_bytes()) {
            Ok(cards) => kanban.import("Beads", cards, |_, _| ()).await.expect_err(place),
            Err(error) => error,
        };
        assert!(error.to_string().contains(place), "{place} in {error}");
        let boards = kanban.list_boards(Default::default(), ListPage::default()).await.expect("boards").items;
        assert!(boards.is_empty(), "{place}: not even a board is left");
    }
    let ring = format!("{}\n{}", line("a", &link("a", "b", "blocks")), line("b", &link("b", "a", "blocks")));
    let cards = beads::read(ring.as_bytes()).expect("it reads");
    let error = kanban.import("Beads", cards, |_, _| ()).await.expect_err("a ring");
    assert_eq!(error.code(), "dependency_cycle");
    assert!(error.to_string().contains("a waits for b") || error.to_string().contains("b waits for a"), "{error}");
}
