//! Searches: what can be asked for, and what is found.

use std::collections::HashSet;

use serde::{Deserialize, Serialize};

use super::check::Check;
use super::excerpt::{Marks, Run};
use super::words::{has_words, words};
use super::{ActorRef, BoardId, BoardRef, CardFilter, CardId, ColumnId, ColumnKind, CommentId, Excerpt, ListPage};
use super::{Priority, Timestamp};
use crate::Result;

/// The most words and quoted phrases in a query: each may stand for dozens of words that are like it.
const MAX_CLAUSES: usize = 16;

named! {
    /// Where a search has found its words.
    FoundIn {
        /// The query is the card's key, id or external id.
        Key = "key",
        /// All words in the card's title.
        Title = "title",
        /// All words in the card: title, key, external id, labels and description together.
        Card = "card",
        /// All words in a comment on the card.
        Comment = "comment",
    }
}

/// Something that a search has found.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct SearchHit {
    /// Where the words were found.
    pub found_in: FoundIn,
    /// Whether some of the words are not as they were asked for: they stand inside another word, or differ by a slip.
    pub is_approximate: bool,
    /// The card.
    pub card: FoundCard,
    /// The comment, where the words were found in one.
    pub comment: Option<FoundComment>,
    /// The texts with what was found in them; title first, description last.
    pub excerpts: Vec<Excerpt>,
}

/// A card that a search has found, in short.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct FoundCard {
    /// Its id.
    pub id: CardId,
    /// Its key.
    pub key: String,
    /// The board it is on.
    pub board_id: BoardId,
    /// The column it is in.
    pub column_id: ColumnId,
    /// The kind of that column.
    pub status: ColumnKind,
    /// What is to be done, in one line.
    pub title: String,
    /// Its labels.
    pub labels: Vec<String>,
    /// Who may work on it; anybody when empty.
    pub assignees: Vec<String>,
    /// How urgent it is.
    pub priority: Priority,
    /// When it should be finished.
    pub due_at: Option<Timestamp>,
    /// When it was changed last.
    pub updated_at: Timestamp,
}

/// A comment that a search has found, in short.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct FoundComment {
    /// Its id.
    pub id: CommentId,
    /// Who wrote it.
    pub author: ActorRef,
    /// When it was written.
    pub created_at: Timestamp,
}

/// A search for cards and comments.
///
/// ```
/// use kanban_core::{CardFilter, ColumnKind, Search};
///
/// let filter = CardFilter { status: Some(ColumnKind::Todo), ..CardFilter::default() };
/// let search = Search { filter, ..Search::for_text("login -draft") };
/// assert_eq!(search.query.q, "login -draft");
/// ```
#[derive(Debug, Clone, Default)]
pub struct Search {
    /// What to look for, and where.
    pub query: SearchQuery,
    /// Only on cards that meet this.
    pub filter: CardFilter,
    /// Which page, and how long.
    pub page: ListPage,
}

impl Search {
    /// A search on all boards.
    pub fn for_text(q: impl Into<String>) -> Self {
        Self { query: SearchQuery { q: q.into(), ..SearchQuery::default() }, ..Self::default() }
    }
}

/// What to look for, and on which boards.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::IntoParams))]
#[cfg_attr(feature = "openapi", into_params(parameter_in = Query))]
#[serde(deny_unknown_fields)]
pub struct SearchQuery {
    /// Words that have to be there, in any order, case and accents aside: 1 to 256 characters. "Words in quotes" stand
    /// behind each other; -word must not be there; either may hold around "or".
    #[cfg_attr(feature = "openapi", param(min_length = 1, max_length = 256, example = "login"))]
    pub q: String,
    /// On this board; on all when absent.
    #[serde(default)]
    pub board_id: Option<BoardRef>,
    /// Whether archived boards are searched too.
    #[serde(default)]
    pub archived: Option<bool>,
}

/// A query, taken apart: all clauses of one of the groups have to hold, and none of the others.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Clauses {
    any: Vec<Vec<Clause>>,
    none: Vec<Clause>,
}

/// What stands without a space, or between quotes.
#[derive(Debug, PartialEq, Eq, Serialize)]
struct Clause {
    text: String,
    quoted: bool,
}

impl Clauses {
    pub(crate) fn of(q: &str) -> Result<Self> {
        let mut check = Check::default();
        check.characters("/q", q, 1, 256);
        check.done()?;
        let mut clauses = Self { any: vec![Vec::new()], none: Vec::new() };
        for (text, quoted, is_excluded) in split(q) {
            if !quoted && !is_excluded && text.eq_ignore_ascii_case("or") {
                clauses.any.push(Vec::new());
            } else if has_words(text) {
                let clause = Clause { text: text.to_owned(), quoted };
                match clauses.any.last_mut() {
                    Some(group) if !is_excluded => group.push(clause),
                    _ => clauses.none.push(clause),
                }
            }
        }
        clauses.any.retain(|group| !group.is_empty());
        let count = clauses.any.iter().map(Vec::len).sum::<usize>() + clauses.none.len();
        let mut check = Check::default();
        if count == 0 {
            check.fails("/q", "holds no letter or digit to search for");
        } else if clauses.any.is_empty() {
            check.fails("/q", "says only what must not be there; add a word to look for");
        } else if count > MAX_CLAUSES {
            check.fails("/q", format!("has {count} words and phrases; the most is {MAX_CLAUSES}"));
        }
        check.done()?;
        Ok(clauses)
    }

    /// What to mark in what is found: the words, and those that stand near them.
    pub(crate) fn marks(&self, near: &[String]) -> Marks {
        let mut marks = Marks { runs: Vec::new(), words: near.iter().cloned().collect::<HashSet<_>>() };
        for clause in self.any.iter().flatten() {
            let words: Vec<String> = words(&clause.text).into_iter().map(|word| word.folded).collect();
            if !near.is_empty() && !clause.quoted {
                marks.runs.extend(words.into_iter().map(|word| Run { words: vec![word], begins: true }));
            } else if !words.is_empty() {
                marks.runs.push(Run { words, begins: !clause.quoted });
            }
        }
        marks
    }
}

/// A query's clauses: text, whether it stands in quotes, whether it must not be there.
fn split(q: &str) -> Vec<(&str, bool, bool)> {
    let mut clauses = Vec::new();
    let mut rest = q.trim_start();
    while !rest.is_empty() {
        // a dash before a word excludes it; two are somebody's --option
        let is_excluded = rest.starts_with('-') && !rest[1..].starts_with(|c: char| c == '-' || c.is_whitespace());
        let body = if is_excluded { &rest[1..] } else { rest };
        let (text, quoted, end) = match body.strip_prefix('"') {
            Some(quote) => {
                let end = quote.find('"').unwrap_or(quote.len());
                (&quote[..end], true, &quote[(end + 1).min(quote.len())..])
            }
            None => {
                let end = body.find(|c: char| c == '"' || c.is_whitespace()).unwrap_or(body.len());
                (&body[..end], false, &body[end..])
            }
        };
        clauses.push((text, quoted, is_excluded));
        rest = end.trim_start();
    }
    clauses
}

#[cfg(test)]
mod tests {
    use super::{Clause, Clauses};

    fn clauses(q: &str) -> (Vec<Vec<String>>, Vec<String>) {
        let text = |clause: &Clause| if clause.quoted { format!("\"{}\"", clause.text) } else { clause.text.clone() };
        let clauses = Clauses::of(q).unwrap_or_else(|error| panic!("{q}: {error}"));
        let any = clauses.any.iter().map(|group| group.iter().map(text).collect()).collect();
        (any, clauses.none.iter().map(text).collect())
    }

    #[test]
    fn a_query_is_taken_apart_as_it_is_written() {
        let of = |any: &[&[&str]], none: &[&str]| {
            let owned = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect::<Vec<_>>();
            (any.iter().map(|group| owned(group)).collect::<Vec<_>>(), owned(none))
        };
        assert_eq!(clauses(" login  page "), of(&[&["login", "page"]], &[]));
        assert_eq!(clauses("src/auth.go -draft -\"in doubt\""), of(&[&["src/auth.go"]], &["draft", "\"in doubt\""]));
        assert_eq!(clauses("\"git merge\"now \"open"), of(&[&["\"git merge\"", "now", "\"open\""]], &[]));
        assert_eq!(clauses("a or b OR c d"), of(&[&["a"], &["b"], &["c", "d"]], &[]));
        assert_eq!(clauses("or login or"), of(&[&["login"]], &[]));
        assert_eq!(clauses("\"or\" serve --no-demo - x"), of(&[&["\"or\"", "serve", "--no-demo", "x"]], &[]));
        assert_eq!(clauses("看板 → Ёж"), of(&[&["看板", "Ёж"]], &[]));
    }

    #[test]
    fn a_query_without_anything_to_look_for_says_what_is_missing() {
        let many = vec!["word"; 17].join(" ");
        let wrong = [
            ("", "must not be empty"),
            ("  …—\"\"", "holds no letter or digit"),
            ("-draft -\"x\"", "add a word"),
            ("a\0b", "U+0000"),
            (&"x".repeat(257), "the most is 256"),
            (&many, "has 17 words"),
        ];
        for (q, part) in wrong {
            let error = Clauses::of(q).expect_err(q).to_string();
            assert!(error.contains(part) && error.contains("/q"), "{q:?}: {error}");
        }
    }
}
