//! The command line: settings, commands, and how each ends.

mod check;
mod import;
mod log;
mod mcp;
mod serve;
mod store;
mod tenant;
mod token;
mod welcome;

use std::io::Write;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, Parser, Subcommand, ValueEnum};
use kanban_core::Pooler;

use crate::Config;

/// A task board that AI agents share. Without a command it serves, on a PostgreSQL of its own.
#[derive(Debug, Parser)]
#[command(version, about)]
pub struct Cli {
    #[command(subcommand)]
    command: Option<Command>,
    #[command(flatten)]
    settings: Settings,
}

/// What all commands take.
#[derive(Debug, Args)]
struct Settings {
    /// Address to serve on; port 0 picks a free one
    #[arg(long, global = true, env = "KANBAN_BIND", default_value = "127.0.0.1:8080")]
    bind: SocketAddr,
    /// Folder of the embedded database [default: the user's data folder]
    #[arg(long, global = true, env = "KANBAN_DATA_DIR")]
    data_dir: Option<PathBuf>,
    /// A PostgreSQL to use instead of the embedded one
    #[arg(long, global = true, env = "DATABASE_URL", hide_env_values = true)]
    database_url: Option<String>,
    /// What stands between: `transaction` for a pooler that gives each transaction another backend, such as PgBouncer
    #[arg(long, global = true, env = "KANBAN_POOLER", default_value = "none")]
    pooler: PoolerMode,
    /// Do not create the demo board in an empty database
    #[arg(long, global = true)]
    no_demo: bool,
    #[command(flatten)]
    http: Config,
}

impl Settings {
    /// The database that is given; an empty setting is none.
    fn url(&self) -> Option<&str> {
        self.database_url.as_deref().filter(|url| !url.is_empty())
    }
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Serve the board over HTTP (the default)
    Serve,
    /// Serve the board as tools to one MCP client, over standard input and output
    Mcp {
        /// Id of the agent that the client is [default: the client's own name]
        #[arg(long, env = "KANBAN_AGENT")]
        agent: Option<String>,
    },
    /// Bring the database's schema up to date
    Migrate {
        /// Go to this version, up or down; what later versions stored is lost on the way down
        #[arg(long)]
        to: Option<i64>,
    },
    /// Bring in another tracker's issues: all or nothing, and nothing twice
    Import {
        /// Format of the file
        #[arg(long)]
        format: Format,
        /// Name or key of the board to import onto; created if there is none
        #[arg(long, default_value = "Beads")]
        board: String,
        /// Print the counts as JSON
        #[arg(long)]
        json: bool,
        /// The file, or - for standard input
        file: PathBuf,
    },
    /// Create, list and revoke service tokens
    Token {
        #[command(subcommand)]
        command: token::Command,
        /// The tenant whose tokens they are
        #[arg(long, global = true, default_value = "default")]
        tenant: String,
        /// Print the result as JSON
        #[arg(long, global = true)]
        json: bool,
    },
    /// Create, list, suspend, resume and delete tenants
    Tenant {
        #[command(subcommand)]
        command: tenant::Command,
        /// Print the result as JSON
        #[arg(long, global = true)]
        json: bool,
    },
    /// Recompute counters, positions and sequences, and compare
    Doctor {
        /// Print the findings as JSON
        #[arg(long)]
        json: bool,
    },
    /// Print the OpenAPI document of the REST API
    Openapi,
    /// Ask the server at --bind whether it lives
    Healthcheck,
}

/// What may stand between the server and its database.
#[derive(Debug, Clone, Copy, ValueEnum)]
enum PoolerMode {
    /// Each connection has a backend of its own
    None,
    /// Each transaction has one
    Transaction,
}

impl From<PoolerMode> for Pooler {
    fn from(mode: PoolerMode) -> Self {
        match mode {
            PoolerMode::None => Self::None,
            PoolerMode::Transaction => Self::Transaction,
        }
    }
}

/// Formats that can be imported.
#[derive(Debug, Clone, Copy, ValueEnum)]
enum Format {
    /// The JSONL file of the tracker beads
    Beads,
}

/// Why a command ends without success.
type Failure = Box<dyn std::error::Error + Send + Sync>;

impl Cli {
    /// Runs the command, says what went wrong in a sentence, and answers how the process ends.
    pub fn run(self) -> ExitCode {
        log::start();
        let runtime = match tokio::runtime::Runtime::new() {
            Ok(runtime) => runtime,
            Err(error) => return fail(&error.into()),
        };
        let settings = &self.settings;
        let outcome = runtime.block_on(async {
            match self.command.unwrap_or(Command::Serve) {
                Command::Serve => serve::serve(settings).await.map(|()| ExitCode::SUCCESS),
                Command::Mcp { agent } => mcp::serve(settings, agent).await.map(|()| ExitCode::SUCCESS),
                Command::Migrate { to } => check::migrate(settings, to).await,
                Command::Import { format: Format::Beads, board, json, file } => {
                    import::beads(settings, &board, &file, json).await
                }
                Command::Token { command, tenant, json } => token::run(settings, command, &tenant, json).await,
                Command::Tenant { command, json } => tenant::run(settings, command, json).await,
                Command::Doctor { json } => check::doctor(settings, json).await,
                Command::Openapi => {
                    print(crate::openapi::DOCUMENT.trim_end());
                    Ok(ExitCode::SUCCESS)
                }
                Command::Healthcheck => check::healthcheck(settings.bind).await,
            }
        });
        outcome.unwrap_or_else(|error| fail(&error))
    }
}

fn fail(error: &Failure) -> ExitCode {
    // nobody reads standard error any more if this fails
    let _ = writeln!(std::io::stderr(), "error: {error}");
    ExitCode::FAILURE
}

/// Prints a result. A reader that has gone away, such as `head`, is no failure.
fn print(text: impl std::fmt::Display) {
    let mut out = std::io::stdout();
    let _ = writeln!(out, "{text}").and_then(|()| out.flush());
}
