//! How requests are served: limits, and who may call from a web page.

use std::num::NonZeroU32;
use std::time::Duration;

use axum::http::uri::Authority;
use axum::http::{HeaderName, HeaderValue, Method};
use clap::Args;
use kanban_core::RateLimits;
use tower_http::cors::CorsLayer;

/// Settings of the HTTP side; the command line's and those of tests.
#[derive(Debug, Clone, Args)]
pub struct Config {
    /// The most bytes of a request's body
    #[arg(long, global = true, env = "KANBAN_BODY_LIMIT", default_value_t = 1024 * 1024, value_name = "BYTES")]
    pub body_limit: usize,
    /// How long a request may take until its answer begins, in seconds
    #[arg(long, global = true, env = "KANBAN_ANSWER_TIME", default_value = "30", value_name = "SECONDS", value_parser = seconds)]
    pub answer_time: Duration,
    /// Origins whose web pages may call the API, such as `https://board.example`; several with commas between [default: none]
    #[arg(long, global = true, env = "KANBAN_CORS_ORIGINS", value_delimiter = ',', value_name = "ORIGIN", value_parser = origin)]
    pub cors_origin: Vec<HeaderValue>,
    /// Names under which clients reach /mcp besides this machine's own, such as `board.example` or `board.example:8443`
    #[arg(long, global = true, env = "KANBAN_ALLOWED_HOSTS", value_delimiter = ',', value_name = "HOST", value_parser = host)]
    pub allowed_host: Vec<String>,
    /// Refuse every call without a token, also from this machine
    #[arg(long, global = true, env = "KANBAN_REQUIRE_TOKEN")]
    pub require_token: bool,
    /// The most calls of one token within a window, 0 for any number [default: 1000; any number where no token is needed]
    #[arg(long, global = true, env = "KANBAN_RATE_LIMIT", value_name = "CALLS")]
    pub rate_limit: Option<u32>,
    /// The most calls of a tenant's tokens together [default: 5000; any number where no token is needed]
    #[arg(long, global = true, env = "KANBAN_TENANT_RATE_LIMIT", value_name = "CALLS")]
    pub tenant_rate_limit: Option<u32>,
    /// How long a window lasts for which calls are counted, in seconds
    #[arg(long, global = true, env = "KANBAN_RATE_WINDOW", default_value = "10", value_name = "SECONDS", value_parser = seconds)]
    pub rate_window: Duration,
}

/// The most calls of one token within a window, where tokens are needed.
const RATE_LIMIT: u32 = 1000;
/// The same of a tenant's tokens together.
const TENANT_RATE_LIMIT: u32 = 5000;

impl Default for Config {
    fn default() -> Self {
        Self {
            body_limit: 1024 * 1024,
            answer_time: Duration::from_secs(30),
            cors_origin: Vec::new(),
            allowed_host: Vec::new(),
            require_token: false,
            rate_limit: None,
            tenant_rate_limit: None,
            rate_window: Duration::from_secs(10),
        }
    }
}

impl Config {
    /// How often somebody may call: without end on a server that is open to its own machine, unless it is said.
    pub(crate) fn rate_limits(&self) -> RateLimits {
        let of =
            |given: Option<u32>, usual| NonZeroU32::new(given.unwrap_or(if self.require_token { usual } else { 0 }));
        RateLimits {
            token: of(self.rate_limit, RATE_LIMIT),
            tenant: of(self.tenant_rate_limit, TENANT_RATE_LIMIT),
            window: self.rate_window,
        }
    }

    /// Lets the pages of the given origins call the API and read the headers that it answers with.
    pub(crate) fn cors(&self) -> Option<CorsLayer> {
        (!self.cors_origin.is_empty()).then(|| {
            CorsLayer::new()
                .allow_origin(self.cors_origin.clone())
                .allow_methods([Method::GET, Method::POST, Method::PATCH, Method::DELETE])
                .allow_headers(REQUEST_HEADERS.map(HeaderName::from_static))
                .expose_headers(ANSWER_HEADERS.map(HeaderName::from_static))
                .max_age(Duration::from_secs(3600))
        })
    }
}

/// What a page may send beside what every page may.
const REQUEST_HEADERS: [&str; 16] = [
    "authorization",
    "content-type",
    "idempotency-key",
    "if-match",
    "if-none-match",
    "last-event-id",
    "mcp-method",
    "mcp-name",
    "mcp-protocol-version",
    "mcp-session-id",
    "prefer",
    "x-agent-context",
    "x-agent-id",
    "x-agent-run",
    "x-claim-epoch",
    "x-request-id",
];

/// What a page may read of an answer.
const ANSWER_HEADERS: [&str; 14] = [
    "etag",
    "link",
    "location",
    "mcp-session-id",
    "preference-applied",
    "ratelimit",
    "ratelimit-policy",
    "retry-after",
    "www-authenticate",
    "x-ratelimit-limit",
    "x-ratelimit-remaining",
    "x-ratelimit-reset",
    "x-request-id",
    "x-truncated-fields",
];

fn seconds(text: &str) -> Result<Duration, String> {
    let seconds = text.parse().ok().filter(|seconds| (1..=3600).contains(seconds));
    seconds.map(Duration::from_secs).ok_or_else(|| "expected a whole number of seconds from 1 to 3600".to_owned())
}

/// An origin as browsers send it: scheme, host, port if it is not the scheme's own, and nothing behind.
fn origin(text: &str) -> Result<HeaderValue, String> {
    let rest = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://")).unwrap_or_default();
    let is_origin = !rest.is_empty() && rest.bytes().all(|b| b.is_ascii_graphic() && !b"/?#@,*".contains(&b));
    HeaderValue::from_str(&text.to_ascii_lowercase()).ok().filter(|_| is_origin).ok_or_else(|| {
        "expected an origin as browsers send it, such as https://board.example or http://localhost:5173".to_owned()
    })
}

/// A host name or address, with a port where only that one is right.
fn host(text: &str) -> Result<String, String> {
    let is_host = text.parse::<Authority>().is_ok_and(|host| !host.as_str().contains(['@', '*', ',']));
    let text = text.to_ascii_lowercase();
    if is_host {
        Ok(text)
    } else {
        Err("expected a host as clients name it, such as board.example or board.example:8443".to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::{host, origin};

    #[test]
    fn a_host_is_a_name_and_maybe_a_port() {
        for good in ["board.example", "Board.Example:8443", "10.0.0.7", "[::1]:80"] {
            assert_eq!(host(good).ok(), Some(good.to_lowercase()), "{good}");
        }
        for bad in ["", "https://board.example", "board.example/x", "*.example", "a@b", "a b"] {
            assert!(host(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn an_origin_is_scheme_host_and_port_and_nothing_else() {
        for good in ["https://board.example", "http://localhost:5173", "http://[::1]:80", "https://Board.Example"] {
            assert_eq!(origin(good).ok().as_ref().and_then(|value| value.to_str().ok()), Some(&*good.to_lowercase()));
        }
        for bad in
            ["*", "board.example", "https://", "https://a.example/", "https://a.example/x", "https://*.example", "null"]
        {
            assert!(origin(bad).is_err(), "{bad}");
        }
    }
}
