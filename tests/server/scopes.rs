//! Deny by default: every route with every scope, from the document that the route table makes.

use kanban_core::{Actor, NewToken, TokenScope};
use kanban_server::Config;
use reqwest::Method;
use serde_json::{Value, json};

use crate::client::Server;

const SCOPES: [Option<TokenScope>; 4] =
    [None, Some(TokenScope::Read), Some(TokenScope::Write), Some(TokenScope::Admin)];

/// Method, path and the scope that the document names; `None` where anybody may call.
fn routes() -> Vec<(Method, String, Option<TokenScope>)> {
    let document: Value = serde_json::from_str(&kanban_server::openapi::DOCUMENT).expect("JSON");
    let mut routes = Vec::new();
    for (path, item) in document["paths"].as_object().expect("paths") {
        for (method, operation) in item.as_object().expect("methods") {
            let security = operation["security"].as_array().expect("each operation says who may call it");
            let needed = security.first().map(|needed| {
                assert_eq!((security.len(), needed["token"].as_array().map(Vec::len)), (1, Some(1)), "{method} {path}");
                needed["token"][0].as_str().expect("a scope").parse().expect("a known scope")
            });
            routes.push((method.to_uppercase().parse().expect("a method"), path.clone(), needed));
        }
    }
    routes
}

/// Texts of a token of each scope of the tenant `default`.
pub async fn tokens(server: &Server) -> [String; 3] {
    let kanban = server.database.store().await.tenant("default", Actor::human("root")).expect("a person");
    let mut texts = Vec::new();
    for scope in TokenScope::ALL {
        let created = kanban.create_token(NewToken::named(format!("{scope} token"), *scope)).await.expect("a token");
        texts.push(created.secret.expect("its text"));
    }
    texts.try_into().expect("three")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn only_the_listed_pairs_of_route_and_scope_pass() {
    let server = Server::start_with(Config { require_token: true, ..Config::default() }).await;
    let tokens = tokens(&server).await;
    let routes = routes();
    let (mut passed, mut refused) = (0, 0);
    for (method, path, needed) in &routes {
        for (place, scope) in SCOPES.into_iter().enumerate() {
            // names nothing, so that what passes finds nothing to do
            let path = path.replace("{id}", "01ARZ3NDEKTSV4RRFFQ69G5FAV");
            let mut request = server.request(method.clone(), &path);
            if let Some(place) = place.checked_sub(1) {
                request = request.bearer_auth(&tokens[place]);
            }
            if *method != Method::GET {
                // a body that every operation refuses
                request = request.json(&json!({"none of these": 1}));
            }
            let response = request.send().await.expect("an answer");
            let status = response.status().as_u16();
            let challenge =
                response.headers().get("www-authenticate").map(|value| value.to_str().expect("text").to_owned());
            let what = format!("{method} {path} with {scope:?}: {status}");
            if *needed > scope {
                refused += 1;
                let problem: Value = response.json().await.expect("a problem");
                let challenge = challenge.expect("a challenge");
                if scope.is_none() {
                    assert_eq!((status, &problem["code"]), (401, &json!("unauthenticated")), "{what}");
                    assert_eq!(challenge, "Bearer realm=\"kanban\"", "{what}");
                } else {
                    assert_eq!((status, &problem["code"]), (403, &json!("scope_needed")), "{what}");
                    assert_eq!(problem["scope"], json!(needed), "{what}: it names the scope");
                    assert!(challenge.ends_with(&format!("scope=\"{}\"", needed.expect("a scope"))), "{challenge}");
                }
            } else {
                passed += 1;
                assert!(![401, 403].contains(&status), "{what}");
            }
        }
    }
    eprintln!("{} routes with {} scopes: {passed} pairs pass, {refused} are refused", routes.len(), SCOPES.len());
    assert!(routes.len() > 45 && passed > 100 && refused > 100);
}

#[test]
fn what_changes_something_needs_more_than_to_read() {
    for (method, path, needed) in routes() {
        let expected: &[Option<TokenScope>] = match (method.as_str(), path.as_str()) {
            (_, path) if path.starts_with("/v1/tokens") || path.starts_with("/v1/tenants") => {
                &[Some(TokenScope::Admin)]
            }
            (_, "/v1/boards/{id}/undo") => &[Some(TokenScope::Admin)],
            ("GET", path) if path.starts_with("/v1/") => &[Some(TokenScope::Read)],
            ("GET", _) => &[None],
            _ => &[Some(TokenScope::Write)],
        };
        assert!(expected.contains(&needed), "{method} {path} needs {needed:?}");
    }
}

/// The table takes no route without a scope. This holds everybody to the table.
#[test]
fn no_route_is_added_past_the_table() {
    let source = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut places = Vec::new();
    let mut folders = vec![source.clone()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).expect("a folder") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            let text = std::fs::read_to_string(&path).expect("it reads");
            for way in [".route(", ".routes(", ".route_service(", ".nest(", ".nest_service(", ".merge(", ".fallback"] {
                for _ in text.matches(way) {
                    let file = path.strip_prefix(&source).expect("below it").display().to_string();
                    places.push(format!("{file} {way}"));
                }
            }
        }
    }
    places.sort();
    // the table itself, to serve and to describe; the page that shows the document; the one route of MCP, and the two brought together
    let known = [
        "lib.rs .merge(",
        "mcp/http.rs .route_service(",
        "openapi/table.rs .routes(",
        "openapi/table.rs .routes(",
        "rest/mod.rs .merge(",
    ];
    assert_eq!(places, known, "a route belongs into rest/mod.rs, where it is given a scope");
}
