//! The load generator: a fixed number of connections, each with one request under way.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use http_body_util::{BodyExt, Full};
use hyper::body::{Bytes, Incoming};
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper::{Method, Response, header};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;

use crate::{Outcome, ensure};

/// A request before it is sent.
#[derive(Debug, Clone)]
pub struct Request {
    method: Method,
    path: String,
    body: Option<String>,
    headers: Vec<(&'static str, String)>,
}

impl Request {
    /// Reads something.
    pub fn get(path: String) -> Self {
        Self { method: Method::GET, path, body: None, headers: Vec::new() }
    }

    /// Creates something.
    pub fn post(path: String, body: String) -> Self {
        Self { method: Method::POST, path, body: Some(body), headers: Vec::new() }
    }

    /// Changes something, whatever version it has.
    pub fn guarded(method: Method, path: String, body: String) -> Self {
        Self { method, path, body: Some(body), headers: vec![("if-match", "*".to_owned())] }
    }

    /// With one more header.
    pub fn with(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }
}

/// One connection that is kept.
pub struct Client {
    sender: SendRequest<Full<Bytes>>,
}

impl Client {
    /// Connects.
    pub async fn connect(address: SocketAddr) -> Outcome<Self> {
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        let (sender, connection) = handshake(TokioIo::new(stream)).await?;
        tokio::spawn(connection);
        Ok(Self { sender })
    }

    /// Sends a request and reads the whole answer, which has to be a success.
    pub async fn send(&mut self, request: Request) -> Outcome<Bytes> {
        let shown = request.path.clone();
        let answer = self.answer(request).await?;
        let status = answer.status();
        let body = answer.into_body().collect().await?.to_bytes();
        if status.is_success() {
            Ok(body)
        } else {
            Err(format!("{shown} was answered {status}: {}", String::from_utf8_lossy(&body)).into())
        }
    }

    /// Sends the last request of a connection, whose answer is read as it comes.
    pub async fn open(mut self, request: Request) -> Outcome<Response<Incoming>> {
        let shown = request.path.clone();
        let answer = self.answer(request).await?;
        ensure(answer.status().is_success(), &format!("{shown} was answered {}", answer.status()))?;
        // the connection lives as long as its answer is read
        Ok(answer)
    }

    async fn answer(&mut self, request: Request) -> Outcome<Response<Incoming>> {
        let mut built =
            hyper::Request::builder().method(request.method).uri(request.path).header(header::HOST, "localhost");
        for (name, value) in request.headers {
            built = built.header(name, value);
        }
        if request.body.is_some() {
            built = built.header(header::CONTENT_TYPE, "application/json");
        }
        let built = built.body(Full::from(request.body.unwrap_or_default()))?;
        self.sender.ready().await?;
        Ok(self.sender.send_request(built).await?)
    }
}

/// Requests a second over so many connections. All of them share one thread, which wakes nobody else: what the generator
/// takes of the cores is missing to those that are measured.
pub async fn throughput(
    address: SocketAddr,
    clients: usize,
    time: Duration,
    seed: u64,
    request: impl Fn(&mut fastrand::Rng) -> Request + Clone + Send + 'static,
) -> Outcome<f64> {
    let thread = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let generate = async move {
        let mut connected = Vec::new();
        for _ in 0..clients {
            connected.push(Client::connect(address).await?);
        }
        let start = Instant::now();
        let tasks: Vec<_> = (0..clients)
            .zip(connected)
            .map(|(i, mut client)| {
                let request = request.clone();
                let mut rng = fastrand::Rng::with_seed(seed.wrapping_add(i as u64));
                tokio::spawn(async move {
                    let mut done = 0_u64;
                    while start.elapsed() < time {
                        client.send(request(&mut rng)).await?;
                        done += 1;
                    }
                    Outcome::Ok(done)
                })
            })
            .collect();
        let mut done = 0;
        for task in tasks {
            done += task.await??;
        }
        Ok(done as f64 / start.elapsed().as_secs_f64())
    };
    tokio::task::spawn_blocking(move || thread.block_on(generate)).await?
}
