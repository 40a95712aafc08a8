//! Input rules, all checked before the database is asked, all reported at once.

use serde_json::value::RawValue;

use super::{JsonObject, storable};
use crate::error::InvalidField;
use crate::{Error, Result};

/// The most characters of a title or name.
pub(crate) const NAME_CHARACTERS: usize = 256;

/// The most characters of a column's name.
pub(crate) const COLUMN_NAME_CHARACTERS: usize = 128;

/// The most bytes of a description.
pub(crate) const DESCRIPTION_BYTES: usize = 16 * 1024;

/// The most bytes of a comment, and of a reason.
pub(crate) const COMMENT_BYTES: usize = 8 * 1024;

/// The most bytes of one JSON member.
const JSON_BYTES: usize = 16 * 1024;

/// Collects every broken rule of an input.
#[derive(Default)]
pub(crate) struct Check(Vec<InvalidField>);

impl Check {
    pub(crate) fn fails(&mut self, pointer: &str, detail: impl Into<String>) {
        self.0.push(InvalidField { pointer: pointer.to_owned(), detail: detail.into() });
    }

    /// A text's length in characters (Unicode scalar values).
    pub(crate) fn characters(&mut self, pointer: &str, text: &str, min: usize, max: usize) {
        // characters are at most as many as bytes, so most texts need no count
        let length = if text.len() <= max && text.len() < 2 { text.len() } else { text.chars().count() };
        self.length(pointer, length, min, max, "characters");
        self.no_nul(pointer, text);
    }

    /// A text's length in bytes of UTF-8.
    pub(crate) fn bytes(&mut self, pointer: &str, text: &str, min: usize, max: usize) {
        self.length(pointer, text.len(), min, max, "bytes");
        self.no_nul(pointer, text);
    }

    /// A list of short texts: their number, the length of each, none twice.
    pub(crate) fn texts(&mut self, pointer: &str, texts: &[String], max: usize) {
        self.length(pointer, texts.len(), 0, max, "entries");
        for (i, text) in texts.iter().enumerate() {
            let pointer = format!("{pointer}/{i}");
            self.characters(&pointer, text, 1, 256);
            if texts[..i].contains(text) {
                self.fails(&pointer, "is in the list already");
            }
        }
    }

    /// The size of a JSON member.
    pub(crate) fn object(&mut self, pointer: &str, object: &JsonObject) {
        self.json(pointer, object.raw());
    }

    pub(crate) fn json(&mut self, pointer: &str, json: &RawValue) {
        self.length(pointer, json.get().len(), 0, JSON_BYTES, "bytes of JSON");
        if let Err(detail) = storable::check(json.get()) {
            self.fails(pointer, detail);
        }
    }

    pub(crate) fn wip_limit(&mut self, limit: Option<i32>) {
        if limit.is_some_and(|limit| limit < 1) {
            self.fails("/wip_limit", "must be at least 1, or null for no limit");
        }
    }

    /// A place among others: it is said in one way at most.
    pub(crate) fn place(&mut self, after: bool, before: bool, position: Option<u32>) {
        if [after, before, position.is_some()].into_iter().filter(|given| *given).count() > 1 {
            self.fails("/position", "give one of after_id, before_id and position, not several");
        }
        if position.is_some_and(|position| position > i32::MAX as u32) {
            self.fails("/position", "is larger than any place; leave it out to mean the end");
        }
    }

    pub(crate) fn done(self) -> Result<()> {
        if self.0.is_empty() { Ok(()) } else { Err(Error::Invalid { fields: self.0 }) }
    }

    fn length(&mut self, pointer: &str, length: usize, min: usize, max: usize, unit: &str) {
        if length > max {
            self.fails(pointer, format!("has {length} {unit}; the most is {max}"));
        } else if length < min {
            self.fails(pointer, "must not be empty");
        }
    }

    fn no_nul(&mut self, pointer: &str, text: &str) {
        if text.contains('\0') {
            self.fails(pointer, "must not contain the character U+0000");
        }
    }
}
