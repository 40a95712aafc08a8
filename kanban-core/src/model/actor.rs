//! Who acts: every operation is done by somebody, and its event says who.

use serde::{Deserialize, Serialize, Serializer};

use super::{JsonObject, TokenId};

/// What kind of actor it is. Agents are kept out of each other's claimed cards; people and the system may override.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "lowercase")]
pub enum ActorKind {
    /// A program that works on cards by itself.
    Agent,
    /// A person, through whatever client.
    Human,
    /// The board's own upkeep, such as an import.
    System,
}

impl ActorKind {
    /// Its name on every surface.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Agent => "agent",
            Self::Human => "human",
            Self::System => "system",
        }
    }
}

/// Who created or wrote something.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ActorRef {
    /// What kind of actor.
    pub kind: ActorKind,
    /// Its id, unique within the tenant by convention.
    pub id: String,
}

/// Who acts now, and in what context. It lands on the event of everything it does.
///
/// ```
/// use kanban_core::{Actor, ActorKind};
///
/// let actor = Actor::agent("claude-1").in_run("run-7");
/// assert_eq!(actor.kind, ActorKind::Agent);
/// ```
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Actor {
    /// What kind of actor.
    pub kind: ActorKind,
    /// Its id: 1 to 256 characters.
    pub id: String,
    /// The run, session or thread it acts in.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub run_id: Option<String>,
    /// Anything its framework wants to find on the audit trail again.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub context: Option<JsonObject>,
    /// The request that carries the operation, to join events with logs.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub request_id: Option<String>,
    /// The service token it is done with. A handle that is a token's sets it itself.
    #[serde(skip_serializing_if = "Option::is_none", serialize_with = "as_uuid")]
    pub token_id: Option<TokenId>,
}

/// As the database has it.
fn as_uuid<S: Serializer>(id: &Option<TokenId>, serializer: S) -> Result<S::Ok, S::Error> {
    id.map(TokenId::uuid).serialize(serializer)
}

impl From<&ActorRef> for Actor {
    fn from(actor: &ActorRef) -> Self {
        Self::new(actor.kind, &actor.id)
    }
}

impl Actor {
    /// A program that works on cards by itself.
    pub fn agent(id: impl Into<String>) -> Self {
        Self::new(ActorKind::Agent, id)
    }

    /// A person.
    pub fn human(id: impl Into<String>) -> Self {
        Self::new(ActorKind::Human, id)
    }

    /// The board's own upkeep.
    pub fn system(id: impl Into<String>) -> Self {
        Self::new(ActorKind::System, id)
    }

    pub(crate) fn validate(&self) -> crate::Result<()> {
        let mut check = super::check::Check::default();
        check.characters("/actor/id", &self.id, 1, 256);
        for (pointer, text) in [("/actor/run_id", &self.run_id), ("/actor/request_id", &self.request_id)] {
            if let Some(text) = text {
                check.characters(pointer, text, 1, 256);
            }
        }
        if let Some(context) = &self.context {
            check.object("/actor/context", context);
        }
        check.done()
    }

    fn new(kind: ActorKind, id: impl Into<String>) -> Self {
        Self { kind, id: id.into(), run_id: None, context: None, request_id: None, token_id: None }
    }

    /// The same actor in a run of its framework.
    pub fn in_run(mut self, run_id: impl Into<String>) -> Self {
        self.run_id = Some(run_id.into());
        self
    }
}
