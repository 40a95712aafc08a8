//! The tools: for each its arguments, one or a few operations of the core, and what of the outcome a model needs.

pub(super) mod boards;
pub(super) mod bulk;
pub(super) mod cards;
pub(super) mod changes;
pub(super) mod delete;
pub(super) mod find;
pub(super) mod links;
pub(super) mod tasks;

use kanban_core::{ListPage, Page};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::answer::{MOST, NORMAL, Outcome, Stop, sent_bytes};

// how much an answer says; no doc comment, for that would be told with every tool
#[derive(Debug, Clone, Copy, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub(super) enum Detail {
    #[default]
    Concise,
    Full,
}

impl Detail {
    /// The most bytes that it may have.
    fn bytes(self) -> usize {
        match self {
            Self::Concise => NORMAL,
            Self::Full => MOST,
        }
    }
}

/// The most things that one page of a tool's list shows.
const PAGE: u32 = 100;

fn page(limit: Option<u32>, default: u32, cursor: Option<String>) -> Outcome<ListPage> {
    let limit = limit.unwrap_or(default);
    if (1..=PAGE).contains(&limit) {
        Ok(ListPage { limit, cursor })
    } else {
        Err(Stop::invalid("/limit", format!("must be from 1 to {PAGE}")))
    }
}

/// Reads a page that fits: where the one that is asked for does not, a shorter one from the same place, whose cursor then
/// goes on behind what is shown. Answers the last reading with what it was turned into.
async fn fitting<T, A: Serialize, Fut>(
    detail: Detail,
    mut page: ListPage,
    read: impl Fn(ListPage) -> Fut,
    answer: impl Fn(Page<T>) -> A,
) -> Outcome<A>
where
    Fut: Future<Output = kanban_core::Result<Page<T>>>,
{
    loop {
        let answered = answer(read(page.clone()).await?);
        let bytes = sent_bytes(&answered, true);
        if bytes <= detail.bytes() || page.limit == 1 {
            return Ok(answered);
        }
        let shorter = page.limit as usize * detail.bytes() / bytes;
        page.limit = (shorter as u32).clamp(1, page.limit - 1);
    }
}
