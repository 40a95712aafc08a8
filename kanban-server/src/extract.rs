//! From a request to what an operation takes. Every refusal is a [`Problem`], never a framework's own text.

use std::borrow::Cow;
use std::str::FromStr;

use axum::body::Bytes;
use axum::extract::{FromRequest, FromRequestParts, OriginalUri, RawPathParams, Request};
use axum::http::request::Parts;
use axum::http::{HeaderMap, Method, StatusCode, header};
use axum::response::{IntoResponse, Response};
use kanban_core::{Actor, ActorKind, CutToFit, Epoch, JsonObject, Kanban, ListPage, Page, Tasks};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::auth::Caller;
use crate::headers::{self, bad, text};
use crate::idempotency::Joined;
use crate::json::Json;
use crate::observe::RequestId;
use crate::prefer::Lenient;
use crate::problem::Problem;

/// The one id in the path.
pub(crate) struct Id<T>(pub(crate) T);

impl<S: Send + Sync, T: FromStr<Err = kanban_core::Error>> FromRequestParts<S> for Id<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        Ok(Self(path_id(parts, state).await?.parse()?))
    }
}

async fn path_id<S: Send + Sync>(parts: &mut Parts, state: &S) -> Result<String, Problem> {
    let params = RawPathParams::from_request_parts(parts, state).await.map_err(|_| {
        Problem::bad_request("bad_path", "The path holds bytes that are not UTF-8 once they are decoded.")
    })?;
    Ok(params.iter().next().map(|(_, value)| value.to_owned()).unwrap_or_default())
}

/// The board as whoever sends the request sees it.
///
/// `X-Agent-Id` makes the actor that agent, where the token allows it; without it, whoever the token is for. `X-Agent-Run` and `X-Agent-Context` go
/// to the events, and so does the request's id. `X-Claim-Epoch` names the claim that a write is made under.
pub(crate) struct Act(pub(crate) Kanban);

impl<S: Send + Sync> FromRequestParts<S> for Act {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        let agent = text(&parts.headers, "x-agent-id")?.map(Actor::agent);
        handle(parts, &board(parts)?, agent).map(Self)
    }
}

/// The same outside of the transaction of an idempotency key: for what is the same however often it is done, and cannot
/// be part of a transaction of the caller's tenant.
pub(crate) struct Apart(pub(crate) Kanban);

impl<S: Send + Sync> FromRequestParts<S> for Apart {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        let agent = text(&parts.headers, "x-agent-id")?.map(Actor::agent);
        handle(parts, &caller(parts)?, agent).map(Self)
    }
}

/// An agent named by the path, and the board as it sees it: it is the actor unless the headers name another, or the token
/// is another agent's.
pub(crate) struct AsAgent(pub(crate) Kanban, pub(crate) String);

impl<S: Send + Sync> FromRequestParts<S> for AsAgent {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let agent = path_id(parts, state).await?;
        Ok(Self(for_agent(parts, &agent)?, agent))
    }
}

/// The text that the path names a thing with, as it stands there.
pub(crate) struct Name(pub(crate) String);

impl<S: Send + Sync> FromRequestParts<S> for Name {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        path_id(parts, state).await.map(Self)
    }
}

/// The board as an agent sees it: the one that the headers name, else the token's own where it is an agent's, else this
/// one.
pub(crate) fn for_agent(parts: &Parts, agent: &str) -> Result<Kanban, Problem> {
    let kanban = board(parts)?;
    let actor = match text(&parts.headers, "x-agent-id")? {
        Some(named) => Some(Actor::agent(named)),
        None => (kanban.actor().kind != ActorKind::Agent).then(|| Actor::agent(agent)),
    };
    handle(parts, &kanban, actor)
}

/// The caller's board, in the transaction of an idempotency key where there is one.
fn board(parts: &Parts) -> Result<Kanban, Problem> {
    match parts.extensions.get::<Joined>() {
        Some(Joined(transaction)) => Ok(transaction.clone()),
        None => caller(parts),
    }
}

fn caller(parts: &Parts) -> Result<Kanban, Problem> {
    let admitted = parts.extensions.get::<Caller>().map(|Caller(kanban)| kanban.clone());
    admitted.ok_or_else(|| kanban_core::Error::Internal { source: "a route that lets in nobody".into() }.into())
}

/// The board for one actor, or whoever the caller is, with what the headers say of the occasion.
fn handle(parts: &Parts, kanban: &Kanban, actor: Option<Actor>) -> Result<Kanban, Problem> {
    let mut actor = actor.unwrap_or_else(|| kanban.actor().clone());
    actor.run_id = text(&parts.headers, "x-agent-run")?.map(Cow::into_owned);
    actor.context = text(&parts.headers, "x-agent-context")?
        .map(|json| {
            serde_json::from_str::<JsonObject>(&json).map_err(|_| bad("X-Agent-Context must be a JSON object."))
        })
        .transpose()?;
    actor.request_id = parts.extensions.get::<RequestId>().map(|id| id.0.clone());
    let kanban = kanban.acting_as(actor)?;
    Ok(match epoch(&parts.headers)? {
        Some(epoch) => kanban.under_claim(epoch),
        None => kanban,
    })
}

/// The claim that a call is about: `X-Claim-Epoch`, which it must have.
pub(crate) struct ClaimEpoch(pub(crate) Epoch);

impl<S: Sync> FromRequestParts<S> for ClaimEpoch {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        epoch(&parts.headers)?.map(Self).ok_or_else(|| {
            Problem::new(
                StatusCode::PRECONDITION_REQUIRED,
                "claim_epoch_required",
                "This call needs X-Claim-Epoch with the epoch of the claim, as the claim answered it.",
            )
        })
    }
}

fn epoch(headers: &HeaderMap) -> Result<Option<Epoch>, Problem> {
    text(headers, "x-claim-epoch")?
        .map(|text| text.parse().ok().filter(|epoch| *epoch > 0).map(Epoch).ok_or(()))
        .transpose()
        .map_err(|_| bad("X-Claim-Epoch must be a whole number from 1 on."))
}

/// A body in JSON. An empty one reads as an object without members.
pub(crate) struct Body<T>(pub(crate) T);

impl<S: Send + Sync, T: DeserializeOwned + CutToFit> FromRequest<S> for Body<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, _: &S) -> Result<Self, Problem> {
        let is_json = is_json(request.headers(), request.method())?;
        let lenient = request.extensions().get::<Lenient>().cloned();
        let bytes = bytes(request).await?;
        let mut body: Self = match bytes.as_ref() {
            b"" => read(b"{}")?,
            bytes if is_json => read(bytes)?,
            _ => {
                return Err(unsupported("Send JSON with the header Content-Type: application/json."));
            }
        };
        if let Some(lenient) = lenient {
            lenient.apply(&mut body.0);
        }
        Ok(body)
    }
}

/// The body as it came, within the server's limit.
pub(crate) async fn bytes(request: Request) -> Result<Bytes, Problem> {
    Bytes::from_request(request, &()).await.map_err(|rejection| match rejection.into_response().status() {
        StatusCode::PAYLOAD_TOO_LARGE => Problem::of_status(StatusCode::PAYLOAD_TOO_LARGE),
        _ => Problem::bad_request("body_cut_off", "The body ended before it was whole."),
    })
}

/// Whether the body is declared as JSON, or as a patch where one is taken. JSON is UTF-8 (RFC 8259).
fn is_json(headers: &HeaderMap, method: &Method) -> Result<bool, Problem> {
    if headers::list(headers, "content-encoding").iter().any(|coding| !coding.eq_ignore_ascii_case("identity")) {
        return Err(unsupported("Send the body as it is, without Content-Encoding."));
    }
    let media = headers::text(headers, "content-type")?.unwrap_or_default().to_ascii_lowercase();
    let (media, parameters) = media.split_once(';').unwrap_or((&media, ""));
    let is_utf_8 = matches!(parameters.trim(), "" | "charset=utf-8" | "charset=\"utf-8\"");
    Ok(is_utf_8
        && match media.trim() {
            "application/json" => true,
            "application/merge-patch+json" => *method == Method::PATCH,
            _ => false,
        })
}

fn unsupported(detail: &str) -> Problem {
    Problem::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "unsupported_media_type", detail)
}

fn read<T: DeserializeOwned>(bytes: &[u8]) -> Result<Body<T>, Problem> {
    // an array would be taken for the members in their order
    if bytes.iter().find(|byte| !byte.is_ascii_whitespace()) != Some(&b'{') {
        return Err(match serde_json::from_slice::<serde::de::IgnoredAny>(bytes) {
            Ok(_) => Problem::invalid("", "must be a JSON object"),
            Err(error) => malformed("it does not begin with an object", &error),
        });
    }
    let mut json = serde_json::Deserializer::from_slice(bytes);
    let value = serde_path_to_error::deserialize(&mut json).map_err(|error| {
        let pointer = pointer(error.path());
        let inner = error.into_inner();
        let text = inner.to_string();
        let reason = text.split(" at line ").next().unwrap_or_default().to_owned();
        if inner.is_data() { Problem::invalid(pointer, reason) } else { malformed(&reason, &inner) }
    })?;
    json.end().map_err(|error| malformed("there is something behind the value", &error))?;
    Ok(Body(value))
}

fn malformed(reason: &str, error: &serde_json::Error) -> Problem {
    let place = format!("line {}, column {}", error.line(), error.column());
    Problem::bad_request("malformed_json", format!("The body is not JSON: {reason} ({place})."))
}

/// A path of serde as a JSON pointer (RFC 6901).
pub(crate) fn pointer(path: &serde_path_to_error::Path) -> String {
    use serde_path_to_error::Segment;
    path.iter()
        .map(|segment| match segment {
            Segment::Seq { index } => format!("/{index}"),
            Segment::Map { key } => format!("/{}", key.replace('~', "~0").replace('/', "~1")),
            Segment::Enum { variant } => format!("/{variant}"),
            Segment::Unknown => String::new(),
        })
        .collect()
}

/// The query's parameters. Those that are not known, or are there twice, have been refused before.
pub(crate) struct Query<T>(pub(crate) T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequestParts<S> for Query<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        serde_urlencoded::from_str(parts.uri.query().unwrap_or_default()).map(Self).map_err(|error| bad_query(&error))
    }
}

/// The query's parameters where a page of a list is asked for.
pub(crate) struct Listed<T>(pub(crate) T, pub(crate) ListPage);

impl<S: Send + Sync, T: DeserializeOwned> FromRequestParts<S> for Listed<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        let mut rest = pairs(parts)?;
        let page = page(&mut rest)?;
        Ok(Self(from_pairs(&rest)?, page))
    }
}

/// How a list is to be shown: parameters that stand beside its filters.
pub(crate) trait View: DeserializeOwned {
    /// Their names.
    const NAMES: &'static [&'static str];
}

/// The query's parameters where a list can be shown in several ways.
pub(crate) struct Viewed<T, V>(pub(crate) T, pub(crate) V, pub(crate) ListPage);

impl<S: Send + Sync, T: DeserializeOwned, V: View> FromRequestParts<S> for Viewed<T, V> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        let mut rest = pairs(parts)?;
        let page = page(&mut rest)?;
        let (view, filter): (Vec<_>, Vec<_>) = rest.into_iter().partition(|(name, _)| V::NAMES.contains(&&**name));
        Ok(Self(from_pairs(&filter)?, from_pairs(&view)?, page))
    }
}

fn pairs(parts: &Parts) -> Result<Vec<(String, String)>, Problem> {
    serde_urlencoded::from_str(parts.uri.query().unwrap_or_default()).map_err(|error| bad_query(&error))
}

/// Takes the page out of the parameters.
fn page(pairs: &mut Vec<(String, String)>) -> Result<ListPage, Problem> {
    let mut take = |name| pairs.iter().position(|(known, _)| known == name).map(|at| pairs.swap_remove(at).1);
    let mut page = ListPage { cursor: take("cursor"), ..ListPage::default() };
    if let Some(limit) = take("limit") {
        page.limit = limit.parse().map_err(|_| Problem::invalid("/limit", "must be a whole number from 1 to 200"))?;
    }
    Ok(page)
}

fn from_pairs<T: DeserializeOwned>(pairs: &[(String, String)]) -> Result<T, Problem> {
    let query = serde_urlencoded::to_string(pairs).map_err(|error| bad_query(&error))?;
    serde_urlencoded::from_str(&query).map_err(|error| bad_query(&error))
}

fn bad_query(error: &impl std::fmt::Display) -> Problem {
    Problem::bad_request("bad_query", format!("The query cannot be read: {error}."))
}

/// What can be read page by page.
pub(crate) trait Paged: Serialize {
    /// Asks for the next page.
    fn next_cursor(&self) -> Option<&str>;
}

impl<T: Serialize> Paged for Page<T> {
    fn next_cursor(&self) -> Option<&str> {
        self.next_cursor.as_deref()
    }
}

impl Paged for Tasks {
    fn next_cursor(&self) -> Option<&str> {
        self.next_cursor.as_deref()
    }
}

/// A page of a list, with the address of the next one in the Link header (RFC 8288).
pub(crate) fn list(uri: &OriginalUri, page: impl Paged) -> Response {
    let Some(cursor) = page.next_cursor() else { return Json(page).into_response() };
    let pairs: Vec<(String, String)> = serde_urlencoded::from_str(uri.query().unwrap_or_default()).unwrap_or_default();
    let others = pairs.into_iter().filter(|(name, _)| name != "cursor");
    let query: Vec<(String, String)> = others.chain([("cursor".to_owned(), cursor.to_owned())]).collect();
    let query = serde_urlencoded::to_string(query).unwrap_or_default();
    let link = format!("<{}?{query}>; rel=\"next\"", uri.path());
    ([(header::LINK, link)], Json(page)).into_response()
}
