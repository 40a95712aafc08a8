//! Excerpts: the part of a text where a search has found something, and what of it was found.

use std::collections::HashSet;
use std::ops::Range;

use serde::Serialize;

use super::words::{Word, words};

/// How many characters an excerpt has at most.
const LENGTH: usize = 240;

/// How many of them stand before the first that was found.
const BEFORE: usize = 60;

named! {
    /// Where an excerpt is taken from.
    ExcerptField {
        /// The card's key.
        Key = "key",
        /// The card's id in another system.
        ExternalId = "external_id",
        /// The card's title.
        Title = "title",
        /// One of the card's labels.
        Label = "label",
        /// The card's description.
        Description = "description",
        /// The comment.
        Comment = "comment",
    }
}

/// A part of a text with what was found in it. The parts, one behind the other, are the text's own characters; nothing is
/// marked inside them, so no text can pass for a mark.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Excerpt {
    /// What it is taken from.
    pub field: ExcerptField,
    /// At most 240 characters in a row, in parts that were found and parts around them.
    pub parts: Vec<ExcerptPart>,
    /// Whether the text goes on before or behind it.
    pub is_cut: bool,
}

/// A part of an excerpt.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ExcerptPart {
    /// What it says.
    pub text: String,
    /// Whether this is what was found.
    pub is_hit: bool,
}

/// What to mark: runs of words that stand behind each other, and single words.
#[derive(Debug, Default)]
pub(crate) struct Marks {
    pub(crate) runs: Vec<Run>,
    pub(crate) words: HashSet<String>,
}

/// Words that stand behind each other; the last may be a beginning.
#[derive(Debug)]
pub(crate) struct Run {
    pub(crate) words: Vec<String>,
    pub(crate) begins: bool,
}

impl Run {
    fn is_at(&self, found: &[Word]) -> bool {
        let last = self.words.len() - 1;
        found.len() > last
            && self.words.iter().zip(found).enumerate().all(|(i, (wanted, word))| {
                word.folded == *wanted || (i == last && self.begins && word.folded.starts_with(wanted.as_str()))
            })
    }
}

impl Marks {
    /// The places in a text that are marked, in order.
    fn places(&self, text: &str) -> Vec<Range<usize>> {
        let found = words(text);
        let mut is_marked = vec![false; found.len()];
        for at in 0..found.len() {
            for run in self.runs.iter().filter(|run| run.is_at(&found[at..])) {
                is_marked[at..at + run.words.len()].fill(true);
            }
            is_marked[at] |= self.words.contains(&found[at].folded);
        }
        found.into_iter().zip(is_marked).filter(|(_, is_marked)| *is_marked).map(|(word, _)| word.at).collect()
    }

    /// The part of a text that holds the most of what is marked; none if nothing is.
    pub(crate) fn excerpt(&self, field: ExcerptField, text: &str) -> Option<Excerpt> {
        let places = self.places(text);
        if places.is_empty() {
            return None;
        }
        let cut = densest(text, &places);
        let mut parts = Vec::new();
        let mut at = cut.start;
        for place in places.iter().filter(|place| place.start >= cut.start && place.end <= cut.end) {
            push(&mut parts, &text[at..place.start], false);
            push(&mut parts, &text[place.clone()], true);
            at = place.end;
        }
        push(&mut parts, &text[at..cut.end], false);
        Some(Excerpt { field, parts, is_cut: cut != (0..text.len()) })
    }
}

/// The stretch of a text, no longer than an excerpt, that begins a little before the place with the most others behind it.
fn densest(text: &str, places: &[Range<usize>]) -> Range<usize> {
    let starts: Vec<usize> = text.char_indices().map(|(at, _)| at).collect();
    if starts.len() <= LENGTH {
        return 0..text.len();
    }
    let nth = |byte: usize| starts.partition_point(|start| *start < byte);
    let byte = |nth: usize| starts.get(nth).copied().unwrap_or(text.len());
    let room = LENGTH - BEFORE;
    let reach = |from: usize| {
        let end = byte(nth(places[from].start) + room);
        places[from..].iter().take_while(|place| place.end <= end).count()
    };
    // the first of the best: max_by_key would give the last
    let best = (0..places.len()).rev().max_by_key(|from| reach(*from)).unwrap_or_default();
    let first = nth(places[best].start).saturating_sub(BEFORE).min(starts.len() - LENGTH);
    let (start, end) = (byte(first), byte(first + LENGTH));
    // whole words at both ends, where there is a space close by
    let start = match text[start..places[best].start].find(char::is_whitespace) {
        Some(space) if start > 0 => start + space,
        _ => start,
    };
    let last = places[best + reach(best).max(1) - 1].end.min(end);
    let end = match text[last..end].rfind(char::is_whitespace) {
        Some(space) if end < text.len() => last + space,
        _ => end,
    };
    start..end
}

fn push(parts: &mut Vec<ExcerptPart>, text: &str, is_hit: bool) {
    match parts.last_mut() {
        _ if text.is_empty() => {}
        Some(part) if part.is_hit == is_hit => part.text.push_str(text),
        _ => parts.push(ExcerptPart { text: text.to_owned(), is_hit }),
    }
}

#[cfg(test)]
mod tests {
    use super::{ExcerptField, LENGTH, Marks, Run};

    fn marks(runs: &[(&[&str], bool)], words: &[&str]) -> Marks {
        let run = |(words, begins): &(&[&str], bool)| Run {
            words: words.iter().map(|word| (*word).to_owned()).collect(),
            begins: *begins,
        };
        Marks { runs: runs.iter().map(run).collect(), words: words.iter().map(|word| (*word).to_owned()).collect() }
    }

    fn shown(marks: &Marks, text: &str) -> Option<String> {
        let excerpt = marks.excerpt(ExcerptField::Title, text)?;
        let part = |part: &super::ExcerptPart| if part.is_hit { format!("[{}]", part.text) } else { part.text.clone() };
        Some(excerpt.parts.iter().map(part).collect())
    }

    #[test]
    fn what_was_found_is_marked_and_the_text_stays_as_it_is() {
        let login = marks(&[(&["login"], true)], &["blog"]);
        assert_eq!(
            shown(&login, "The Lögin, <b>[logins]</b> log blog"),
            Some("The [Lögin], <b>[[logins]]</b> log [blog]".into())
        );
        assert_eq!(shown(&login, "nothing of the kind"), None);
        let path = marks(&[(&["auth", "go"], true)], &[]);
        assert_eq!(shown(&path, "auth in src/auth.go:12"), Some("auth in src/[auth].[go]:12".into()));
        let chinese = marks(&[(&["看", "板"], false)], &[]);
        assert_eq!(shown(&chinese, "看一看看板吧"), Some("看一看[看板]吧".into()));
    }

    #[test]
    fn an_excerpt_is_short_and_shows_where_most_was_found() {
        let marks = marks(&[(&["ключ"], false), (&["замок"], false)], &[]);
        let filler = "слово ".repeat(200);
        let text = format!("ключ {filler}ключ и замок {filler}");
        let excerpt = marks.excerpt(ExcerptField::Description, &text).expect("it is found");
        let hits: Vec<&str> = excerpt.parts.iter().filter(|part| part.is_hit).map(|part| part.text.as_str()).collect();
        assert_eq!(hits, ["ключ", "замок"]);
        let whole: String = excerpt.parts.iter().map(|part| part.text.as_str()).collect();
        assert!(excerpt.is_cut && whole.chars().count() <= LENGTH && text.contains(&whole), "{whole}");
        assert!(whole.trim().split(' ').all(|word| ["слово", "ключ", "и", "замок"].contains(&word)), "{whole}");
    }
}
