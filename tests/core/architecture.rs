//! The invariants of ARCHITECTURE.md that a test can hold.

use std::path::{Path, PathBuf};

fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the crate is in the repository").to_owned()
}

/// Every Rust source below a folder of the repository, with its text.
fn sources(folder: &str) -> Vec<(PathBuf, String)> {
    let mut found = Vec::new();
    let mut folders = vec![repository().join(folder)];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).unwrap_or_else(|e| panic!("{}: {e}", folder.display())) {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let text = std::fs::read_to_string(&path).expect("a source reads");
                found.push((path, text));
            }
        }
    }
    assert!(!found.is_empty(), "{folder} has sources");
    found
}

#[test]
fn sql_is_only_in_db() {
    for (path, text) in sources("kanban-core/src") {
        if path.components().any(|part| part.as_os_str() == "db") {
            continue;
        }
        for sign in ["sqlx::query", "raw_sql", "select ", "insert into", "update kanban.", "delete from"] {
            let code = text.lines().filter(|line| !line.trim_start().starts_with("//"));
            assert!(code.clone().all(|line| !line.contains(sign)), "{} holds SQL: {sign}", path.display());
        }
    }
}

#[test]
fn adapters_know_no_sql_and_not_each_other() {
    for (adapter, other) in [("kanban-server", "kanban_py"), ("kanban-py", "kanban_server")] {
        for (path, text) in sources(&format!("{adapter}/src")) {
            for sign in ["sqlx", other] {
                assert!(!text.contains(sign), "{} names {sign}", path.display());
            }
        }
    }
}

#[test]
fn rest_and_mcp_do_not_know_each_other() {
    for (folder, other) in [("kanban-server/src/rest", "mcp"), ("kanban-server/src/mcp", "rest::")] {
        for (path, text) in sources(folder) {
            assert!(!text.contains(&format!("crate::{other}")), "{} names {other}", path.display());
        }
    }
}

#[test]
fn the_core_knows_no_transport() {
    for (path, text) in sources("kanban-core/src") {
        for sign in ["axum", "hyper::", "http::", "pyo3", "StatusCode", "rmcp"] {
            assert!(!text.contains(sign), "{} names {sign}", path.display());
        }
    }
}

#[test]
fn the_model_does_no_io() {
    for (path, text) in sources("kanban-core/src/model") {
        for sign in ["sqlx", "tokio", "std::fs", "async fn"] {
            assert!(!text.contains(sign), "{} names {sign}", path.display());
        }
    }
}

#[test]
fn migrations_come_in_pairs_and_without_gaps() {
    let mut names: Vec<String> = std::fs::read_dir(repository().join("migrations"))
        .expect("the migrations")
        .map(|entry| entry.expect("an entry").file_name().to_string_lossy().into_owned())
        .filter(|name| name.ends_with(".sql"))
        .collect();
    names.sort();
    for (i, pair) in names.chunks(2).enumerate() {
        let number = format!("{:04}_", i + 1);
        assert!(pair.len() == 2 && pair.iter().all(|name| name.starts_with(&number)), "{pair:?}");
        assert!(pair[0].ends_with(".down.sql") && pair[1].ends_with(".up.sql"), "{pair:?}");
    }
}
