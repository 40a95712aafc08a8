//! The API described for machines: OpenAPI 3.1, made from the handlers and from the core's types.
//!
//! A handler says what is its own: summary, parameters, body, the answer that it gives, conflicts. What follows from that
//! is added here, in one place each: `refusals.rs`, headers in `answers.rs`, strictness in `strict.rs`.

mod answers;
mod names;
mod params;
mod refusals;
mod strict;
mod table;

use std::sync::LazyLock;

use utoipa::openapi::info::LicenseBuilder;
use utoipa::openapi::path::{Operation, PathItem};
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa::openapi::tag::TagBuilder;
use utoipa::openapi::{ComponentsBuilder, InfoBuilder, OpenApi, OpenApiBuilder, Paths};

pub(crate) use refusals::{Conflict, Forbidden, NotFound, PreconditionFailed, Unavailable};
pub(crate) use table::Table;

use crate::rest;

/// The whole document as JSON, as `/openapi.json`, `kanban-server openapi` and `docs/openapi.json` have it.
pub static DOCUMENT: LazyLock<String> = LazyLock::new(|| {
    let mut document = rest::table().document();
    names::refer(&mut document);
    params::unite(&mut document);
    params::idempotent(&mut document);
    params::prefer(&mut document);
    strict::tighten(&mut document);
    answers::complete(&mut document);
    refusals::add(&mut document);
    params::share(&mut document);
    let mut json = document.to_pretty_json().expect("the document is plain data");
    json.push('\n');
    json
});

/// What the document calls the way to say who calls.
const TOKEN: &str = "token";

/// What the document says before its paths.
fn start() -> OpenApi {
    let license = LicenseBuilder::new().name("MIT OR Apache-2.0").identifier(Some("MIT OR Apache-2.0")).build();
    let info = InfoBuilder::new()
        .title("Kanban For Agents")
        .version(env!("CARGO_PKG_VERSION"))
        .description(Some(include_str!("description.md").trim_end()))
        .license(Some(license));
    let tags = [
        ("workspaces", "Workspaces group boards."),
        ("boards", "A board has columns, and cards in them."),
        ("columns", "A column says what its cards are at, and how many it may hold."),
        ("cards", "A card is a piece of work."),
        ("comments", "What was found and said about a card."),
        ("attachments", "Files and pages elsewhere that belong to a card."),
        ("dependencies", "How cards stand to each other; what waits for what."),
        ("agents", "Ready work, claims, leases."),
        ("search", "Cards and comments by what they say."),
        ("metrics", "How work flows, what agents did, and when work will be done."),
        ("events", "What has changed, in a gapless sequence for each board; who did it, and how."),
        ("tokens", "Who may call, and what they may do."),
        ("tenants", "Whose boards they are, for whoever runs the server."),
        ("server", "The server itself."),
    ];
    let tags = tags.map(|(name, description)| TagBuilder::new().name(name).description(Some(description)).build());
    let token = HttpBuilder::new().scheme(HttpAuthScheme::Bearer).bearer_format("kfa_<prefix>_<secret>").description(Some(
        "A service token. An operation names the scope that it needs; `write` includes `read`, and `admin` both. A server \
         that is open to its own machine takes calls from there without one.",
    ));
    let components = ComponentsBuilder::new().security_scheme(TOKEN, SecurityScheme::Http(token.build())).build();
    let document = OpenApiBuilder::new().info(info).paths(Paths::new()).tags(Some(tags));
    document.components(Some(components)).build()
}

/// Every operation of the document, with its path.
fn operations(document: &mut OpenApi) -> impl Iterator<Item = (&String, &mut Operation)> {
    document.paths.paths.iter_mut().flat_map(|(path, item)| operations_of(item).map(move |operation| (path, operation)))
}

fn operations_of(item: &mut PathItem) -> impl Iterator<Item = &mut Operation> {
    [&mut item.get, &mut item.post, &mut item.put, &mut item.patch, &mut item.delete]
        .into_iter()
        .filter_map(Option::as_mut)
}
