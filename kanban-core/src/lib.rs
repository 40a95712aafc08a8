//! A kanban that AI agents share, as a typed async library over PostgreSQL.
//!
//! Open a [`Store`], take a tenant's [`Kanban`] for an [`Actor`], and work:
//!
//! ```
//! use kanban_core::{Actor, ClaimNext, NewBoard, NewCard, NewWorkspace, Store};
//!
//! # tokio::runtime::Runtime::new()?.block_on(async {
//! # let dir = tempfile::tempdir_in("/tmp")?;
//! # std::fs::set_permissions(dir.path(), std::os::unix::fs::PermissionsExt::from_mode(0o755))?;
//! # let dir = dir.path().join("board");
//! let store = Store::open(dir).await?;
//! let planner = store.tenant("default", Actor::human("ada"))?;
//! planner.create_workspace(NewWorkspace { name: "work".into(), ..Default::default() }).await?;
//! let board = planner.create_board(NewBoard::named("Agent Backlog")).await?;
//! planner.create_card(board.columns[0].id, NewCard::titled("Fix the login")).await?;
//!
//! let agent = store.tenant("default", Actor::agent("claude-1"))?;
//! let task = agent.claim_next("claude-1", ClaimNext::default()).await?.items.remove(0);
//! assert_eq!(task.key, "AB-1");
//!
//! let epoch = task.claim.as_ref().expect("it is claimed").epoch;
//! let done = agent.complete_card(task.id, epoch).await?;
//! assert_eq!(done.status, kanban_core::ColumnKind::Done);
//! store.close().await?;
//! # Ok::<(), Box<dyn std::error::Error>>(()) })?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! What the library promises: each card goes to exactly one agent however many ask; a write names the
//! [`Version`] it has seen and never overwrites another unseen; a late agent's [`Epoch`] is recognised and refused; every
//! change is one atomic step with one [`Event`] in a gapless sequence.

mod agent;
mod attachment;
mod audit;
mod blocker;
mod board;
mod bulk;
mod card;
mod collisions;
mod column;
mod comment;
mod confirmation;
mod db;
mod dependency;
mod doctor;
#[cfg(feature = "embedded")]
pub mod embedded;
mod error;
mod events;
mod feed;
mod forecast;
mod gather;
mod idempotency;
pub mod import;
mod kanban;
mod kept_metrics;
mod metrics;
mod model;
#[cfg(feature = "pure")]
#[doc(hidden)]
pub mod pure;
mod rate;
mod search;
mod seed;
mod store;
mod summary;
mod task;
mod tenant;
mod together;
mod token;
mod undo;
mod watch;
mod workspace;

pub use board::BoardFilter;
pub use db::{Connections, Pooler, refusal::known_constraints, statements};
pub use doctor::{Diagnosis, Finding};
pub use error::{Error, ErrorKind, Holder, InvalidField, Result};
pub use idempotency::Once;
pub use kanban::Kanban;
pub use model::*;
pub use store::{Connect, Store};
pub use watch::Watch;

/// Runs the Rust example of the README.
#[cfg(doctest)]
#[doc = include_str!("../../README.md")]
struct Readme;
