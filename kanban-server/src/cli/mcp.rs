//! `kanban-server mcp`: a client starts this process and talks to the board over its standard streams.

use kanban_core::Actor;

use super::serve::{Stop, setup};
use super::{Failure, Settings, store};

pub(super) async fn serve(settings: &Settings, agent: Option<String>) -> Result<(), Failure> {
    let agent = agent.filter(|agent| !agent.is_empty());
    let mut stop = Stop::listen()?;
    store::with_migrated(settings, async |store| {
        if let Some(agent) = &agent {
            // a name that no agent can have is told now, not at each call
            store.tenant("default", Actor::agent(agent.as_str()))?;
        }
        if !settings.no_demo {
            store.tenant("default", setup())?.seed_demo().await?;
        }
        tokio::select! {
            ended = crate::mcp::serve(store.clone(), agent) => ended,
            () = stop.received() => Ok(()),
        }
    })
    .await
}
