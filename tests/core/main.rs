//! Tests of the core library against a real PostgreSQL.

#[path = "../support/mod.rs"]
mod support;

mod architecture;
mod attachments;
mod audit;
mod blocked_counts;
mod blockers;
mod boards;
mod bulk;
mod cards;
mod changes;
mod claims;
mod claims_at_scale;
mod columns;
mod comments;
mod concurrency;
mod dependencies;
mod doctor;
mod embedded;
mod events;
mod feed;
mod fencing;
mod history;
mod idempotency;
mod import;
mod list_plans;
mod lists;
mod metrics;
mod order;
mod plans;
mod rate;
mod ready_plans;
mod replay;
mod round_trips;
mod schema;
mod search;
mod search_at_scale;
mod sessions;
mod tasks;
mod tenants;
mod tokens;
mod transactions;
mod wall;
mod workspaces;
