//! How an operation can be refused: mostly that follows from what it takes.

use std::collections::BTreeMap;

use axum::http::StatusCode;
use utoipa::openapi::path::{Operation, ParameterIn};
use utoipa::openapi::response::ResponseBuilder;
use utoipa::openapi::{ContentBuilder, OpenApi, Ref, RefOr, Required, Response};
use utoipa::{IntoResponses, PartialSchema, ToSchema};

use super::answers;
use crate::problem;

/// The refusals that several operations share: status, name in the document, when.
const REFUSALS: &[(StatusCode, &str, &str)] = &[
    (StatusCode::BAD_REQUEST, "BadRequest", "A header, the query, a cursor or the body cannot be read."),
    (StatusCode::UNAUTHORIZED, "Unauthenticated", "There is no token, or none that is accepted."),
    (
        StatusCode::FORBIDDEN,
        "Forbidden",
        "The token lacks the scope that `code` and `scope` name, or this actor may not do that.",
    ),
    (StatusCode::NOT_FOUND, "NotFound", "There is no such thing."),
    (StatusCode::CONFLICT, "Conflict", "The board's state does not allow it now; `code` says why."),
    (
        StatusCode::PRECONDITION_FAILED,
        "PreconditionFailed",
        "The thing is at another version than the request names. `current` is the thing as it is now.",
    ),
    (StatusCode::PAYLOAD_TOO_LARGE, "PayloadTooLarge", "The body is larger than the server takes."),
    (StatusCode::UNSUPPORTED_MEDIA_TYPE, "UnsupportedMediaType", "The body is not declared as JSON."),
    (
        StatusCode::UNPROCESSABLE_ENTITY,
        "Invalid",
        "The input breaks a rule. `errors` names every member that does, with a JSON pointer.",
    ),
    (StatusCode::PRECONDITION_REQUIRED, "PreconditionRequired", "A header that this operation needs is missing."),
    (
        StatusCode::TOO_MANY_REQUESTS,
        "RateLimited",
        "The token, or its tenant's tokens together, have called too often; `limited` says which. `Retry-After` says when calls are \
         let in again.",
    ),
    (StatusCode::INTERNAL_SERVER_ERROR, "InternalServerError", "A defect of the server; the cause is in its log."),
    (
        StatusCode::SERVICE_UNAVAILABLE,
        "Unavailable",
        "The database cannot answer now, or the answer took too long. The same call may succeed later.",
    ),
];

macro_rules! refusals {
    ($($(#[$doc:meta])* $name:ident = $status:ident;)*) => {$(
        $(#[$doc])*
        pub(crate) struct $name;

        impl IntoResponses for $name {
            fn responses() -> BTreeMap<String, RefOr<Response>> {
                BTreeMap::from([shared(StatusCode::$status)])
            }
        }
    )*};
}

refusals! {
    /// The board's state does not allow it now.
    Conflict = CONFLICT;
    /// This actor may not do that.
    Forbidden = FORBIDDEN;
    /// The thing is at another version.
    PreconditionFailed = PRECONDITION_FAILED;
    /// There is no such thing.
    NotFound = NOT_FOUND;
    /// The database cannot answer now.
    Unavailable = SERVICE_UNAVAILABLE;
}

fn shared(status: StatusCode) -> (String, RefOr<Response>) {
    let (_, name, _) = REFUSALS.iter().find(|(known, ..)| *known == status).expect("it is in the table");
    (status.as_str().to_owned(), RefOr::Ref(Ref::from_response_name(*name)))
}

/// Adds to each operation the refusals that follow from what it takes, and the refusals themselves.
pub(super) fn add(document: &mut OpenApi) {
    for (_, operation) in super::operations(document) {
        for status in of(operation) {
            let (status, refusal) = shared(status);
            operation.responses.responses.entry(status).or_insert(refusal);
        }
    }
    let components = document.components.get_or_insert_default();
    let mut schemas = vec![(problem::Body::name().into_owned(), problem::Body::schema())];
    problem::Body::schemas(&mut schemas);
    components.schemas.extend(schemas);
    for (status, name, description) in REFUSALS {
        let problem = ContentBuilder::new().schema(Some(Ref::from_schema_name("Problem"))).build();
        let mut response =
            ResponseBuilder::new().description(*description).content("application/problem+json", problem).build();
        answers::refusal_headers(*status, &mut response);
        components.responses.insert((*name).to_owned(), RefOr::T(response));
    }
}

fn of(operation: &Operation) -> Vec<StatusCode> {
    let mut statuses = vec![StatusCode::BAD_REQUEST, StatusCode::INTERNAL_SERVER_ERROR];
    let has = |place: ParameterIn, name: Option<&str>| {
        let parameters = operation.parameters.iter().flatten();
        parameters
            .filter_map(|parameter| match parameter {
                RefOr::T(parameter) => Some(parameter),
                RefOr::Ref(_) => None,
            })
            .find(|parameter| parameter.parameter_in == place && name.is_none_or(|name| parameter.name == name))
    };
    // whatever knows who acts works on the board: it checks the actor and asks the database
    if has(ParameterIn::Header, Some("X-Agent-Id")).is_some() {
        statuses.extend([StatusCode::UNPROCESSABLE_ENTITY, StatusCode::SERVICE_UNAVAILABLE]);
    }
    if operation.security.as_ref().is_some_and(|needed| !needed.is_empty()) {
        statuses.extend([StatusCode::UNAUTHORIZED, StatusCode::FORBIDDEN, StatusCode::TOO_MANY_REQUESTS]);
    }
    if has(ParameterIn::Path, None).is_some() {
        statuses.push(StatusCode::NOT_FOUND);
    }
    if has(ParameterIn::Header, Some("If-Match")).is_some() {
        statuses.push(StatusCode::PRECONDITION_FAILED);
    }
    let needed = ["If-Match", "X-Claim-Epoch"].map(|name| has(ParameterIn::Header, Some(name)));
    if needed.iter().flatten().any(|parameter| parameter.required == Required::True) {
        statuses.push(StatusCode::PRECONDITION_REQUIRED);
    }
    if operation.request_body.is_some() {
        statuses.extend([
            StatusCode::PAYLOAD_TOO_LARGE,
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            StatusCode::UNPROCESSABLE_ENTITY,
        ]);
    }
    statuses
}
