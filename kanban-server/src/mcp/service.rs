//! The service behind both transports: what it says of itself, and where each request goes.

use std::sync::Arc;
use std::time::Instant;

use futures::FutureExt;
use kanban_core::{Actor, BoardFilter, Kanban, ListPage, Store};
use rmcp::model::{
    CacheScope, CallToolRequestParams, CallToolResponse, CompleteRequestParams, CompleteResult, CompletionInfo,
    ErrorData, GetPromptRequestParams, GetPromptResponse, Implementation, ListPromptsResult,
    ListResourceTemplatesResult, ListResourcesResult, ListToolsResult, PaginatedRequestParams,
    ReadResourceRequestParams, ReadResourceResponse, ServerCapabilities, ServerConfig, Tool,
};
use rmcp::service::RequestContext;
use rmcp::{RoleServer, ServerHandler};

use super::answer::{Stop, broken, refusal};
use super::call::Call;
use super::{prompts, resources, table};
use crate::problem::Problem;

/// How long a client may keep what only another release changes, in milliseconds.
const FIXED_MS: u64 = 60 * 60 * 1000;

/// Where the identity of a caller comes from.
#[derive(Clone)]
pub(super) enum Identity {
    /// The one client of this process is this agent, or the one that the client's name says. It acts in this run.
    Process { agent: Option<String>, run: String },
    /// Each HTTP request says who sends it, as for REST.
    Request,
}

/// The board for models.
#[derive(Clone)]
pub(super) struct Service {
    store: Store,
    identity: Arc<Identity>,
}

impl Service {
    pub(super) fn new(store: Store, identity: Identity) -> Self {
        Self { store, identity: Arc::new(identity) }
    }

    /// The board as the sender of a request sees it.
    fn kanban(&self, context: &RequestContext<RoleServer>) -> Result<Kanban, Problem> {
        let client = context.client_info().map(|client| client.name).filter(|name| !name.trim().is_empty());
        let client = client.map(|name| super::text::line(&name, 128)).unwrap_or_else(|| "mcp".to_owned());
        match &*self.identity {
            Identity::Process { agent, run } => {
                let actor = Actor::agent(agent.clone().unwrap_or(client)).in_run(run.clone());
                Ok(self.store.tenant("default", actor)?)
            }
            Identity::Request => {
                let parts = context.extensions.get::<axum::http::request::Parts>().ok_or_else(|| {
                    Problem::from(kanban_core::Error::Internal { source: "a request came without its head".into() })
                })?;
                crate::extract::for_agent(parts, &client)
            }
        }
    }

    fn kanban_or_error(&self, context: &RequestContext<RoleServer>) -> Result<Kanban, ErrorData> {
        self.kanban(context).map_err(|problem| protocol_error(problem.to_value()))
    }
}

/// A refusal where the protocol has no place for one in the result.
fn protocol_error(refusal: serde_json::Value) -> ErrorData {
    let detail = refusal["detail"].as_str().unwrap_or_default().to_owned();
    match refusal["code"].as_str() {
        Some("internal" | "unavailable") => ErrorData::internal_error(detail, Some(refusal)),
        _ => ErrorData::invalid_params(detail, Some(refusal)),
    }
}

pub(super) fn refused(error: kanban_core::Error) -> ErrorData {
    let is_missing = error.kind() == kanban_core::ErrorKind::NotFound;
    let detail = error.to_string();
    let value = refusal(error);
    if is_missing { ErrorData::resource_not_found(detail, Some(value)) } else { protocol_error(value) }
}

pub(super) fn stopped(stop: Stop) -> ErrorData {
    match stop {
        Stop::Refused(error) => refused(*error),
        Stop::Explained(value) => protocol_error(value),
        Stop::Ask(_) => ErrorData::internal_error("this cannot ask", None),
    }
}

impl ServerHandler for Service {
    fn get_info(&self) -> ServerConfig {
        let capabilities = ServerCapabilities::builder()
            .enable_tools()
            .enable_prompts()
            .enable_resources()
            .enable_completions()
            .build();
        let mut server = Implementation::new("kanban", env!("CARGO_PKG_VERSION"));
        server.title = Some("Kanban For Agents".to_owned());
        ServerConfig::new(capabilities)
            .with_server_info(server)
            .with_instructions(include_str!("instructions.txt").trim_end())
    }

    async fn list_tools(
        &self,
        _: Option<PaginatedRequestParams>,
        _: RequestContext<RoleServer>,
    ) -> Result<ListToolsResult, ErrorData> {
        Ok(ListToolsResult::with_all_items(table::tools()).with_ttl_ms(FIXED_MS).with_cache_scope(CacheScope::Public))
    }

    fn get_tool(&self, name: &str) -> Option<Tool> {
        table::lookup(name).map(|entry| entry.tool.clone())
    }

    async fn call_tool(
        &self,
        request: CallToolRequestParams,
        context: RequestContext<RoleServer>,
    ) -> Result<CallToolResponse, ErrorData> {
        let Some(entry) = table::lookup(&request.name) else {
            let detail =
                format!("There is no tool {}. tools/list tells which there are.", super::text::line(&request.name, 64));
            return Err(ErrorData::invalid_params(detail, None));
        };
        let began = Instant::now();
        let kanban = match self.kanban(&context) {
            Ok(kanban) => kanban,
            Err(problem) => return Ok(Stop::Explained(problem.to_value()).respond()),
        };
        let name = entry.name();
        let call = Call {
            kanban,
            tool: name,
            arguments: request.arguments.unwrap_or_default(),
            answers: request.input_responses,
            state: request.request_state,
            context,
        };
        // a defect in a tool ends its call, not the connection of the client
        let outcome = std::panic::AssertUnwindSafe(entry.run(call)).catch_unwind().await;
        let duration = began.elapsed().as_micros() as u64;
        let (response, outcome) = match outcome {
            Ok(Ok(result)) => (result.into(), "answered"),
            Ok(Err(stop)) => (stop.respond(), "stopped"),
            Err(_) => (broken(), "panicked"),
        };
        tracing::info!(mcp.tool = name, mcp.outcome = outcome, mcp.duration_us = duration, "called");
        Ok(response)
    }

    async fn list_prompts(
        &self,
        _: Option<PaginatedRequestParams>,
        _: RequestContext<RoleServer>,
    ) -> Result<ListPromptsResult, ErrorData> {
        Ok(ListPromptsResult::with_all_items(prompts::list())
            .with_ttl_ms(FIXED_MS)
            .with_cache_scope(CacheScope::Public))
    }

    async fn get_prompt(
        &self,
        request: GetPromptRequestParams,
        _: RequestContext<RoleServer>,
    ) -> Result<GetPromptResponse, ErrorData> {
        prompts::get(&request.name, request.arguments.unwrap_or_default()).map(Into::into)
    }

    async fn list_resources(
        &self,
        request: Option<PaginatedRequestParams>,
        context: RequestContext<RoleServer>,
    ) -> Result<ListResourcesResult, ErrorData> {
        let kanban = self.kanban_or_error(&context)?;
        resources::list(&kanban, request.and_then(|page| page.cursor)).await.map_err(refused)
    }

    async fn list_resource_templates(
        &self,
        _: Option<PaginatedRequestParams>,
        _: RequestContext<RoleServer>,
    ) -> Result<ListResourceTemplatesResult, ErrorData> {
        let templates = ListResourceTemplatesResult::with_all_items(resources::templates());
        Ok(templates.with_ttl_ms(FIXED_MS).with_cache_scope(CacheScope::Public))
    }

    async fn read_resource(
        &self,
        request: ReadResourceRequestParams,
        context: RequestContext<RoleServer>,
    ) -> Result<ReadResourceResponse, ErrorData> {
        let kanban = self.kanban_or_error(&context)?;
        resources::read(&kanban, &request.uri).await.map(Into::into)
    }

    /// Completes keys of boards, which all prompts and both templates begin with.
    async fn complete(
        &self,
        request: CompleteRequestParams,
        context: RequestContext<RoleServer>,
    ) -> Result<CompleteResult, ErrorData> {
        let kanban = self.kanban_or_error(&context)?;
        let begun = request.argument.value.to_ascii_uppercase();
        let filter = BoardFilter { archived: Some(false), ..BoardFilter::default() };
        let boards = kanban.list_boards(filter, ListPage::first(200)).await.map_err(refused)?;
        let mut keys: Vec<String> =
            boards.items.into_iter().map(|board| board.key).filter(|key| key.starts_with(&begun)).collect();
        keys.truncate(CompletionInfo::MAX_VALUES);
        let info = CompletionInfo::new(keys).map_err(|error| ErrorData::internal_error(error, None))?;
        Ok(CompleteResult::new(info))
    }
}
