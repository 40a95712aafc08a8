//! `kanban-server tenant`.

use std::process::ExitCode;

use clap::Subcommand;
use kanban_core::{Actor, ListPage, Tenant};

use super::{Failure, Settings, print, store};

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Create a tenant, or find it there
    Create {
        /// Its name for good: lower-case letters, digits, - and _
        name: String,
    },
    /// List all tenants
    List,
    /// Refuse its tokens and every change of what it has
    Suspend {
        /// Its name
        name: String,
    },
    /// Let it go on
    Resume {
        /// Its name
        name: String,
    },
    /// Delete a suspended tenant and everything it has, for good
    Delete {
        /// Its name, which is never given again
        name: String,
        /// Say that you mean it
        #[arg(long, required = true)]
        yes: bool,
    },
}

pub(super) async fn run(settings: &Settings, command: Command, json: bool) -> Result<ExitCode, Failure> {
    store::with_migrated(settings, async |store| {
        let kanban = store.tenant("default", Actor::system("command line"))?;
        let tenant = match command {
            Command::Create { name } => kanban.create_tenant(&name).await?.tenant,
            Command::Suspend { name } => kanban.suspend_tenant(&name).await?,
            Command::Resume { name } => kanban.resume_tenant(&name).await?,
            Command::Delete { name, yes: _ } => kanban.delete_tenant(&name).await?,
            Command::List => {
                let mut tenants = Vec::new();
                let mut page = ListPage::first(200);
                loop {
                    let found = kanban.list_tenants(page).await?;
                    tenants.extend(found.items);
                    match found.next_cursor {
                        Some(cursor) => page = ListPage { limit: 200, cursor: Some(cursor) },
                        None => break,
                    }
                }
                match json {
                    true => print(serde_json::to_string(&tenants)?),
                    false => tenants.iter().for_each(|tenant| print(line(tenant))),
                }
                return Ok(ExitCode::SUCCESS);
            }
        };
        print(if json { serde_json::to_string(&tenant)? } else { line(&tenant) });
        Ok(ExitCode::SUCCESS)
    })
    .await
}

fn line(tenant: &Tenant) -> String {
    let state = match (&tenant.deleted_at, &tenant.suspended_at) {
        (Some(at), _) => format!("deleted {at}"),
        (None, Some(at)) => format!("suspended {at}"),
        (None, None) => "at work".to_owned(),
    };
    format!("{}  created {}, {state}", tenant.id, tenant.created_at)
}
