//! A server on a free port and a client that talks to it.

use kanban_core::Store;
use kanban_server::Config;
use reqwest::{Method, StatusCode};
use serde_json::Value;

use crate::paths::Recorder;
use crate::support;

/// A server with a board, on its own database. Ends with the test.
pub struct Server {
    pub base: String,
    http: reqwest::Client,
    task: tokio::task::JoinHandle<()>,
    pub database: support::Database,
    /// Ids of the columns Todo, Doing, Done of board AB.
    pub columns: [String; 3],
    recorder: Recorder,
}

impl Drop for Server {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// An answer with what tests look at.
#[derive(Debug)]
pub struct Answer {
    pub status: StatusCode,
    pub headers: reqwest::header::HeaderMap,
    pub body: Value,
}

impl Answer {
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().expect("text"))
    }

    /// The problem's code, after a look that it is a whole problem document.
    pub fn problem(&self, status: u16) -> &str {
        assert_eq!(self.status.as_u16(), status, "{:?}", self.body);
        assert_eq!(self.header("content-type"), "application/problem+json");
        assert_eq!(self.body["status"], status);
        assert_eq!(self.body["request_id"], self.header("x-request-id"));
        assert!(self.body["detail"].as_str().is_some_and(|detail| detail.ends_with('.')), "a sentence: {}", self.body);
        self.body["code"].as_str().expect("a code")
    }
}

impl Server {
    pub async fn start() -> Self {
        Self::start_with(Config::default()).await
    }

    pub async fn start_with(config: Config) -> Self {
        let database = support::database().await;
        let store = database.store().await;
        let (_, board) = support::board(&store).await;
        let columns = std::array::from_fn(|i| board.columns[i].id.to_string());
        Self::serve(store, database, columns, config).await
    }

    /// Another server on the same database, which is left as it is.
    pub async fn on(other: &Self, config: Config) -> Self {
        Self::serve(other.database.store().await, other.database.clone(), other.columns.clone(), config).await
    }

    async fn serve(store: Store, database: support::Database, columns: [String; 3], config: Config) -> Self {
        let recorder = Recorder::start();
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let base = format!("http://{}", listener.local_addr().expect("its address"));
        let app = kanban_server::app(store, &config);
        let task = tokio::spawn(async move { axum::serve(listener, app).await.expect("it serves") });
        Self { base, http: reqwest::Client::new(), task, database, columns, recorder }
    }

    pub fn request(&self, method: Method, path: &str) -> reqwest::RequestBuilder {
        self.http.request(method, format!("{}{path}", self.base))
    }

    pub async fn send(&self, request: reqwest::RequestBuilder) -> Answer {
        let request = request.build().expect("a request");
        let (method, path) = (request.method().clone(), request.url().path().to_owned());
        let answer = self.answer(request).await;
        self.recorder.answered(method.as_str(), &path, answer.status.as_u16());
        answer
    }

    /// The same for an answer that goes on.
    pub async fn open(&self, request: reqwest::RequestBuilder) -> reqwest::Response {
        let request = request.build().expect("a request");
        let (method, path) = (request.method().clone(), request.url().path().to_owned());
        let response = self.http.execute(request).await.expect("an answer");
        self.recorder.answered(method.as_str(), &path, response.status().as_u16());
        response
    }

    async fn answer(&self, request: reqwest::Request) -> Answer {
        let response = self.http.execute(request).await.expect("an answer");
        let (status, headers) = (response.status(), response.headers().clone());
        let bytes = response.bytes().await.expect("a body");
        let body = if bytes.is_empty() { Value::Null } else { serde_json::from_slice(&bytes).expect("JSON") };
        Answer { status, headers, body }
    }

    pub async fn get(&self, path: &str) -> Answer {
        self.send(self.request(Method::GET, path)).await
    }

    /// What is there, of whatever kind.
    pub async fn text(&self, path: &str) -> String {
        let response = self.request(Method::GET, path).send().await.expect("an answer");
        assert_eq!(response.status(), 200, "{path}");
        String::from_utf8_lossy(&response.bytes().await.expect("a body")).into_owned()
    }

    pub async fn post(&self, path: &str, body: Value) -> Answer {
        self.send(self.request(Method::POST, path).json(&body)).await
    }

    /// A guarded write.
    pub async fn write(&self, method: Method, path: &str, if_match: &str, body: Value) -> Answer {
        self.send(self.request(method, path).header("If-Match", if_match).json(&body)).await
    }

    /// A call of an agent, under a claim where an epoch is given.
    pub async fn act(&self, agent: &str, epoch: Option<i64>, path: &str, body: Value) -> Answer {
        let mut request = self.request(Method::POST, path).header("X-Agent-Id", agent).json(&body);
        if let Some(epoch) = epoch {
            request = request.header("X-Claim-Epoch", epoch);
        }
        self.send(request).await
    }

    /// A card in Todo, to do something with.
    pub async fn card(&self, title: &str) -> Value {
        let path = format!("/v1/columns/{}/cards", self.columns[0]);
        let request = self.request(Method::POST, &path).json(&serde_json::json!({ "title": title }));
        let made = self.answer(request.build().expect("a request")).await;
        assert_eq!(made.status, 201, "{:?}", made.body);
        made.body
    }
}
