//! How often somebody may call: told on every answer, refused with 429, and held by several processes together.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use kanban_server::Config;
use reqwest::Method;
use serde_json::json;

use crate::client::{Answer, Server};
use crate::mcp;
use crate::process::{Running, binary, output};
use crate::scopes::tokens;
use crate::support;

/// A window that does not end while a test runs.
const WINDOW: u64 = 3600;

fn config(rate_limit: u32, tenant_rate_limit: u32) -> Config {
    Config {
        require_token: true,
        rate_limit: Some(rate_limit),
        tenant_rate_limit: Some(tenant_rate_limit),
        rate_window: Duration::from_secs(WINDOW),
        ..Config::default()
    }
}

/// Name, parameter and value of each item of a header that is a list of them (RFC 9651).
fn items(header: &str) -> Vec<(String, Vec<(String, u64)>)> {
    header
        .split(", ")
        .map(|item| {
            let mut parts = item.split(';');
            let name = parts.next().expect("a name").strip_prefix('"').and_then(|rest| rest.strip_suffix('"'));
            let values = parts.map(|part| {
                let (key, value) = part.split_once('=').expect("a parameter");
                (key.to_owned(), value.parse().expect("a whole number"))
            });
            (name.expect("in quotes").to_owned(), values.collect())
        })
        .collect()
}

fn left(answer: &Answer) -> Vec<u64> {
    items(answer.header("ratelimit")).into_iter().map(|(_, values)| values[0].1).collect()
}

fn seconds_since_1970() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).expect("it is later").as_secs()
}

#[tokio::test]
async fn every_answer_tells_what_is_left_and_the_last_ones_when_to_come_again() {
    let server = Server::start_with(config(6, 50)).await;
    let [read, write, _] = tokens(&server).await;
    let get = async |token: &str, path: &str| server.send(server.request(Method::GET, path).bearer_auth(token)).await;
    let first = get(&read, "/v1/boards/AB").await;
    assert_eq!(first.status, 200);
    assert_eq!(first.header("ratelimit-policy"), "\"token\";q=6;w=3600, \"tenant\";q=50;w=3600");
    let rests = items(first.header("ratelimit"));
    for ((name, values), (expected, rest)) in rests.iter().zip([("token", 5), ("tenant", 49)]) {
        assert_eq!((name.as_str(), values[0].0.as_str(), values[1].0.as_str()), (expected, "r", "t"));
        assert!(values[0].1 == rest && (WINDOW - 60..=WINDOW).contains(&values[1].1), "{values:?}");
    }
    assert_eq!((first.header("x-ratelimit-limit"), first.header("x-ratelimit-remaining")), ("6", "5"));
    let reset: u64 = first.header("x-ratelimit-reset").parse().expect("a number");
    assert!((WINDOW - 60..=WINDOW + 60).contains(&(reset - seconds_since_1970())), "{reset}");
    // refusals count, and tell it as well
    assert_eq!(left(&get(&read, "/v1/cards/AB-9").await), [4, 48]);
    let workspace = json!({"name": "w"});
    let forbidden = server.request(Method::POST, "/v1/workspaces").bearer_auth(&read).json(&workspace);
    let forbidden = server.send(forbidden).await;
    assert_eq!((forbidden.problem(403), left(&forbidden)), ("scope_needed", vec![3, 47]));
    let unchanged = server.request(Method::GET, "/v1/boards/AB").header("If-None-Match", first.header("etag"));
    let unchanged = server.send(unchanged.bearer_auth(&read)).await;
    assert_eq!((unchanged.status.as_u16(), left(&unchanged)), (304, vec![2, 46]));
    // what a key keeps of an answer is not what was left then
    let once = || server.request(Method::POST, "/v1/workspaces").header("Idempotency-Key", "k").json(&workspace);
    assert_eq!(left(&server.send(once().bearer_auth(&write)).await), [5, 45]);
    let replayed = server.send(once().bearer_auth(&write)).await;
    assert_eq!((replayed.header("idempotency-replayed"), left(&replayed)), ("true", vec![4, 44]));
    // whose call it would be is not known
    let nobody = server.get("/v1/boards/AB").await;
    assert_eq!((nobody.problem(401), nobody.header("ratelimit")), ("unauthenticated", ""));

    get(&read, "/v1/boards/AB").await;
    assert_eq!(left(&get(&read, "/v1/boards/AB").await), [0, 42]);
    let refused = get(&read, "/v1/boards/AB").await;
    assert_eq!(refused.problem(429), "rate_limited");
    let after: u64 = refused.header("retry-after").parse().expect("seconds");
    assert!((WINDOW - 60..=WINDOW).contains(&after), "{after}");
    assert_eq!(refused.header("ratelimit-policy"), "\"token\";q=6;w=3600");
    assert_eq!(refused.header("ratelimit"), format!("\"token\";r=0;t={after}"));
    assert_eq!((refused.header("x-ratelimit-limit"), refused.header("x-ratelimit-remaining")), ("6", "0"));
    let body = &refused.body;
    assert_eq!((&body["limited"], &body["limit"], &body["window"]), (&json!("token"), &json!(6), &json!(WINDOW)));
    assert_eq!((&body["retryable"], &body["retry_after"]), (&json!(true), &json!(after)));
    assert_eq!(left(&get(&write, "/v1/boards/AB").await), [3, 41], "another token goes on");
}

#[tokio::test]
async fn mcp_is_limited_as_rest_is_and_what_watches_over_the_server_is_not() {
    let server = Server::start_with(config(3, 50)).await;
    let [read, ..] = tokens(&server).await;
    let list = || mcp::request(&server, "tools/list", json!({})).bearer_auth(&read);
    for rest in (0..3).rev() {
        let answer = server.send(list()).await;
        assert_eq!((answer.status.as_u16(), left(&answer)[0]), (200, rest));
    }
    let refused = server.send(list()).await;
    assert_eq!((refused.problem(429), &refused.body["limited"]), ("rate_limited", &json!("token")));
    assert!(!refused.header("retry-after").is_empty());
    let rest = server.send(server.request(Method::GET, "/v1/boards/AB").bearer_auth(&read)).await;
    assert_eq!(rest.problem(429), "rate_limited", "they count together");
    for path in ["/healthz", "/readyz", "/metrics", "/openapi.json"] {
        let open = server.open(server.request(Method::GET, path).bearer_auth(&read)).await;
        assert_eq!((open.status().as_u16(), open.headers().get("ratelimit")), (200, None), "{path}");
    }
}

#[tokio::test]
async fn a_tenant_s_share_is_bounded_and_another_tenant_s_is_its_own() {
    let server = Server::start_with(config(30, 40)).await;
    let [read, write, admin] = tokens(&server).await;
    let mut statuses = Vec::new();
    for token in [&read, &write, &admin].into_iter().cycle().take(50) {
        let answer = server.send(server.request(Method::GET, "/v1/boards/AB").bearer_auth(token)).await;
        if answer.status == 429 {
            assert_eq!(answer.body["limited"], "tenant");
            assert_eq!(answer.header("x-ratelimit-limit"), "40");
        }
        statuses.push(answer.status.as_u16());
    }
    assert_eq!(statuses.iter().filter(|status| **status == 200).count(), 40);
    assert!(statuses[40..].iter().all(|status| *status == 429), "{statuses:?}");
    let store = server.database.store().await;
    store.create_tenant("acme").await.expect("a tenant");
    let acme = store.tenant("acme", kanban_core::Actor::human("ada")).expect("a person");
    let new = kanban_core::NewToken::named("theirs", kanban_core::TokenScope::Read);
    let theirs = acme.create_token(new).await.expect("a token").secret.expect("its text");
    let answer = server.send(server.request(Method::GET, "/v1/boards").bearer_auth(&theirs)).await;
    assert_eq!((answer.status.as_u16(), left(&answer)), (200, vec![29, 39]));
}

#[tokio::test]
async fn limits_are_on_where_tokens_are_needed_and_off_on_a_server_open_to_its_machine() {
    let server = Server::start_with(Config { require_token: true, ..Config::default() }).await;
    let [read, ..] = tokens(&server).await;
    let usual = server.send(server.request(Method::GET, "/v1/boards/AB").bearer_auth(&read)).await;
    assert_eq!(usual.header("ratelimit-policy"), "\"token\";q=1000;w=10, \"tenant\";q=5000;w=10");
    let none = Server::on(&server, config(0, 0)).await;
    let answer = none.send(none.request(Method::GET, "/v1/boards/AB").bearer_auth(&read)).await;
    assert_eq!((answer.status.as_u16(), answer.header("ratelimit")), (200, ""));
    let open = Server::start().await;
    let answer = open.get("/v1/boards/AB").await;
    assert_eq!((answer.status.as_u16(), answer.header("ratelimit-policy")), (200, ""));
    // whoever calls without a token counts as one, if that is wanted
    let said = Server::on(&open, Config { require_token: false, tenant_rate_limit: None, ..config(2, 0) }).await;
    for status in [200, 200, 429] {
        let answer = said.get("/v1/boards/AB").await;
        assert_eq!(answer.status, status);
        assert_eq!(answer.header("ratelimit-policy"), "\"token\";q=2;w=3600");
    }
}

/// Who cannot be counted is not let in.
#[tokio::test]
async fn without_its_database_a_server_lets_nobody_in() {
    let server = Server::start_with(config(100, 1000)).await;
    let [read, ..] = tokens(&server).await;
    let get = async || server.send(server.request(Method::GET, "/v1/boards/AB").bearer_auth(&read)).await;
    // known now, and the one call that it was given is used up
    assert_eq!(get().await.status, 200);
    let pool = server.database.superuser().await;
    let name = server.database.name();
    let alter = format!("alter database {name} connection limit 0");
    sqlx::raw_sql(sqlx::AssertSqlSafe(alter)).execute(&pool).await.expect("a limit");
    let end = "select pg_terminate_backend(pid) from pg_stat_activity
        where datname = current_database() and usename = 'kanban'";
    sqlx::raw_sql(end).execute(&pool).await.expect("they end");
    let refused = get().await;
    assert_eq!((refused.problem(503), refused.header("retry-after")), ("unavailable", "1"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_servers_on_one_database_keep_to_a_limit_together() {
    let database = support::database().await;
    let url = database.url();
    let token = output(&url, &["token", "create", "--name", "root", "--scope", "admin"]).trim_end().to_owned();
    let start = || {
        let mut command = binary();
        command.env("DATABASE_URL", &url).env("KANBAN_RATE_LIMIT", "300");
        Running::start(command.args(["--tenant-rate-limit", "2000", "--rate-window", "3600"]))
    };
    let servers = [start(), start()];
    let client = reqwest::Client::new();
    let calls = (0..8).map(|caller| {
        let url = format!("http://{}/v1/boards/AB", servers[caller % 2].address);
        let (client, token) = (&client, &token);
        async move {
            let mut let_in = 0;
            for _ in 0..80 {
                let answer = client.get(&url).bearer_auth(token).send().await.expect("an answer");
                match answer.status().as_u16() {
                    200 => let_in += 1,
                    status => assert_eq!((status, answer.headers().contains_key("retry-after")), (429, true)),
                }
            }
            let_in
        }
    });
    let let_in: usize = futures::future::join_all(calls).await.into_iter().sum();
    eprintln!("{let_in} of 640 calls let in, the limit is 300");
    assert!((270..=300).contains(&let_in), "{let_in}");
}
