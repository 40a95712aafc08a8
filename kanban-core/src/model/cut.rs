//! Text that is cut to its limit where the caller prefers that to a refusal.

use super::{
    BoardPatch, Bulk, BulkOperation, CardPatch, ClaimNext, ColumnPatch, ColumnPlace, MoveCard, NewAttachment, NewBoard,
    NewCard, NewColumn, NewComment, NewDependency, NewTenant, NewToken, NewWorkspace, Place, Release, WorkspacePatch,
    check,
};

/// Inputs whose prose can be cut to its limit.
///
/// Titles, names, descriptions, comments and reasons may lose their end. What names something (ids, keys, labels,
/// assignees, addresses) would then name something else, and JSON would be broken: they are refused as ever.
///
/// ```
/// use kanban_core::{CutToFit, NewCard};
///
/// let mut card = NewCard { description: "é".repeat(10_000), ..NewCard::titled("Fix the login") };
/// assert_eq!(card.cut_to_fit(), ["/description"]);
/// assert_eq!(card.description.len(), 16 * 1024);
/// ```
pub trait CutToFit {
    /// Cuts each text that is over its limit, between two characters. Answers JSON pointers (RFC 6901) to what was cut.
    fn cut_to_fit(&mut self) -> Vec<String> {
        Vec::new()
    }
}

/// Collects what was cut.
#[derive(Default)]
pub(crate) struct Cut(Vec<String>);

impl Cut {
    pub(crate) fn characters(&mut self, pointer: &str, text: &mut String, max: usize) {
        if let Some((at, _)) = text.char_indices().nth(max) {
            self.at(pointer, text, at);
        }
    }

    pub(crate) fn bytes(&mut self, pointer: &str, text: &mut String, max: usize) {
        if text.len() > max {
            let at = text.floor_char_boundary(max);
            self.at(pointer, text, at);
        }
    }

    pub(crate) fn done(self) -> Vec<String> {
        self.0
    }

    fn at(&mut self, pointer: &str, text: &mut String, at: usize) {
        text.truncate(at);
        self.0.push(pointer.to_owned());
    }
}

/// Says which texts of an input may be cut, and to how many characters or bytes.
macro_rules! prose {
    ($($input:ident { $($pointer:literal: $text:ident, $unit:ident, $max:ident;)* })*) => {$(
        impl CutToFit for $input {
            fn cut_to_fit(&mut self) -> Vec<String> {
                let mut cut = Cut::default();
                $(if let Some(text) = self.$text.present() {
                    cut.$unit($pointer, text, check::$max);
                })*
                cut.done()
            }
        }
    )*};
}

prose! {
    NewWorkspace {
        "/name": name, characters, NAME_CHARACTERS;
        "/description": description, bytes, DESCRIPTION_BYTES;
    }
    WorkspacePatch {
        "/name": name, characters, NAME_CHARACTERS;
        "/description": description, bytes, DESCRIPTION_BYTES;
    }
    NewBoard {
        "/name": name, characters, NAME_CHARACTERS;
        "/description": description, bytes, DESCRIPTION_BYTES;
    }
    BoardPatch {
        "/name": name, characters, NAME_CHARACTERS;
        "/description": description, bytes, DESCRIPTION_BYTES;
    }
    NewColumn {
        "/name": name, characters, COLUMN_NAME_CHARACTERS;
    }
    ColumnPatch {
        "/name": name, characters, COLUMN_NAME_CHARACTERS;
    }
    NewCard {
        "/title": title, characters, NAME_CHARACTERS;
        "/description": description, bytes, DESCRIPTION_BYTES;
    }
    CardPatch {
        "/title": title, characters, NAME_CHARACTERS;
        "/description": description, bytes, DESCRIPTION_BYTES;
    }
    NewComment {
        "/body": body, bytes, COMMENT_BYTES;
    }
    NewAttachment {
        "/name": name, characters, NAME_CHARACTERS;
    }
    Release {
        "/reason": reason, bytes, COMMENT_BYTES;
    }
}

impl CutToFit for Bulk {
    fn cut_to_fit(&mut self) -> Vec<String> {
        let mut all = Vec::new();
        for (i, operation) in self.operations.iter_mut().enumerate() {
            let (member, cut) = match operation {
                BulkOperation::Create(create) => ("create/card", create.card.cut_to_fit()),
                BulkOperation::Update(update) => ("update/patch", update.patch.cut_to_fit()),
                _ => continue,
            };
            all.extend(cut.into_iter().map(|pointer| format!("/operations/{i}/{member}{pointer}")));
        }
        all
    }
}

impl CutToFit for ClaimNext {}
impl CutToFit for ColumnPlace {}
impl CutToFit for MoveCard {}
impl CutToFit for NewDependency {}
impl CutToFit for NewTenant {}
impl CutToFit for NewToken {}
impl CutToFit for Place {}

/// A text that may be absent.
trait Text {
    fn present(&mut self) -> Option<&mut String>;
}

impl Text for String {
    fn present(&mut self) -> Option<&mut String> {
        Some(self)
    }
}

impl Text for Option<String> {
    fn present(&mut self) -> Option<&mut String> {
        self.as_mut()
    }
}
