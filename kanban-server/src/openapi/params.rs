//! The parameters that each extractor reads.

use utoipa::openapi::path::{Parameter, ParameterBuilder, ParameterIn};
use utoipa::openapi::schema::{ObjectBuilder, Type};
use utoipa::openapi::{ContentBuilder, OpenApi, Ref, RefOr, Required};
use utoipa::{IntoParams, PartialSchema};

use super::strict::TEXT;
use crate::etag::{IfMatch, MaybeIfMatch, Seen};
use crate::extract::{Act, Apart, AsAgent, ClaimEpoch, Id, Listed, Name, Query, Viewed};
use crate::sse::LastEventId;

/// What a header can carry: no control characters. Blanks at its ends are not part of it.
const HEADER: &str = r"^[\t -~\u0080-\u00ff]*$";

/// The same with something in it.
const HEADER_TEXT: &str = r"^[\t -~\u0080-\u00ff]*[!-~\u0080-\u00ff][\t -~\u0080-\u00ff]*$";

/// A tenant's name.
const TENANT: &str = "^[a-z0-9][a-z0-9_-]{0,62}$";

type Place = Option<ParameterIn>;

impl IntoParams for Act {
    fn into_params(_: impl Fn() -> Place) -> Vec<Parameter> {
        vec![
            header("X-Agent-Id", "The agent that acts, by its id. Without it, whoever the token is for acts; without a token, a person at this machine.")
                .schema(Some(text(HEADER_TEXT)))
                .build(),
            header("X-Agent-Run", "The run of the agent's framework, for the events of what is done.")
                .schema(Some(text(HEADER_TEXT)))
                .build(),
            header("X-Agent-Context", "A JSON object of the agent's own, for the events of what is done.")
                .content(
                    "application/json",
                    ContentBuilder::new().schema(Some(Ref::from_schema_name("JsonObject"))).build(),
                )
                .build(),
            epoch()
                .description(Some("The claim under which the card is written; refused once it is passed on."))
                .build(),
            header(
                "X-Request-Id",
                "An id for the request; a new one where it is not 1 to 128 visible ASCII characters.",
            )
            .schema(Some(ObjectBuilder::new().schema_type(Type::String)))
            .build(),
        ]
    }
}

impl IntoParams for Apart {
    fn into_params(place: impl Fn() -> Place) -> Vec<Parameter> {
        Act::into_params(place)
    }
}

impl IntoParams for Name {
    fn into_params(_: impl Fn() -> Place) -> Vec<Parameter> {
        let name = ParameterBuilder::new().name("id").parameter_in(ParameterIn::Path).required(Required::True);
        vec![
            name.description(Some("What the path names."))
                .schema(Some(text(TENANT).max_length(Some(63)).examples(["acme"])))
                .build(),
        ]
    }
}

impl IntoParams for AsAgent {
    fn into_params(place: impl Fn() -> Place) -> Vec<Parameter> {
        let agent = ParameterBuilder::new()
            .name("id")
            .parameter_in(ParameterIn::Path)
            .required(Required::True)
            .description(Some("The agent, by its id. It is the actor unless `X-Agent-Id` names another or the token is another agent's."))
            .schema(Some(text(TEXT).examples(["claude-1"])))
            .build();
        [agent].into_iter().chain(Act::into_params(place)).collect()
    }
}

impl<T: PartialSchema> IntoParams for Id<T> {
    fn into_params(_: impl Fn() -> Place) -> Vec<Parameter> {
        let id = ParameterBuilder::new().name("id").parameter_in(ParameterIn::Path).required(Required::True);
        vec![id.description(Some("What the path names.")).schema(Some(T::schema())).build()]
    }
}

impl IntoParams for IfMatch {
    fn into_params(_: impl Fn() -> Place) -> Vec<Parameter> {
        let what = "The `ETag` of the thing as the caller has seen it, or `*` to overwrite whatever is there.";
        vec![tag("If-Match", what).required(Required::True).build()]
    }
}

impl IntoParams for MaybeIfMatch {
    fn into_params(_: impl Fn() -> Place) -> Vec<Parameter> {
        vec![tag("If-Match", "The `ETag` of the thing as the caller has seen it, if that matters.").build()]
    }
}

impl IntoParams for Seen {
    fn into_params(_: impl Fn() -> Place) -> Vec<Parameter> {
        let text = ObjectBuilder::new().schema_type(Type::String).pattern(Some(HEADER));
        let what = "The `ETag` that the caller has: 304 if the thing is still so.";
        vec![header("If-None-Match", what).schema(Some(text)).build()]
    }
}

impl IntoParams for ClaimEpoch {
    fn into_params(_: impl Fn() -> Place) -> Vec<Parameter> {
        let what = "The claim that the call is about, as it was answered with the claim.";
        vec![epoch().description(Some(what)).required(Required::True).build()]
    }
}

impl IntoParams for LastEventId {
    fn into_params(_: impl Fn() -> Place) -> Vec<Parameter> {
        let number = ObjectBuilder::new().schema_type(Type::Integer).minimum(Some(0)).maximum(Some(i64::MAX));
        let what = "The `id` of the last event that the reader has seen: the stream goes on behind it.";
        vec![header("Last-Event-ID", what).schema(Some(number)).build()]
    }
}

impl<T: IntoParams> IntoParams for Query<T> {
    fn into_params(_: impl Fn() -> Place) -> Vec<Parameter> {
        T::into_params(|| Some(ParameterIn::Query))
    }
}

impl<T: IntoParams> IntoParams for Listed<T> {
    fn into_params(_: impl Fn() -> Place) -> Vec<Parameter> {
        T::into_params(|| Some(ParameterIn::Query)).into_iter().chain(page()).collect()
    }
}

impl<T: IntoParams, V: IntoParams> IntoParams for Viewed<T, V> {
    fn into_params(_: impl Fn() -> Place) -> Vec<Parameter> {
        let filters = T::into_params(|| Some(ParameterIn::Query));
        filters.into_iter().chain(V::into_params(|| Some(ParameterIn::Query))).chain(page()).collect()
    }
}

fn page() -> [Parameter; 2] {
    let query = |name| ParameterBuilder::new().name(name).parameter_in(ParameterIn::Query).required(Required::False);
    let limit = ObjectBuilder::new().schema_type(Type::Integer).minimum(Some(1)).maximum(Some(200));
    let cursor = ObjectBuilder::new().schema_type(Type::String).pattern(Some("^[A-Za-z0-9_-]{24,}$"));
    [
        query("limit")
            .description(Some("The most things on the page."))
            .schema(Some(limit.default(Some(50.into()))))
            .build(),
        query("cursor")
            .description(Some("The page behind the one that gave this cursor; the first when absent."))
            .schema(Some(cursor))
            .build(),
    ]
}

fn header(name: &str, what: &str) -> ParameterBuilder {
    let header = ParameterBuilder::new().name(name).parameter_in(ParameterIn::Header);
    header.required(Required::False).description(Some(what))
}

fn tag(name: &str, what: &str) -> ParameterBuilder {
    let tag = ObjectBuilder::new().schema_type(Type::String).pattern(Some(r#"^(\*|"[0-9]{1,18}(\.[0-9]{1,18})*")$"#));
    header(name, what).schema(Some(tag.examples(["\"1\""])))
}

fn epoch() -> ParameterBuilder {
    let epoch = ObjectBuilder::new().schema_type(Type::Integer).minimum(Some(1)).maximum(Some(i64::MAX));
    let epoch = epoch.examples([1]);
    header("X-Claim-Epoch", "").schema(Some(epoch))
}

fn text(pattern: &str) -> ObjectBuilder {
    let text = ObjectBuilder::new().schema_type(Type::String).pattern(Some(pattern));
    text.min_length(Some(1)).max_length(Some(256))
}

/// Whoever sends a body may prefer that too long text is cut.
pub(super) fn prefer(document: &mut OpenApi) {
    for (_, operation) in super::operations(document).filter(|(_, operation)| operation.request_body.is_some()) {
        let what = "`handling=lenient` cuts prose that is over its limit instead of refusing it (RFC 7240); names, labels, ids \
                    and JSON are never cut. The answer says what was cut.";
        let preference = ObjectBuilder::new().schema_type(Type::String).pattern(Some(HEADER));
        let preference = preference.examples(["handling=lenient"]);
        let prefer = header("Prefer", what).schema(Some(preference)).build();
        operation.parameters.get_or_insert_default().push(RefOr::T(prefer));
    }
}

/// What one extractor needs another may only take: a parameter that is there twice is needed.
pub(super) fn unite(document: &mut OpenApi) {
    for (_, operation) in super::operations(document) {
        let Some(parameters) = &mut operation.parameters else { continue };
        let needed: Vec<String> = parameters
            .iter()
            .filter_map(|parameter| match parameter {
                RefOr::T(header) if header.parameter_in == ParameterIn::Header && header.required == Required::True => {
                    Some(header.name.clone())
                }
                _ => None,
            })
            .collect();
        parameters.retain(|parameter| {
            !matches!(parameter, RefOr::T(header) if header.required == Required::False && needed.contains(&header.name))
        });
    }
}

/// Lets every write come under a key, and marks the answers that were kept.
pub(super) fn idempotent(document: &mut OpenApi) {
    let key = ObjectBuilder::new().schema_type(Type::String).pattern(Some("^[!-~]([ -~]{0,253}[!-~])?$"));
    let what = "Names the request: one that comes again within 24 hours is answered again and carried out once.";
    let key = header("Idempotency-Key", what).schema(Some(key)).build();
    for item in document.paths.paths.values_mut() {
        for operation in [&mut item.post, &mut item.put, &mut item.patch, &mut item.delete].into_iter().flatten() {
            operation.parameters.get_or_insert_default().push(key.clone().into());
            for (_, response) in operation.responses.responses.iter_mut().filter(|(status, _)| status.starts_with('2'))
            {
                if let RefOr::T(response) = response {
                    super::answers::header(response, "Idempotency-Replayed");
                }
            }
        }
    }
}

/// Writes each header's parameter once, for it is the same wherever it is taken.
pub(super) fn share(document: &mut OpenApi) {
    let mut shared = Vec::new();
    for (_, operation) in super::operations(document) {
        for parameter in operation.parameters.iter_mut().flatten() {
            let RefOr::T(header) = parameter else { continue };
            if header.parameter_in == ParameterIn::Header {
                let needed = if header.required == Required::True { ".required" } else { "" };
                let name = format!("{}{needed}", header.name);
                let reference = RefOr::Ref(Ref::new(format!("#/components/parameters/{name}")));
                let header = std::mem::replace(parameter, reference);
                shared.push((name, header));
            }
        }
    }
    document.components.get_or_insert_default().parameters.extend(shared);
}
