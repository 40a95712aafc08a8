//! The board that a fresh install starts with.

use serde_json::json;

use crate::db::workspaces;
use crate::model::{JsonObject, NewBoard, NewCard, NewDependency, NewWorkspace, Priority};
use crate::{BoardDetail, Error, Kanban, Result};

impl Kanban {
    /// Gives a tenant that has never had a workspace the workspace "default" and the board "Agent Backlog" with a few
    /// cards. Answers the board, or `None` when the tenant has or had one.
    ///
    /// ```
    /// # use kanban_core::*;
    /// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/support/doctest.rs"));
    /// # fn main() { example(async |kanban, board| {
    /// assert!(kanban.seed_demo().await?.is_none(), "there is a workspace already");
    /// # Ok(()) }) }
    /// ```
    ///
    /// # Errors
    /// [`Unavailable`](Error::Unavailable).
    pub async fn seed_demo(&self) -> Result<Option<BoardDetail>> {
        if self.read(workspaces::has_had_workspaces).await? {
            return Ok(None);
        }
        let workspace = NewWorkspace { name: "default".to_owned(), ..NewWorkspace::default() };
        let workspace = match self.create_workspace(workspace).await {
            Ok(workspace) => workspace,
            // another process seeds at the same moment
            Err(Error::Duplicate { .. }) => return Ok(None),
            Err(error) => return Err(error),
        };
        let board = NewBoard {
            workspace_id: Some(workspace.id),
            description: "Where agents find their work, and people see it flow.".to_owned(),
            ..NewBoard::named("Agent Backlog")
        };
        let board = self.create_board(board).await?;
        let todo = board.columns[0].id;
        let context = |value| JsonObject::from_value(&value);
        let survey = NewCard {
            description: "List the endpoints of the API that have no test, as a comment on this card.".to_owned(),
            priority: Priority::High,
            labels: vec!["research".to_owned()],
            agent_context: context(json!({"repository": "acme/shop", "paths": ["src/api", "tests/api"]}))?,
            ..NewCard::titled("Find the API endpoints without tests")
        };
        let survey = self.create_card(todo, survey).await?;
        let write = NewCard {
            description: "One test for each endpoint that the first card lists.".to_owned(),
            labels: vec!["tests".to_owned()],
            agent_context: context(json!({"repository": "acme/shop", "command": "pytest tests/api"}))?,
            ..NewCard::titled("Write the missing API tests")
        };
        let write = self.create_card(todo, write).await?;
        let notes = NewCard {
            labels: vec!["docs".to_owned()],
            priority: Priority::Low,
            agent_context: context(json!({"audience": "users", "length": "one paragraph"}))?,
            ..NewCard::titled("Draft the release note for the tested API")
        };
        let notes = self.create_card(todo, notes).await?;
        self.add_dependency(write.id, NewDependency::waits_for(survey.id)).await?;
        self.add_dependency(notes.id, NewDependency::waits_for(write.id)).await?;
        self.get_board(board.board.id).await.map(Some)
    }
}
