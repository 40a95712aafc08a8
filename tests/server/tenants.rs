//! Tenants over HTTP.

use kanban_core::{Actor, NewToken, TokenScope};
use kanban_server::Config;
use reqwest::Method;
use serde_json::json;

use crate::client::{Answer, Server};
use crate::scopes::tokens;

#[tokio::test]
async fn tenants_come_pause_and_go_for_administrators_of_the_default_one() {
    let server = Server::start_with(Config { require_token: true, ..Config::default() }).await;
    let [_, _, admin] = tokens(&server).await;
    let send = async |token: &str, method: Method, path: &str, body: serde_json::Value| -> Answer {
        let request = server.request(method.clone(), path).bearer_auth(token);
        server.send(if method == Method::POST && path == "/v1/tenants" { request.json(&body) } else { request }).await
    };
    let none = || json!({});
    let created = send(&admin, Method::POST, "/v1/tenants", json!({"id": "acme"})).await;
    assert_eq!((created.status.as_u16(), created.header("location")), (201, "/v1/tenants/acme"), "{:?}", created.body);
    let again = send(&admin, Method::POST, "/v1/tenants", json!({"id": "acme"})).await;
    assert_eq!((again.status.as_u16(), &again.body), (200, &created.body));
    let bad = send(&admin, Method::POST, "/v1/tenants", json!({"id": "Not A Name"})).await;
    assert_eq!((bad.problem(422), &bad.body["errors"][0]["pointer"]), ("invalid", &json!("/id")));
    let listed = send(&admin, Method::GET, "/v1/tenants", none()).await;
    assert_eq!((&listed.body["items"][0]["id"], &listed.body["items"][1]["id"]), (&json!("acme"), &json!("default")));

    let acme = server.database.store().await.tenant("acme", Actor::human("ada")).expect("a person");
    let theirs = acme.create_token(NewToken::named("theirs", TokenScope::Admin)).await.expect("a token").secret;
    let theirs = theirs.expect("its text");
    assert_eq!(send(&theirs, Method::GET, "/v1/boards", none()).await.body["items"], json!([]));
    for (method, path) in [
        (Method::POST, "/v1/tenants"),
        (Method::GET, "/v1/tenants"),
        (Method::GET, "/v1/tenants/default"),
        (Method::POST, "/v1/tenants/acme/suspend"),
        (Method::POST, "/v1/tenants/acme/resume"),
        (Method::DELETE, "/v1/tenants/acme"),
    ] {
        assert_eq!(send(&theirs, method, path, json!({"id": "b"})).await.problem(403), "forbidden", "{path}");
    }

    let works = send(&admin, Method::DELETE, "/v1/tenants/acme", none()).await;
    assert_eq!(works.problem(409), "tenant_active");
    let suspended = send(&admin, Method::POST, "/v1/tenants/acme/suspend", none()).await;
    assert!(suspended.body["suspended_at"].is_string(), "{}", suspended.body);
    let resumed = send(&admin, Method::POST, "/v1/tenants/acme/resume", none()).await;
    assert!(resumed.body["suspended_at"].is_null());
    send(&admin, Method::POST, "/v1/tenants/acme/suspend", none()).await;
    // unseen here until now, so that it is read anew
    let other = Server::on(&server, Config { require_token: true, ..Config::default() }).await;
    let refused = other.send(other.request(Method::GET, "/v1/boards").bearer_auth(&theirs)).await;
    assert_eq!((refused.problem(403), &refused.body["tenant"]), ("tenant_suspended", &json!("acme")));
    let deleted = send(&admin, Method::DELETE, "/v1/tenants/acme", none()).await;
    assert!(deleted.body["deleted_at"].is_string(), "{}", deleted.body);
    let gone = other.send(other.request(Method::GET, "/v1/boards").bearer_auth(&theirs)).await;
    assert!([401, 403].contains(&gone.status.as_u16()));
    assert_eq!(send(&admin, Method::GET, "/v1/tenants/acme", none()).await.body, deleted.body);
    assert_eq!(send(&admin, Method::POST, "/v1/tenants", json!({"id": "acme"})).await.problem(409), "tenant_deleted");
    assert_eq!(send(&admin, Method::GET, "/v1/tenants/initech", none()).await.problem(404), "not_found");
    assert_eq!(send(&admin, Method::POST, "/v1/tenants/default/suspend", none()).await.problem(409), "tenant_default");
}
