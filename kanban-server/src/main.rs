//! The one binary: see `kanban-server --help`.

use std::process::ExitCode;

use clap::Parser;
use kanban_server::cli::Cli;

/// A request makes hundreds of small allocations, on whichever thread has time for it.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    Cli::parse().run()
}
