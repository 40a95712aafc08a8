//! What a newcomer reads first: the board that is there, and calls that work when they are pasted.

use std::net::SocketAddr;

use kanban_core::{BoardFilter, ListCards, ListPage, Result, Store};

use super::serve::setup;

/// Seeds an empty database if wanted, and tells what to try.
pub(super) async fn text(store: &Store, address: SocketAddr, demo: bool, needs_token: bool) -> Result<String> {
    let text = calls(store, address, demo).await?;
    if !needs_token {
        return Ok(text);
    }
    let text = text.replace("curl -s ", "curl -s -H \"Authorization: Bearer $TOKEN\" ");
    Ok(format!("Every call needs a token; `kanban-server token create --name me --scope write` prints one.\n\n{text}"))
}

async fn calls(store: &Store, address: SocketAddr, demo: bool) -> Result<String> {
    let kanban = store.tenant("default", setup())?;
    if demo {
        kanban.seed_demo().await?;
    }
    let page = kanban.list_boards(BoardFilter { archived: Some(false), ..BoardFilter::default() }, ListPage::first(1));
    let api = format!("http://{address}/v1");
    let Some(board) = page.await?.items.into_iter().next() else {
        return Ok(format!(
            "There is no board yet. Create one:\n\n  \
             curl -s -X POST {api}/workspaces -H 'Content-Type: application/json' -d '{{\"name\": \"work\"}}'\n  \
             curl -s -X POST {api}/boards -H 'Content-Type: application/json' -d '{{\"name\": \"Agent Backlog\"}}'\n"
        ));
    };
    let detail = kanban.get_board(board.id).await?;
    let key = &detail.board.key;
    let mut text = format!(
        "Board {key}, \"{}\", is ready. Try:\n\n  \
         # its columns; what an agent could do next; the first of it, for nobody else\n  \
         curl -s {api}/boards/{key}\n  \
         curl -s {api}/agents/claude-1/next_tasks\n  \
         curl -s -X POST {api}/agents/claude-1/claim\n",
        detail.board.name
    );
    if let [first, .., last] = detail.columns.as_slice() {
        text.push_str(&format!(
            "\n  # a new card; a card moved to {}, from the version that was read\n  \
             curl -s -i -X POST {api}/columns/{}/cards \\\n       \
             -H 'Content-Type: application/json' -d '{{\"title\": \"My first card\"}}'\n",
            last.name, first.id
        ));
        let top = ListCards { page: ListPage::first(1), ..ListCards::default() };
        if let Some(card) = kanban.list_cards(board.id, top).await?.items.first() {
            text.push_str(&format!(
                "  curl -s -i -X POST {api}/cards/{}/move -H 'If-Match: \"{}\"' \\\n       \
                 -H 'Content-Type: application/json' -d '{{\"column_id\": \"{}\"}}'\n",
                card.key, card.version, last.id
            ));
        }
    }
    Ok(text)
}
