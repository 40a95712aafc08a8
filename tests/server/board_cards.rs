//! GET /v1/boards/{id}/cards

use std::collections::BTreeMap;

use futures::future::join_all;
use reqwest::Method;
use serde_json::{Value, json};

use crate::client::{Answer, Server};

/// Cards of every priority, some due, some labelled.
async fn fill(server: &Server) {
    for i in 0..7_usize {
        let new = json!({
            "title": format!("card {i}"),
            "priority": (["low", "critical", "medium"][i % 3]),
            "due_at": if i % 2 == 0 { json!(format!("2026-0{}-01T00:00:00Z", 9 - i)) } else { json!(null) },
            "labels": if i < 3 { json!(["bug", "api"]) } else { json!(["bug"]) },
            "description": "at length",
        });
        let path = format!("/v1/columns/{}/cards", server.columns[i % 2]);
        assert_eq!(server.post(&path, new).await.status, 201);
    }
}

fn titles(answer: &Answer) -> Vec<&str> {
    assert_eq!(answer.status, 200, "{:?}", answer.body);
    answer.body["items"]
        .as_array()
        .expect("items")
        .iter()
        .map(|card| card["title"].as_str().expect("a title"))
        .collect()
}

/// The address of the next page.
fn next(answer: &Answer) -> Option<String> {
    let link = answer.header("link");
    assert_eq!(link.is_empty(), answer.body["next_cursor"].is_null(), "both say whether there is more");
    link.strip_prefix('<').and_then(|rest| rest.strip_suffix(">; rel=\"next\"")).map(str::to_owned)
}

#[tokio::test]
async fn cards_are_listed_in_each_order_and_with_filters_that_combine() {
    let server = Server::start().await;
    fill(&server).await;
    let list = async |query: &str| server.get(&format!("/v1/boards/AB/cards?{query}")).await;
    let column = &server.columns[1];
    for (query, expected) in [
        ("", "0 2 4 6 1 3 5"),
        ("sort=position", "0 2 4 6 1 3 5"),
        ("sort=-position", "5 3 1 6 4 2 0"),
        ("sort=created_at", "0 1 2 3 4 5 6"),
        ("sort=-created_at", "6 5 4 3 2 1 0"),
        ("sort=updated_at", "0 1 2 3 4 5 6"),
        ("sort=-updated_at", "6 5 4 3 2 1 0"),
        ("sort=priority", "1 4 2 5 0 3 6"),
        ("sort=-priority", "6 3 0 5 2 4 1"),
        ("sort=due_at", "6 4 2 0 1 3 5"),
        ("sort=-due_at", "5 3 1 0 2 4 6"),
        ("label=bug,api&sort=created_at", "0 1 2"),
        ("label=api&priority=low", "0"),
        ("status=doing&sort=-created_at", "5 3 1"),
        (&format!("column_id={column}&priority=critical"), "1"),
        ("due_after=2026-05-01T00:00:00Z&due_before=2026-09-01T00:00:00Z&sort=due_at", "4 2"),
        ("created_after=2026-01-01T00:00:00Z&ready=true&label=api", "0 2"),
        ("updated_before=2026-01-01T00:00:00Z", ""),
        ("created_before=2026-01-01T00:00:00%2B01:00", ""),
        ("assignee=nobody", ""),
        ("external_id=none", ""),
    ] {
        let answer = list(query).await;
        let numbers: Vec<&str> = titles(&answer).iter().map(|title| &title["card ".len()..]).collect();
        assert_eq!(numbers.join(" "), expected, "{query}");
    }
}

#[tokio::test]
async fn fields_picks_members_of_each_card() {
    let server = Server::start().await;
    fill(&server).await;
    let page = server.get("/v1/boards/AB/cards?fields=title,due_at&limit=1").await;
    assert_eq!(
        page.body["items"],
        json!([{"id": page.body["items"][0]["id"], "key": "AB-1", "version": 1, "title": "card 0",
                "due_at": "2026-09-01T00:00:00.000000Z"}])
    );
    let next = server.get(&next(&page).expect("there is more")).await;
    assert_eq!(next.body["items"][0]["title"], "card 2");
    assert!(next.body["items"][0].get("description").is_none(), "the next page is of the same kind");
    let none = server.get("/v1/boards/AB/cards?fields=&limit=1").await;
    assert_eq!(none.body["items"][0].as_object().expect("a card").len(), 3);
    let whole = server.get("/v1/boards/AB/cards?limit=1").await;
    let names: Vec<&str> = whole.body["items"][0].as_object().expect("a card").keys().map(String::as_str).collect();
    let all = server.get(&format!("/v1/boards/AB/cards?limit=1&fields={}", names.join(","))).await;
    assert_eq!(all.body["items"], whole.body["items"]);
    let unknown = server.get("/v1/boards/AB/cards?fields=title,colour").await;
    assert_eq!(unknown.problem(400), "bad_query");
    assert!(unknown.body["detail"].as_str().is_some_and(|detail| detail.contains("colour")), "{}", unknown.body);
}

#[tokio::test]
async fn pages_follow_each_other_to_the_end_in_every_order() {
    let server = Server::start().await;
    fill(&server).await;
    for sort in ["position", "created_at", "updated_at", "priority", "due_at"] {
        for sort in [sort.to_owned(), format!("-{sort}")] {
            let whole = server.get(&format!("/v1/boards/AB/cards?sort={sort}&label=bug")).await;
            let mut seen: Vec<String> = Vec::new();
            let mut address = Some(format!("/v1/boards/AB/cards?limit=3&sort={sort}&label=bug"));
            while let Some(path) = address {
                let page = server.get(&path).await;
                seen.extend(titles(&page).into_iter().map(str::to_owned));
                address = next(&page);
            }
            assert_eq!(seen, titles(&whole), "{sort}");
        }
    }
}

#[tokio::test]
async fn a_cursor_that_is_forged_or_of_another_list_is_refused() {
    let server = Server::start().await;
    fill(&server).await;
    let first = server.get("/v1/boards/AB/cards?limit=3").await;
    let cursor = first.body["next_cursor"].as_str().expect("a cursor");
    let other = if cursor.starts_with('A') { "B" } else { "A" };
    for query in [
        format!("cursor={other}{}", &cursor[1..]),
        format!("cursor={}", &cursor[1..]),
        "cursor=".to_owned(),
        "cursor=%F0%9F%9A%A2".to_owned(),
        format!("status=doing&cursor={cursor}"),
        format!("sort=-position&cursor={cursor}"),
        format!("sort=created_at&cursor={cursor}"),
    ] {
        let refused = server.get(&format!("/v1/boards/AB/cards?limit=3&{query}")).await;
        assert_eq!((refused.problem(400), &refused.body["errors"][0]["pointer"]), ("invalid", &json!("/cursor")));
    }
    let longer = server.get(&format!("/v1/boards/AB/cards?limit=200&cursor={cursor}")).await;
    assert_eq!(titles(&longer).len(), 4, "the length of a page may change");
}

#[tokio::test]
async fn what_no_list_has_is_refused() {
    let server = Server::start().await;
    let list = async |query: &str| server.get(&format!("/v1/boards/AB/cards?{query}")).await;
    for query in [
        "sort=title",
        "sort=--position",
        "sort=",
        "priority=urgent",
        "status=Todo",
        "ready=yes",
        "due_before=tomorrow",
        "created_after=2026-13-01T00:00:00Z",
        "column_id=todo",
        "offset=3",
        "limit=3&limit=4",
    ] {
        assert_eq!(list(query).await.problem(400), "bad_query", "{query}");
    }
    for query in ["limit=0", "limit=201", "limit=x", "label=a,a", "label=a,,b", "assignee=", "external_id="] {
        assert_eq!(list(query).await.problem(422), "invalid", "{query}");
    }
    assert_eq!(server.get("/v1/boards/NOPE/cards").await.problem(404), "not_found");
    assert_eq!(server.get("/v1/boards/no-board/cards").await.problem(404), "not_found");
    let answer = server.send(server.request(Method::PUT, "/v1/boards/AB/cards")).await;
    assert_eq!(answer.problem(405), "method_not_allowed");
}

/// Every untouched card comes exactly once while eight others create, move and change cards of their own.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_whole_scan_while_others_write_gives_each_untouched_card_exactly_once() {
    let server = Server::start().await;
    for i in 0..24_usize {
        let path = format!("/v1/columns/{}/cards", server.columns[i % 3]);
        let priority = ["low", "high"][i % 2];
        server.post(&path, json!({"title": format!("untouched {i}"), "priority": priority})).await;
    }
    let is_over = std::sync::atomic::AtomicBool::new(false);
    let (server, over) = (&server, &is_over);
    let writers = (0..8_usize).map(|writer| async move {
        let mut round = writer;
        let mine = server.card("own").await["key"].as_str().expect("a key").to_owned();
        while !over.load(std::sync::atomic::Ordering::Relaxed) {
            round += 1;
            let to = json!({"column_id": server.columns[round % 3], "position": round % 20});
            let moved = server.write(Method::POST, &format!("/v1/cards/{mine}/move"), "*", to).await;
            assert_eq!(moved.status, 200, "{:?}", moved.body);
            let patch = json!({"priority": (["lowest", "medium", "critical"][round % 3])});
            assert_eq!(server.write(Method::PATCH, &format!("/v1/cards/{mine}"), "*", patch).await.status, 200);
            let new = json!({"title": "own", "position": round % 20});
            let made = server.post(&format!("/v1/columns/{}/cards", server.columns[round % 3]), new).await;
            assert_eq!(made.status, 201, "{:?}", made.body);
            let gone = server.write(Method::DELETE, made.header("location"), "*", json!({})).await;
            assert_eq!(gone.status, 200, "{:?}", gone.body);
        }
    });
    let reader = async {
        for sort in ["position", "-position", "created_at", "-updated_at", "priority", "-due_at"] {
            let mut times: BTreeMap<String, usize> = BTreeMap::new();
            let mut address = Some(format!("/v1/boards/AB/cards?limit=5&fields=title&sort={sort}"));
            while let Some(path) = address {
                let page = server.get(&path).await;
                for title in titles(&page).into_iter().filter(|title| title.starts_with("untouched")) {
                    *times.entry(title.to_owned()).or_default() += 1;
                }
                address = next(&page);
            }
            assert_eq!(times.len(), 24, "{sort}");
            assert!(times.values().all(|times| *times == 1), "{sort}: {times:?}");
        }
        over.store(true, std::sync::atomic::Ordering::Relaxed);
    };
    futures::join!(reader, join_all(writers));
}

#[tokio::test]
async fn a_card_of_another_board_is_in_no_list() {
    let server = Server::start().await;
    let other = server.post("/v1/boards", json!({"name": "Other"})).await;
    let column = other.body["columns"][0]["id"].as_str().expect("an id");
    server.post(&format!("/v1/columns/{column}/cards"), json!({"title": "foreign"})).await;
    for sort in ["position", "created_at", "updated_at", "priority", "due_at"] {
        let page = server.get(&format!("/v1/boards/AB/cards?sort={sort}")).await;
        assert_eq!(page.body, json!({"items": [], "next_cursor": Value::Null}));
    }
    let column = server.get(&format!("/v1/boards/AB/cards?column_id={column}")).await;
    assert!(titles(&column).is_empty(), "also where its column is named");
}
