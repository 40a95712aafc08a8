//! docs/paths.md: which test gets an answer, and not a refusal, from which path. Every test that talks to a server is held to
//! the rows that name it, so the table is true or a test fails; a path without a test fails too.
//!
//! `KANBAN_WRITE_PATHS=1 cargo test -p kanban-server --test server` writes it anew.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{LazyLock, Mutex, PoisonError};

use serde_json::Value;

const FILE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/paths.md");
const HEAD: &str = "# Which test gets an answer from which path\n\n\
    Refusals do not count. Written by the tests of `tests/server` (see `tests/server/paths.rs`), and checked by them.\n\n\
    | method | path | operation | tests |\n| --- | --- | --- | --- |\n";

/// Method and path of an operation, as the document has them.
type Operation = (String, String);

static DOCUMENT: LazyLock<Value> =
    LazyLock::new(|| serde_json::from_str(&kanban_server::openapi::DOCUMENT).expect("the document is JSON"));

/// What the tests that run have asked for so far, and how many of their servers live.
static SEEN: Mutex<BTreeMap<String, (usize, BTreeSet<Operation>)>> = Mutex::new(BTreeMap::new());

/// Holds a test to its rows. The servers of one test live at the same time.
pub struct Recorder {
    test: Option<String>,
}

impl Recorder {
    pub fn start() -> Self {
        // with one thread for all tests none has a name
        let test = std::thread::current().name().filter(|name| *name != "main").map(str::to_owned);
        if let Some(test) = &test {
            SEEN.lock().unwrap_or_else(PoisonError::into_inner).entry(test.clone()).or_default().0 += 1;
        }
        Self { test }
    }

    /// Notes an answer that is no refusal, and sees that the document has its status.
    pub fn answered(&self, method: &str, path: &str, status: u16) {
        let Some((operation, documented)) = find(method, path) else { return };
        let statuses = documented["responses"].as_object().expect("responses");
        assert!(
            statuses.contains_key(&status.to_string()),
            "{method} {path} answers {status}: the document does not say so"
        );
        if let (Some(test), true) = (&self.test, status < 400) {
            let mut seen = SEEN.lock().unwrap_or_else(PoisonError::into_inner);
            seen.entry(test.clone()).or_default().1.insert(operation);
        }
    }
}

impl Drop for Recorder {
    fn drop(&mut self) {
        let Some(test) = &self.test else { return };
        let mut all = SEEN.lock().unwrap_or_else(PoisonError::into_inner);
        let (live, seen) = all.entry(test.clone()).or_default();
        *live -= 1;
        if *live > 0 || std::thread::panicking() {
            return;
        }
        if is_writing() {
            write(test, seen);
            return;
        }
        let rows = rows();
        let listed: BTreeSet<Operation> =
            rows.into_iter().filter(|(_, tests)| tests.contains(test)).map(|(operation, _)| operation).collect();
        assert!(
            *seen == listed,
            "docs/paths.md is not what {test} asks for: it lists {listed:?}, asked for is {seen:?}. Run \
             `KANBAN_WRITE_PATHS=1 cargo test -p kanban-server --test server` and look at the difference."
        );
    }
}

fn is_writing() -> bool {
    std::env::var_os("KANBAN_WRITE_PATHS").is_some()
}

/// The operation that answers a request, and what the document says about it.
fn find(method: &str, path: &str) -> Option<(Operation, &'static Value)> {
    let method = if method == "HEAD" { "get".to_owned() } else { method.to_ascii_lowercase() };
    let fits = |template: &str| {
        let (mut parts, mut given) = (template.split('/'), path.split('/'));
        let same = parts.by_ref().zip(given.by_ref()).all(|(part, given)| part.starts_with('{') || part == given);
        same && template.split('/').count() == path.split('/').count()
    };
    let paths = DOCUMENT["paths"].as_object()?;
    // a path that is written out goes before one with a parameter
    let templates = || paths.iter().filter(|(template, _)| fits(template));
    let (template, item) = templates().find(|(template, _)| !template.contains('{')).or_else(|| templates().next())?;
    let documented = item.get(&method)?;
    Some(((method.to_ascii_uppercase(), template.clone()), documented))
}

/// The table as it is committed.
fn rows() -> BTreeMap<Operation, BTreeSet<String>> {
    let text = std::fs::read_to_string(FILE).unwrap_or_default();
    let rows = text.lines().filter(|line| line.starts_with("| ") && line.contains('`'));
    rows.map(|row| {
        let cells: Vec<&str> = row.trim_matches('|').split(" | ").map(str::trim).collect();
        let tests = cells[3].split(", ").filter(|test| !test.is_empty()).map(str::to_owned).collect();
        ((cells[0].to_owned(), cells[1].trim_matches('`').to_owned()), tests)
    })
    .collect()
}

/// Whether the source has a test of this name.
fn is_there(test: &str) -> bool {
    let (module, name) = test.rsplit_once("::").expect("a test in a module");
    let file = format!("{}/../tests/server/{}.rs", env!("CARGO_MANIFEST_DIR"), module.replace("::", "/"));
    std::fs::read_to_string(file).unwrap_or_default().contains(&format!("fn {name}("))
}

/// Writes what one test asks for into the table, and drops paths and tests that are there no more.
fn write(test: &str, seen: &BTreeSet<Operation>) {
    let mut old = rows();
    let mut text = HEAD.to_owned();
    let mut table: Vec<(String, String, &Value)> = Vec::new();
    for (path, item) in DOCUMENT["paths"].as_object().expect("paths") {
        for (method, documented) in item.as_object().expect("methods") {
            table.push((path.clone(), method.to_ascii_uppercase(), documented));
        }
    }
    table.sort_by(|a, b| (&a.0, &a.1).cmp(&(&b.0, &b.1)));
    for (path, method, documented) in table {
        let operation = (method, path);
        let mut tests = old.remove(&operation).unwrap_or_default();
        tests.retain(|other| other != test && is_there(other));
        if seen.contains(&operation) {
            tests.insert(test.to_owned());
        }
        let (method, path) = operation;
        let tests: Vec<String> = tests.into_iter().collect();
        let id = documented["operationId"].as_str().expect("a name");
        text.push_str(&format!("| {method} | `{path}` | {id} | {} |\n", tests.join(", ")));
    }
    std::fs::write(FILE, text).expect("the table is written");
}

#[test]
fn every_path_has_a_test_and_every_test_in_the_table_is_there() {
    if is_writing() {
        return;
    }
    let rows = rows();
    for (path, item) in DOCUMENT["paths"].as_object().expect("paths") {
        for method in item.as_object().expect("methods").keys() {
            let tests = rows.get(&(method.to_ascii_uppercase(), path.clone()));
            assert!(tests.is_some_and(|tests| !tests.is_empty()), "{method} {path} has no test in docs/paths.md");
        }
    }
    for ((method, path), tests) in &rows {
        assert!(find(method, path).is_some(), "docs/paths.md has {method} {path}, which the document has not");
        for test in tests {
            assert!(is_there(test), "docs/paths.md names the test {test}, which is not there");
        }
    }
}
