//! Changes: what became of each thing on a board, without the steps on the way.

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, HashMap};

use serde::Serialize;
use serde_json::value::{RawValue, to_raw_value};

use super::{BoardId, EntityId, Event, JsonObject};

named! {
    /// What became of a thing on a board.
    ChangeKind {
        /// It is new.
        Created = "created",
        /// It was there and is there.
        Updated = "updated",
        /// It has come from another board.
        MovedHere = "moved_here",
        /// It has gone to another board.
        MovedAway = "moved_away",
        /// It is gone.
        Deleted = "deleted",
        /// It was deleted and is back.
        Restored = "restored",
    }
}

/// What became of one thing on a board, all steps taken together.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Change {
    /// Number of the last event about it.
    pub seq: i64,
    /// What kind of thing it is, such as `card`.
    pub entity_type: String,
    /// Which one.
    pub entity_id: EntityId,
    /// The card's short key; null for other things.
    pub key: Option<String>,
    /// What the card is called now; null for other things.
    pub title: Option<String>,
    /// What became of it.
    pub what: ChangeKind,
    /// What was done, such as `card.moved`: each once, in order.
    pub actions: Vec<String>,
    /// Ids of those who did it: each once, in order.
    pub actors: Vec<String>,
    /// The members that are not what they were, as they are now. All members where `what` is `created` or `moved_here`, none
    /// where the thing itself is no more.
    pub after: JsonObject,
}

/// What became of the things on a board behind an event.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Changes {
    /// One entry for each thing, in the order of the last events about them.
    pub items: Vec<Change>,
    /// What `since` is to be next time. Everything is told once it is `seq`.
    pub next_since: i64,
    /// Number of the board's last event.
    pub seq: i64,
}

/// Which changes of a board to list.
#[derive(Debug, Clone, Copy)]
pub struct ListChanges {
    /// Only what happened behind the event with this number; 0 for all.
    pub since: i64,
    /// The most things to list: 1 to 1000.
    pub limit: u32,
}

impl Default for ListChanges {
    fn default() -> Self {
        Self { since: 0, limit: 100 }
    }
}

type Members = BTreeMap<String, Box<RawValue>>;

/// A payload as events have it.
#[derive(serde::Deserialize, Default)]
struct Payload {
    #[serde(default)]
    before: Option<Members>,
    #[serde(default)]
    after: Option<Members>,
}

/// Whether a thing is on the board.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Presence {
    /// Not made yet.
    Unmade,
    Here,
    Elsewhere,
    Deleted,
}

struct Folded {
    change: Change,
    first: Presence,
    last: Presence,
    before: Members,
    after: Members,
}

/// Folds the events of a board, in their order, into one change for each thing.
pub(crate) struct Fold {
    board: BoardId,
    most: usize,
    things: HashMap<EntityId, Folded>,
    seq: i64,
}

impl Fold {
    /// Of a board, behind an event, for at most so many things.
    pub(crate) fn new(board: BoardId, since: i64, most: usize) -> Self {
        Self { board, most, things: HashMap::new(), seq: since }
    }

    /// Number of the last event that was taken in.
    pub(crate) fn seq(&self) -> i64 {
        self.seq
    }

    /// Takes the next event in, unless it is about one thing too many.
    pub(crate) fn take(&mut self, event: Event, card: Option<(String, String)>) -> bool {
        if self.things.len() == self.most && !self.things.contains_key(&event.entity_id) {
            return false;
        }
        self.seq = event.seq;
        let payload: Payload = serde_json::from_str(event.payload.get()).unwrap_or_default();
        let before = payload.before;
        let thing = match self.things.entry(event.entity_id) {
            std::collections::hash_map::Entry::Occupied(known) => known.into_mut(),
            std::collections::hash_map::Entry::Vacant(new) => {
                let first = before.as_ref().map_or(Presence::Unmade, |m| presence(self.board, m, Presence::Here));
                new.insert(Folded::new(&event, card, first))
            }
        };
        for (name, value) in before.into_iter().flatten() {
            // what was there before the first step that changed it
            if let (Entry::Vacant(unknown), false) = (thing.before.entry(name), thing.first == Presence::Unmade) {
                unknown.insert(value);
            }
        }
        thing.last = match payload.after {
            Some(after) => {
                let last = presence(self.board, &after, thing.last);
                thing.after.extend(after);
                last
            }
            None => Presence::Deleted,
        };
        thing.change.seq = event.seq;
        push_once(&mut thing.change.actions, event.action);
        push_once(&mut thing.change.actors, event.actor_id);
        true
    }

    /// One change for each thing, in the order of the last events about them.
    pub(crate) fn finish(self) -> Vec<Change> {
        let mut changes: Vec<Change> = self.things.into_values().map(Folded::finish).collect();
        changes.sort_unstable_by_key(|change| change.seq);
        changes
    }
}

impl Folded {
    fn new(event: &Event, card: Option<(String, String)>, first: Presence) -> Self {
        let (key, title) = card.unzip();
        let change = Change {
            seq: event.seq,
            entity_type: event.entity_type.clone(),
            entity_id: event.entity_id,
            key,
            title,
            what: ChangeKind::Updated,
            actions: Vec::new(),
            actors: Vec::new(),
            after: JsonObject::default(),
        };
        // what is not told of otherwise is where it was
        let last = if first == Presence::Unmade { Presence::Here } else { first };
        Self { change, first, last, before: Members::new(), after: Members::new() }
    }

    fn finish(self) -> Change {
        let Self { mut change, first, last, before, mut after } = self;
        change.what = match (first, last) {
            (_, Presence::Deleted | Presence::Unmade) => ChangeKind::Deleted,
            (_, Presence::Elsewhere) => ChangeKind::MovedAway,
            (Presence::Unmade, Presence::Here) => ChangeKind::Created,
            (Presence::Elsewhere, Presence::Here) => ChangeKind::MovedHere,
            (Presence::Deleted, Presence::Here) => ChangeKind::Restored,
            (Presence::Here, Presence::Here) => ChangeKind::Updated,
        };
        if change.what != ChangeKind::MovedHere {
            after.retain(|name, value| before.get(name).is_none_or(|was| was.get() != value.get()));
        }
        let after = to_raw_value(&after).expect("members are JSON");
        change.after = JsonObject::from_raw(after).expect("a map is an object");
        change
    }
}

/// Where the members say that a thing is; where they say nothing, it is where it was.
fn presence(board: BoardId, members: &Members, was: Presence) -> Presence {
    let here = to_raw_value(&board).expect("an id is JSON");
    match (members.get("deleted_at"), members.get("board_id")) {
        (Some(at), _) if at.get() != "null" => Presence::Deleted,
        (_, Some(on)) if on.get() != here.get() => Presence::Elsewhere,
        (None, None) => was,
        _ => Presence::Here,
    }
}

fn push_once(list: &mut Vec<String>, text: String) {
    if !list.contains(&text) {
        list.push(text);
    }
}
