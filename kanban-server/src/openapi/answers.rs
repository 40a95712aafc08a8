//! What answers of a kind carry: headers, and 304 where the caller may have the thing already.

use std::collections::BTreeMap;

use axum::http::StatusCode;
use utoipa::openapi::header::HeaderBuilder;
use utoipa::openapi::path::{Operation, ParameterIn};
use utoipa::openapi::response::ResponseBuilder;
use utoipa::openapi::schema::{ObjectBuilder, Type};
use utoipa::openapi::{Components, Header, OpenApi, Ref, RefOr, Response, Schema};

/// What tells how often the caller may still call.
const RATE: [&str; 5] =
    ["RateLimit", "RateLimit-Policy", "X-RateLimit-Limit", "X-RateLimit-Remaining", "X-RateLimit-Reset"];

/// Adds to each answer the headers that it carries.
pub(super) fn complete(document: &mut OpenApi) {
    let components = document.components.take().unwrap_or_default();
    for (_, operation) in super::operations(document) {
        if takes(operation, "If-None-Match") {
            let unchanged = ResponseBuilder::new().description("The caller has the thing as it is.").build();
            operation.responses.responses.insert("304".to_owned(), RefOr::T(unchanged));
        }
        let may_cut = takes(operation, "Prefer");
        let is_counted = operation.security.as_ref().is_some_and(|needed| !needed.is_empty());
        for (status, response) in &mut operation.responses.responses {
            let RefOr::T(response) = response else { continue };
            header(response, "X-Request-Id");
            if is_counted {
                RATE.iter().for_each(|name| header(response, name));
            }
            if status == "304" || is_of(response, &components, "version") {
                header(response, "ETag");
            }
            if is_of(response, &components, "next_cursor") {
                header(response, "Link");
            }
            if may_cut {
                header(response, "Preference-Applied");
                header(response, "X-Truncated-Fields");
            }
        }
    }
    let headers = document.components.insert(components);
    headers.headers = shared();
}

/// The headers of a refusal.
pub(super) fn refusal_headers(status: StatusCode, response: &mut Response) {
    header(response, "X-Request-Id");
    // nobody knows yet whose call it would be
    if status != StatusCode::UNAUTHORIZED {
        RATE.iter().for_each(|name| header(response, name));
    }
    match status {
        StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => header(response, "WWW-Authenticate"),
        StatusCode::PRECONDITION_FAILED => header(response, "ETag"),
        StatusCode::SERVICE_UNAVAILABLE | StatusCode::TOO_MANY_REQUESTS => header(response, "Retry-After"),
        _ => {}
    }
}

/// The headers themselves.
fn shared() -> BTreeMap<String, RefOr<Header>> {
    let text = || ObjectBuilder::new().schema_type(Type::String);
    let number = || ObjectBuilder::new().schema_type(Type::Integer).minimum(Some(0));
    let seconds = ObjectBuilder::new().schema_type(Type::Integer).minimum(Some(1));
    let headers = [
        ("X-Request-Id", "The request's id, as in the log and on the events of what it did.", text()),
        ("ETag", "The thing's version: what `If-Match` and `If-None-Match` take.", text()),
        ("Link", "The address of the next page, with `rel=\"next\"`, if there is one.", text()),
        ("Idempotency-Replayed", "`true` where this is the answer to an earlier request under the same key.", text()),
        ("Preference-Applied", "The preference that was followed.", text()),
        (
            "X-Truncated-Fields",
            "JSON pointers to the texts that were cut, with commas between; at most 50, and how many more.",
            text(),
        ),
        ("WWW-Authenticate", "That a bearer token is needed and, where one lacks it, with which scope.", text()),
        ("Retry-After", "Seconds after which to try again.", seconds),
        (
            "RateLimit-Policy",
            "The limits, if there are any: of the token and of its tenant's tokens together, how many calls (q) within how many \
             seconds (w).",
            text(),
        ),
        ("RateLimit", "What is left of each limit: how many calls (r), and for how many seconds (t).", text()),
        ("X-RateLimit-Limit", "The most calls of the limit that is closest to its end.", number()),
        ("X-RateLimit-Remaining", "How many of them are left.", number()),
        ("X-RateLimit-Reset", "When they begin anew, in seconds since 1970.", number()),
    ];
    let headers = headers.map(|(name, description, schema)| {
        let header = HeaderBuilder::new().schema(Some(schema)).description(Some(description)).build();
        (name.to_owned(), RefOr::T(header))
    });
    headers.into()
}

fn takes(operation: &Operation, name: &str) -> bool {
    let mut parameters = operation.parameters.iter().flatten();
    parameters.any(|parameter| {
        matches!(parameter, RefOr::T(parameter) if parameter.parameter_in == ParameterIn::Header && parameter.name == name)
    })
}

/// Whether the answer is an object with this member.
fn is_of(response: &Response, components: &Components, member: &str) -> bool {
    let mut schemas = response.content.values().filter_map(|content| match content {
        RefOr::T(content) => content.schema.as_ref(),
        RefOr::Ref(_) => None,
    });
    schemas.any(|schema| has_member(schema, components, member))
}

fn has_member(schema: &RefOr<Schema>, components: &Components, member: &str) -> bool {
    match schema {
        RefOr::Ref(reference) => {
            let name = reference.ref_location.rsplit('/').next().unwrap_or_default();
            components.schemas.get(name).is_some_and(|schema| has_member(schema, components, member))
        }
        RefOr::T(Schema::Object(object)) => object.properties.contains_key(member),
        RefOr::T(Schema::AllOf(all)) => all.items.iter().any(|part| has_member(part, components, member)),
        RefOr::T(_) => false,
    }
}

pub(super) fn header(response: &mut Response, name: &str) {
    let header = RefOr::Ref(Ref::new(format!("#/components/headers/{name}")));
    response.headers.entry(name.to_owned()).or_insert(header);
}
