//! What a tool gives back: its answer, a refusal, or a question. All of it short.

use kanban_core::Error;
use rmcp::model::{CallToolResponse, CallToolResult, ContentBlock, InputRequiredResult};
use serde::Serialize;
use serde_json::{Value, json};

use super::text::json_of;
use crate::problem::Problem;

/// The most bytes of an answer, as it is sent, where nothing longer is asked for: about 2,000 tokens.
pub(super) const NORMAL: usize = 8_000;

/// The most bytes of any answer: about 8,000 tokens.
pub(super) const MOST: usize = 32_000;

/// Why a tool gives something else than its answer.
#[derive(Debug)]
pub(super) enum Stop {
    /// The board, or its rules, refuse it. Nothing has changed.
    Refused(Box<Error>),
    /// The same, with what helps to go on.
    Explained(Value),
    /// Nothing has changed yet: whoever sits at the client is asked first.
    Ask(Box<InputRequiredResult>),
}

/// What a tool gives back.
pub(super) type Outcome<T> = Result<T, Stop>;

impl From<Error> for Stop {
    fn from(error: Error) -> Self {
        Self::Refused(Box::new(error))
    }
}

impl Stop {
    /// An argument that is wrong.
    pub(super) fn invalid(pointer: &str, detail: impl Into<String>) -> Self {
        let field = kanban_core::InvalidField { pointer: pointer.to_owned(), detail: detail.into() };
        Error::Invalid { fields: vec![field] }.into()
    }

    /// As it goes to the client: a model reads why, and what to do next.
    pub(super) fn respond(self) -> CallToolResponse {
        match self {
            Self::Refused(error) => refused(&refusal(*error)),
            Self::Explained(value) => refused(&value),
            Self::Ask(question) => (*question).into(),
        }
    }
}

fn refused(value: &Value) -> CallToolResponse {
    CallToolResult::error(vec![ContentBlock::text(json_of(value))]).into()
}

/// A refusal as data: the members of the problem document that say something to a model, none of them long.
pub(super) fn refusal(error: Error) -> Value {
    let mut value = Problem::from(error).to_value();
    if let Some(members) = value.as_object_mut() {
        // the thing as it is now comes in its short form, where it helps
        members.remove("current");
    }
    bounded(value)
}

/// The same with long texts and lists cut in the middle, where the path of a cycle or a foreign key could have any length.
fn bounded(value: Value) -> Value {
    const TEXT: usize = 1_000;
    const ITEMS: usize = 20;
    match value {
        Value::String(text) if text.chars().nth(2 * TEXT).is_some() => {
            let count = text.chars().count();
            let front: String = text.chars().take(TEXT).collect();
            let back: String = text.chars().skip(count - TEXT).collect();
            format!("{front} … {} characters … {back}", count - 2 * TEXT).into()
        }
        Value::Array(mut items) if items.len() > 2 * ITEMS => {
            let back = items.split_off(items.len() - ITEMS);
            let left_out = items.len() - ITEMS;
            items.truncate(ITEMS);
            items.push(format!("… {left_out} more …").into());
            items.into_iter().chain(back).map(bounded).collect()
        }
        Value::Array(items) => items.into_iter().map(bounded).collect(),
        Value::Object(members) => members.into_iter().map(|(name, member)| (name, bounded(member))).collect(),
        other => other,
    }
}

/// An answer as it goes to the client: once as text, for models, and, unless the text is long, once as data for programs.
pub(super) fn answered(value: &impl Serialize, structured: bool) -> CallToolResult {
    let text = json_of(value);
    let data = structured.then(|| serde_json::from_str(&text).expect("it was written as JSON"));
    let mut result = CallToolResult::success(vec![ContentBlock::text(text)]);
    result.structured_content = data;
    result
}

/// The bytes of an answer as it is sent.
pub(super) fn sent_bytes(value: &impl Serialize, structured: bool) -> usize {
    let result = answered(value, structured);
    serde_json::to_vec(&result).expect("answers are plain values").len()
}

/// The answer to a failure of this program.
pub(super) fn broken() -> CallToolResponse {
    refused(&json!({ "code": "internal", "detail": "Something went wrong inside. The cause is in the log." }))
}
