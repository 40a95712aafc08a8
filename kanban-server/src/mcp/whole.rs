//! A whole card, page by page: what does not fit in one answer goes on behind a cursor.

use kanban_core::{Card, CardRef, JsonObject, Kanban, ListPage, Version};
use serde::Serialize;
use serde_json::{Value, json};

use super::answer::{Outcome, Stop};
use super::card::{CardLine, CommentLine, moment};
use super::text::{front, json_of, line, plain, wire_length};

/// What of a card a call asks for.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Depth {
    /// What an agent needs to begin: the description cut to so many bytes.
    Concise(usize),
    /// Everything, in pages.
    Full,
}

/// The bytes of texts on one page of a whole card; the rest of the answer has a few thousand more.
const PAGE: usize = 24_000;

/// How much of a description a concise answer shows.
pub(super) const DESCRIPTION: usize = 4_000;

/// A card, or a page of it.
#[derive(Debug, Default, Serialize)]
pub(super) struct Whole {
    #[serde(flatten)]
    head: Option<Head>,
    #[serde(skip_serializing_if = "Option::is_none")]
    description: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    fields: Option<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    agent_context: Option<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    workflow_state: Option<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    links: Option<Value>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    comments: Vec<CommentLine>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_cursor: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    hint: Option<String>,
}

#[derive(Debug, Serialize)]
struct Head {
    #[serde(flatten)]
    line: CardLine,
    column: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    epoch: Option<i64>,
    created: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    started: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    finished: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    external_id: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    dependencies: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    comment_count: Option<String>,
}

/// Reads a card as deep as is asked for.
pub(super) async fn read(kanban: &Kanban, key: CardRef, depth: Depth, cursor: Option<&str>) -> Outcome<Whole> {
    let card = kanban.get_card(key).await?;
    match (depth, cursor) {
        (Depth::Concise(_), Some(_)) => Err(Stop::invalid("/cursor", "goes with detail full")),
        (Depth::Concise(bytes), None) => concise(kanban, &card, bytes).await,
        (Depth::Full, None) => full(kanban, &card, Place::start(card.version)).await,
        (Depth::Full, Some(cursor)) => full(kanban, &card, Place::parse(cursor, &card)?).await,
    }
}

async fn head(kanban: &Kanban, card: &Card) -> Outcome<Head> {
    let board = kanban.get_board(card.board_id).await?;
    let column = board.columns.iter().find(|column| column.id == card.column_id);
    const LINKS: usize = 20;
    let links = kanban.list_dependencies(card.id).await?;
    let more = links.len().saturating_sub(LINKS);
    let told = links.iter().take(LINKS).map(|link| link.text.clone());
    let comments = kanban.list_comments(card.id, ListPage::first(50)).await?;
    let count = comments.items.len();
    let count = if comments.next_cursor.is_some() { format!("more than {count}") } else { count.to_string() };
    Ok(Head {
        line: CardLine::of(card),
        column: column.map(|column| line(&column.name, 64)).unwrap_or_default(),
        epoch: card.claim.as_ref().map(|claim| claim.epoch.0),
        created: moment(card.created_at),
        started: card.started_at.map(moment),
        finished: card.finished_at.map(moment),
        external_id: card.external_id.as_ref().map(|id| line(id, 64)),
        dependencies: told.chain((more > 0).then(|| format!("and {more} more"))).collect(),
        comment_count: (!comments.items.is_empty()).then_some(count),
    })
}

async fn concise(kanban: &Kanban, card: &Card, bytes: usize) -> Outcome<Whole> {
    let head = head(kanban, card).await?;
    let description = plain(&card.description);
    let shown = front(&description, bytes);
    let mut left_out = Vec::new();
    if shown.len() < description.len() {
        left_out.push(format!("{} of {} bytes of the description", description.len() - shown.len(), description.len()));
    }
    for (name, object) in objects(card) {
        if object.get() != "{}" {
            left_out.push(name.to_owned());
        }
    }
    if !card.links.is_empty() {
        left_out.push("links".to_owned());
    }
    if head.comment_count.is_some() {
        left_out.push("comments".to_owned());
    }
    let hint = (!left_out.is_empty())
        .then(|| format!("left out: {}; get_card with detail full shows all", left_out.join(", ")));
    let description = (!shown.is_empty()).then(|| shown.to_owned());
    Ok(Whole { head: Some(head), description, hint, ..Whole::default() })
}

fn objects(card: &Card) -> [(&'static str, &JsonObject); 3] {
    [("fields", &card.fields), ("agent_context", &card.agent_context), ("workflow_state", &card.workflow_state)]
}

/// Where a page begins: which section, how many bytes into it, and where its list is.
struct Place {
    version: Version,
    section: usize,
    offset: usize,
    list: Option<String>,
}

/// The sections in their order.
const SECTIONS: [&str; 6] = ["description", "fields", "agent_context", "workflow_state", "links", "comments"];
const COMMENTS: usize = 5;

impl Place {
    fn start(version: Version) -> Self {
        Self { version, section: 0, offset: 0, list: None }
    }

    fn parse(cursor: &str, card: &Card) -> Outcome<Self> {
        let stale = || Stop::invalid("/cursor", "is not of this card as it is now; start again without one");
        let mut parts = cursor.splitn(4, '.');
        let mut number = || parts.next().and_then(|part| part.parse::<usize>().ok());
        let (version, section, offset) = (number(), number(), number());
        let place = match (version, section, offset) {
            (Some(version), Some(section), Some(offset)) if section < SECTIONS.len() => {
                Self { version: Version(version as i64), section, offset, list: None }
            }
            _ => return Err(stale()),
        };
        let list = parts.next().filter(|list| !list.is_empty()).map(str::to_owned);
        if place.version == card.version { Ok(Self { list, ..place }) } else { Err(stale()) }
    }

    fn cursor(&self) -> String {
        format!("{}.{}.{}.{}", self.version, self.section, self.offset, self.list.as_deref().unwrap_or_default())
    }
}

async fn full(kanban: &Kanban, card: &Card, from: Place) -> Outcome<Whole> {
    let is_first = from.section == 0 && from.offset == 0;
    let mut whole = Whole { head: if is_first { Some(head(kanban, card).await?) } else { None }, ..Whole::default() };
    let mut room = PAGE;
    let mut place = from;
    while place.section < COMMENTS {
        let value = match place.section {
            0 => None,
            4 => (!card.links.is_empty()).then(|| json!(card.links)),
            section => objects(card)[section - 1].1.parse().ok().filter(|object| *object != json!({})),
        };
        let text = match &value {
            Some(value) => json_of(value),
            None if place.section == 0 => plain(&card.description).into_owned(),
            None => String::new(),
        };
        let rest = text.get(place.offset..).ok_or_else(|| Stop::invalid("/cursor", "is not a cursor of this card"))?;
        let shown = front(rest, room);
        if !rest.is_empty() {
            let is_whole = place.offset == 0 && shown.len() == rest.len();
            // what is cut is no JSON any more: it goes as text
            let member = value.filter(|_| is_whole).unwrap_or_else(|| Value::String(shown.to_owned()));
            match place.section {
                0 => whole.description = Some(shown.to_owned()),
                1 => whole.fields = Some(member),
                2 => whole.agent_context = Some(member),
                3 => whole.workflow_state = Some(member),
                _ => whole.links = Some(member),
            }
        }
        if shown.len() < rest.len() {
            place.offset += shown.len();
            return Ok(ends(whole, &place));
        }
        room -= wire_length(shown);
        place = Place { section: place.section + 1, ..Place::start(card.version) };
    }
    comments(kanban, card, whole, place, room).await
}

async fn comments(kanban: &Kanban, card: &Card, mut whole: Whole, mut place: Place, mut room: usize) -> Outcome<Whole> {
    // what a comment costs besides its text
    const FRAME: usize = 200;
    loop {
        let page = kanban.list_comments(card.id, ListPage { limit: 50, cursor: place.list.clone() }).await?;
        for (i, comment) in page.items.iter().enumerate() {
            let text = plain(&comment.body);
            let rest =
                text.get(place.offset..).ok_or_else(|| Stop::invalid("/cursor", "is not a cursor of this card"))?;
            let shown = front(rest, room.saturating_sub(FRAME));
            let is_cut = shown.len() < rest.len();
            // it is torn apart only where it would not fit on a page of its own either
            let is_shown = !is_cut || room == PAGE;
            if is_shown {
                whole.comments.push(CommentLine::of(comment, shown));
                room = room.saturating_sub(FRAME + wire_length(shown));
            }
            if is_cut {
                place.offset += if is_shown { shown.len() } else { 0 };
                place.list = behind(kanban, card, place.list, i).await?;
                return Ok(ends(whole, &place));
            }
            place.offset = 0;
        }
        place.list = page.next_cursor;
        if place.list.is_none() {
            return Ok(whole);
        }
    }
}

/// The cursor behind so many comments of the page that another cursor gives.
async fn behind(kanban: &Kanban, card: &Card, list: Option<String>, count: usize) -> Outcome<Option<String>> {
    match count {
        0 => Ok(list),
        count => Ok(kanban.list_comments(card.id, ListPage { limit: count as u32, cursor: list }).await?.next_cursor),
    }
}

fn ends(mut whole: Whole, place: &Place) -> Whole {
    let what = SECTIONS[place.section];
    whole.hint = Some(format!("{what} goes on: call get_card again with this cursor and detail full"));
    whole.next_cursor = Some(place.cursor());
    whole
}
