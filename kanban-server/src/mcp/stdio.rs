//! The service for one client that started this process and talks over its standard streams.

use kanban_core::Store;
use rmcp::ServiceExt;
use rmcp::service::{QuitReason, ServerInitializeError};
use rmcp::transport::io::stdio_pipes;

use super::service::{Identity, Service};

/// Serves until the client closes the stream. Standard output belongs to the protocol: logs go elsewhere.
pub(crate) async fn serve(store: Store, agent: Option<String>) -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    let run = ulid::Ulid::generate().to_string();
    let service = Service::new(store, Identity::Process { agent, run });
    let running = match service.serve(stdio_pipes()).await {
        Ok(running) => running,
        // a client that goes away before it has said anything has changed its mind
        Err(ServerInitializeError::ConnectionClosed(_)) => return Ok(()),
        Err(error) => return Err(error.into()),
    };
    match running.waiting().await? {
        QuitReason::Closed | QuitReason::Cancelled => Ok(()),
        other => Err(format!("The connection to the client broke: {other:?}.").into()),
    }
}
