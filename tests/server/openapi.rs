//! /openapi.json and /docs: the document is the committed one, whole, and readable without internet.

use serde_json::{Value, json};

use crate::client::Server;

fn document() -> Value {
    serde_json::from_str(&kanban_server::openapi::DOCUMENT).expect("JSON")
}

/// Every operation: method, path, and what the document says about it.
fn operations(document: &Value) -> Vec<(&str, &str, &Value)> {
    let paths = document["paths"].as_object().expect("paths");
    let operations = paths.iter().flat_map(|(path, item)| {
        item.as_object()
            .expect("methods")
            .iter()
            .map(move |(method, operation)| (method.as_str(), path.as_str(), operation))
    });
    operations.collect()
}

#[test]
fn the_committed_document_is_what_the_code_says() {
    let committed = include_str!("../../docs/openapi.json");
    assert!(
        committed == kanban_server::openapi::DOCUMENT.as_str(),
        "docs/openapi.json is not what the code says. Run `cargo run -p kanban-server -- openapi > docs/openapi.json` and look at \
         the difference."
    );
}

#[test]
fn every_operation_is_described_whole() {
    let document = document();
    assert_eq!(document["openapi"], "3.1.0");
    let mut ids = Vec::new();
    for (method, path, operation) in operations(&document) {
        let whole = operation["summary"].as_str().is_some_and(|summary| summary.ends_with('.'));
        assert!(whole, "{method} {path} has a summary, which is a sentence");
        ids.push(operation["operationId"].as_str().expect("an operationId"));
        let tag = &operation["tags"][0];
        let tags = document["tags"].as_array().expect("tags");
        assert!(tags.iter().any(|known| known["name"] == *tag), "{method} {path}: the tag {tag} is described");
        for (media, content) in operation["requestBody"]["content"].as_object().into_iter().flatten() {
            assert!(content["example"].is_object(), "{method} {path} has an example of {media}");
        }
        let responses = operation["responses"].as_object().expect("responses");
        assert!(responses.keys().any(|status| status.starts_with('2')), "{method} {path} has an answer");
        for (status, response) in responses {
            let shared = response["$ref"].as_str().map(|name| document.pointer(&name[1..]).expect("it is there"));
            let response = shared.unwrap_or(response);
            assert!(response["headers"]["X-Request-Id"].is_object(), "{method} {path} {status} has its headers");
        }
    }
    let count = ids.len();
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), count, "operations have names of their own");
}

#[test]
fn references_lead_somewhere_and_descriptions_are_prose() {
    fn walk(value: &Value, whole: &Value) {
        match value {
            Value::Object(members) => {
                for (name, member) in members {
                    if let (true, Some(reference)) = (name == "$ref", member.as_str()) {
                        assert!(whole.pointer(reference.trim_start_matches('#')).is_some(), "{reference} is there");
                    }
                    if let (true, Some(text)) = (name == "description" || name == "summary", member.as_str()) {
                        for sign in ["](", "[`", "```", "::"] {
                            assert!(!text.contains(sign), "a description is for readers of Rust alone: {text}");
                        }
                    }
                    walk(member, whole);
                }
            }
            Value::Array(items) => items.iter().for_each(|item| walk(item, whole)),
            _ => {}
        }
    }
    let document = document();
    walk(&document, &document);
}

#[tokio::test]
async fn the_document_and_a_page_to_read_it_are_served_without_internet() {
    let server = Server::start().await;
    assert_eq!(server.get("/openapi.json").await.body, document());
    let page = server.text("/docs/").await;
    let files: Vec<&str> = page
        .split(['"', '\''])
        .filter(|text| [".js", ".css", ".png"].iter().any(|kind| text.ends_with(kind)))
        .collect();
    assert!(files.len() >= 4, "{page}");
    for file in files {
        assert!(!file.contains("//"), "{file} comes from this server");
        let text = server.text(&format!("/docs/{}", file.trim_start_matches("./"))).await;
        assert!(!text.is_empty(), "{file}");
    }
    let start = server.text("/docs/swagger-initializer.js").await;
    assert!(start.contains("\"/openapi.json\""), "{start}");
}

#[tokio::test]
async fn unknown_and_repeated_query_parameters_are_refused_on_every_path() {
    let server = Server::start().await;
    let document = document();
    for (method, path, operation) in operations(&document) {
        let method = method.to_uppercase().parse().expect("a method");
        let path = path.replace("{id}", "AB-1");
        let unknown = server.send(server.request(method, &format!("{path}?colour=red"))).await;
        assert_eq!(unknown.problem(400), "bad_query", "{path}");
        assert!(
            unknown.body["detail"].as_str().is_some_and(|detail| detail.contains("\"colour\"")),
            "{}",
            unknown.body
        );
        let names = operation["parameters"].as_array().into_iter().flatten();
        for name in
            names.filter(|parameter| parameter["in"] == "query").filter_map(|parameter| parameter["name"].as_str())
        {
            let twice = server.get(&format!("{path}?{name}=a&{name}=a")).await;
            assert_eq!((twice.problem(400), &twice.body["code"]), ("bad_query", &json!("bad_query")), "{path} {name}");
        }
    }
    assert_eq!(server.get("/v1/boards?colour=%FF").await.problem(400), "bad_query");
}
