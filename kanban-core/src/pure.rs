//! Private parts without I/O, for benchmarks of them (`cargo bench -p kanban-bench`). Here only with the feature `pure`, and
//! no part of the API.

use uuid::Uuid;

use crate::db::card_list::ListPlace;
use crate::model::{BoardId, BoardRef, CursorKey, ListCards, Scope};
pub use crate::token::pure::{Tokens, generate_token, is_token};

/// The cursors of a board's list of cards.
pub struct Cursors {
    key: CursorKey,
    board: BoardRef,
    list: ListCards,
    place: ListPlace,
}

impl Cursors {
    /// Of a list on some board, and some place in it.
    pub fn of(list: ListCards) -> Self {
        let id = Uuid::from_u128(1 << 100);
        let board = BoardRef::Id(BoardId::from(id));
        Self { key: CursorKey::new(&[7; 32]), board, list, place: ListPlace::OnBoard(1 << 20, id.into(), 1 << 40, 2) }
    }

    /// The cursor of the place.
    pub fn seal(&self) -> String {
        self.key.seal(&self.scope(), &self.place)
    }

    /// Whether this is the cursor of the place.
    pub fn opens(&self, cursor: &str) -> bool {
        self.key.open::<ListPlace>(&self.scope(), cursor).is_ok_and(|place| place == self.place)
    }

    fn scope(&self) -> Scope {
        Scope::of("default", "list_cards", &(&self.board, &self.list.filter, self.list.sort))
    }
}
