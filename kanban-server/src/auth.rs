//! Who calls: the holder of a token or, on a server that is open to its own machine, anybody there.
//!
//! [`Guard::admit`] stands before every route that the table does not leave open, with the scope that the table names: it
//! finds out who calls, counts the call, and lets in whoever has the scope.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use axum::extract::Request;
use axum::http::uri::Authority;
use axum::http::{HeaderMap, HeaderValue, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use kanban_core::{Actor, Error, Kanban, RateLimits, Store, TokenScope};

use crate::Config;
use crate::problem::Problem;
use crate::rate;

/// The tenant of whoever calls without a token.
const TENANT: &str = "default";

/// What there is to decide by.
pub(crate) struct Guard {
    store: Store,
    is_open: bool,
    pages: Vec<HeaderValue>,
    names: Vec<String>,
    limits: RateLimits,
}

impl Guard {
    pub(crate) fn new(store: Store, config: &Config) -> Self {
        Self {
            store,
            is_open: !config.require_token,
            pages: config.cors_origin.clone(),
            names: config.allowed_host.clone(),
            limits: config.rate_limits(),
        }
    }

    /// Lets in who has the scope and has not called too often.
    pub(crate) async fn admit<F>(
        &self,
        needed: TokenScope,
        mut request: Request,
        go_on: impl FnOnce(Request) -> F,
    ) -> Response
    where
        F: Future<Output = Response>,
    {
        let kanban = match self.identify(request.headers(), request.uri()).await {
            Ok(kanban) => kanban,
            Err(problem) => return problem.into_response(),
        };
        let span = tracing::Span::current();
        span.record("tenant.id", kanban.tenant().as_str());
        if let Some(token) = kanban.token_id() {
            span.record("token.id", tracing::field::display(token));
        }
        let allowances = match kanban.count_call(&self.limits).await {
            Ok(allowances) => allowances,
            Err(error) => return Problem::from(error).into_response(),
        };
        let mut response = match kanban.require(needed) {
            Ok(()) => {
                request.extensions_mut().insert(Caller(kanban));
                go_on(request).await
            }
            Err(error) => Problem::from(error).into_response(),
        };
        rate::tell(&allowances, response.headers_mut());
        response
    }

    async fn identify(&self, headers: &HeaderMap, uri: &Uri) -> Result<Kanban, Problem> {
        let mut given = headers.get_all(header::AUTHORIZATION).iter();
        match (given.next(), given.next()) {
            (None, _) if self.is_open => {
                self.require_local(headers, uri)?;
                Ok(self.store.tenant(TENANT, Actor::human("local"))?)
            }
            (Some(one), None) => {
                let token = one.to_str().ok().and_then(bearer).ok_or(Error::Unauthenticated)?;
                Ok(self.store.authenticate(token).await?)
            }
            _ => Err(Error::Unauthenticated.into()),
        }
    }

    /// A page from elsewhere must not call this machine through its user's browser: by a name that has been turned to this
    /// machine's address, or by a form that is sent without asking.
    fn require_local(&self, headers: &HeaderMap, uri: &Uri) -> Result<(), Problem> {
        let text = |name| headers.get(name).map(HeaderValue::to_str);
        let host = match text(header::HOST) {
            Some(host) => host.ok(),
            None => uri.authority().map(Authority::as_str),
        };
        let is_ours = host.is_none_or(|host| is_local(host) || self.names.iter().any(|name| name == host))
            && match headers.get(header::ORIGIN) {
                None => true,
                Some(origin) => {
                    self.pages.contains(origin)
                        || origin
                            .to_str()
                            .ok()
                            .and_then(|origin| origin.split_once("://"))
                            .is_some_and(|o| is_local(o.1))
                }
            };
        if is_ours && text(header::HOST).is_none_or(|host| host.is_ok()) {
            return Ok(());
        }
        Err(Problem::new(
            StatusCode::FORBIDDEN,
            "not_local",
            "Without a token this server answers only calls that are made to this machine's own name, such as localhost, and \
             not from other sites' pages. Send a token, or name the page's origin with --cors-origin.",
        ))
    }
}

/// Whether `host` or `host:port` is a name that every machine has for itself.
fn is_local(host: &str) -> bool {
    let Ok(authority) = host.parse::<Authority>() else { return false };
    let name = authority.host().trim_start_matches('[').trim_end_matches(']');
    let is_loopback = match name.parse::<IpAddr>() {
        Ok(IpAddr::V4(address)) => address.is_loopback() || address == Ipv4Addr::UNSPECIFIED,
        Ok(IpAddr::V6(address)) => address.is_loopback() || address == Ipv6Addr::UNSPECIFIED,
        Err(_) => false,
    };
    is_loopback || name.eq_ignore_ascii_case("localhost") || name.to_ascii_lowercase().ends_with(".localhost")
}

/// The token of `Bearer <token>`; the scheme in whatever case (RFC 9110, section 11.1).
fn bearer(value: &str) -> Option<&str> {
    let (scheme, token) = value.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim_matches(' '))
}

/// The board as the caller may see and change it.
#[derive(Clone)]
pub(crate) struct Caller(pub(crate) Kanban);

#[cfg(test)]
mod tests {
    use super::{bearer, is_local};

    #[test]
    fn a_machine_has_few_names_for_itself() {
        for name in
            ["localhost", "LOCALHOST:8080", "127.0.0.1:1", "127.3.2.1", "[::1]:80", "board.localhost", "0.0.0.0:1"]
        {
            assert!(is_local(name), "{name}");
        }
        for name in
            ["", "example.com", "localhost.example.com", "127.0.0.1.example.com", "10.0.0.1:80", "[fe80::1]", "a b"]
        {
            assert!(!is_local(name), "{name}");
        }
    }

    #[test]
    fn a_token_stands_behind_the_scheme() {
        assert_eq!(bearer("Bearer kfa_x"), Some("kfa_x"));
        assert_eq!(bearer("bearer  kfa_x "), Some("kfa_x"));
        for other in ["", "kfa_x", "Bearer", "Basic a2Zh", "Bearerkfa_x"] {
            assert_eq!(bearer(other), None, "{other}");
        }
    }
}
