//! Tests of the server over real HTTP, each on a database of its own.

#[path = "../support/mod.rs"]
mod support;

mod agents;
mod attachments;
mod audit;
mod blockers;
mod board_cards;
mod boards;
mod bulk;
mod cards;
mod client;
mod columns;
mod comments;
mod events;
mod http;
mod idempotency;
mod isolation;
mod mcp;
mod metrics;
mod openapi;
mod paths;
mod process;
mod rate;
mod refusals;
mod scopes;
mod search;
mod secrets;
mod tenants;
mod tokens;
mod undo;
mod workspaces;
