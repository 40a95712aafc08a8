//! The extension module `kanban_py._kanban`: what the typed Python layer in `python/kanban_py` stands on.
//!
//! One path for every operation: the Python method hands its keyword arguments to [`client::Client::prepare`], which
//! reads them into the core's own input types and answers a [`job::Job`]. A sync method runs the job, an async one starts
//! it. The answer is built straight from the core's result into the frozen class of the same name.

mod agent;
mod arguments;
mod attachment;
mod blocker;
mod board;
mod bulk;
mod card;
mod client;
mod column;
mod comment;
mod completions;
mod dependency;
mod error;
mod event;
mod from_python;
mod import;
mod job;
mod metrics;
mod runtime;
mod search;
mod tenant;
mod to_python;
mod token;
mod undo;
mod upkeep;
mod watch;
mod workspace;

use pyo3::prelude::*;

#[pymodule]
mod _kanban {
    #[pymodule_export]
    use super::client::{Client, close_all, connect, open};
    #[pymodule_export]
    use super::completions::Completions;
    #[pymodule_export]
    use super::job::Job;
    #[pymodule_export]
    use super::watch::Watcher;
}
