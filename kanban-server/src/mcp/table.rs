//! An entry of the tool table: what clients are told of a tool, and how it is called.

use std::sync::{Arc, LazyLock};

use futures::FutureExt;
use futures::future::BoxFuture;
use rmcp::model::{CallToolResult, JsonObject, Tool, ToolAnnotations};
use schemars::JsonSchema;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::answer::{MOST, Outcome, Stop, answered, sent_bytes};
use super::call::Call;
use super::schema;

/// What a tool does to the board.
#[derive(Clone, Copy)]
pub(super) struct Hints {
    pub(super) read_only: bool,
    pub(super) destructive: bool,
    pub(super) idempotent: bool,
}

type Run = Arc<dyn Fn(Call) -> BoxFuture<'static, Outcome<CallToolResult>> + Send + Sync>;

/// A tool.
pub(super) struct Entry {
    name: &'static str,
    pub(super) tool: Tool,
    run: Run,
}

/// A tool whose answer is data with a schema.
pub(super) fn tool<I, O, Fut>(
    name: &'static str,
    title: &'static str,
    hints: Hints,
    call: fn(Call, I) -> Fut,
    description: &'static str,
) -> Entry
where
    I: DeserializeOwned + JsonSchema + Send + 'static,
    O: Serialize + JsonSchema + Send + 'static,
    Fut: Future<Output = Outcome<O>> + Send + 'static,
{
    entry(name, title, hints, call, description, Some(schema::answer::<O>()))
}

/// A tool whose answer holds long texts: they are sent once, as text.
pub(super) fn text_tool<I, O, Fut>(
    name: &'static str,
    title: &'static str,
    hints: Hints,
    call: fn(Call, I) -> Fut,
    description: &'static str,
) -> Entry
where
    I: DeserializeOwned + JsonSchema + Send + 'static,
    O: Serialize + Send + 'static,
    Fut: Future<Output = Outcome<O>> + Send + 'static,
{
    entry(name, title, hints, call, description, None)
}

fn entry<I, O, Fut>(
    name: &'static str,
    title: &'static str,
    hints: Hints,
    call: fn(Call, I) -> Fut,
    description: &'static str,
    output: Option<Arc<JsonObject>>,
) -> Entry
where
    I: DeserializeOwned + JsonSchema + Send + 'static,
    O: Serialize + Send + 'static,
    Fut: Future<Output = Outcome<O>> + Send + 'static,
{
    let structured = output.is_some();
    // only what is not so by default is said
    let mut annotations = ToolAnnotations::new().open_world(false);
    annotations.read_only_hint = hints.read_only.then_some(true);
    annotations.destructive_hint = (!hints.read_only && !hints.destructive).then_some(false);
    annotations.idempotent_hint = (!hints.read_only && hints.idempotent).then_some(true);
    let mut tool =
        Tool::new(name, description, schema::arguments::<I>()).with_title(title).with_annotations(annotations);
    tool.output_schema = output;
    let run: Run = Arc::new(move |given| {
        async move {
            let arguments = read::<I>(given.arguments.clone())?;
            let answer = call(given, arguments).await?;
            let bytes = sent_bytes(&answer, structured);
            if bytes > MOST {
                tracing::error!(mcp.tool = name, mcp.bytes = bytes, "an answer is too long");
            }
            Ok(answered(&answer, structured))
        }
        .boxed()
    });
    Entry { name, tool, run }
}

impl Entry {
    pub(super) fn name(&self) -> &'static str {
        self.name
    }

    pub(super) fn run(&self, call: Call) -> BoxFuture<'static, Outcome<CallToolResult>> {
        (self.run)(call)
    }
}

/// The arguments of a call. One that is unknown, missing or of another kind is told by its place.
fn read<I: DeserializeOwned>(arguments: JsonObject) -> Outcome<I> {
    serde_path_to_error::deserialize(Value::Object(arguments))
        .map_err(|error| Stop::invalid(&crate::extract::pointer(error.path()), error.into_inner().to_string()))
}

static TABLE: LazyLock<Vec<Entry>> = LazyLock::new(super::table);

/// Every tool as clients see it.
pub(super) fn tools() -> Vec<Tool> {
    TABLE.iter().map(|entry| entry.tool.clone()).collect()
}

/// The tool of a name.
pub(super) fn lookup(name: &str) -> Option<&'static Entry> {
    TABLE.iter().find(|entry| entry.tool.name == name)
}
