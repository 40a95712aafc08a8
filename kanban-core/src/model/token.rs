//! Service tokens: whom a call comes from, and what it may do.

use serde::{Deserialize, Serialize};

use super::check::Check;
use super::{ActorKind, ActorRef, Timestamp, TokenId};
use crate::Result;

named! {
    /// What a token may do. Each scope includes those before it.
    TokenScope {
        /// See everything of the tenant.
        Read = "read",
        /// Change boards and what is on them.
        Write = "write",
        /// Manage the tenant's tokens and, in the tenant `default`, all tenants.
        Admin = "admin",
    }
}

/// A service token, without its secret: that is shown once, when it is created, and kept nowhere.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Token {
    /// Its id.
    pub id: TokenId,
    /// What it is for.
    pub name: String,
    /// How its text begins behind `kfa_`, to tell it in lists and logs.
    pub prefix: String,
    /// What it may do.
    pub scopes: Vec<TokenScope>,
    /// Who acts with it: a person, who may act as any agent, or one agent and no other.
    pub actor: ActorRef,
    /// When it stops being accepted; null for never.
    pub expires_at: Option<Timestamp>,
    /// When it was used last, to the minute.
    pub last_used_at: Option<Timestamp>,
    /// When it was revoked, if it was.
    pub revoked_at: Option<Timestamp>,
    /// Who created it.
    pub created_by: ActorRef,
    /// When it was created.
    pub created_at: Timestamp,
}

/// A token to create.
#[derive(Debug, Clone, Default, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct NewToken {
    /// What it is for: 1 to 128 characters.
    #[cfg_attr(feature = "openapi", schema(min_length = 1, max_length = 128))]
    pub name: String,
    /// What it may do: at least one scope; each includes those before it.
    #[cfg_attr(feature = "openapi", schema(min_items = 1, max_items = 3))]
    pub scopes: Vec<TokenScope>,
    /// The one agent that may act with it. When absent, it is a person's: the name is the person's id, and `X-Agent-Id`
    /// may name any agent.
    #[serde(default)]
    #[cfg_attr(feature = "openapi", schema(min_length = 1, max_length = 256))]
    pub agent_id: Option<String>,
    /// When it stops being accepted; never when absent.
    #[serde(default)]
    pub expires_at: Option<Timestamp>,
}

impl NewToken {
    /// A person's token that never expires.
    pub fn named(name: impl Into<String>, scope: TokenScope) -> Self {
        Self { name: name.into(), scopes: vec![scope], ..Self::default() }
    }

    /// The same for one agent and no other.
    pub fn for_agent(mut self, agent_id: impl Into<String>) -> Self {
        self.agent_id = Some(agent_id.into());
        self
    }

    pub(crate) fn actor(&self) -> ActorRef {
        match &self.agent_id {
            Some(id) => ActorRef { kind: ActorKind::Agent, id: id.clone() },
            None => ActorRef { kind: ActorKind::Human, id: self.name.clone() },
        }
    }

    pub(crate) fn validate(&self) -> Result<()> {
        let mut check = Check::default();
        check.characters("/name", &self.name, 1, 128);
        if self.scopes.is_empty() {
            check.fails("/scopes", "must not be empty; name read, write or admin");
        }
        for (i, scope) in self.scopes.iter().enumerate() {
            if self.scopes[..i].contains(scope) {
                check.fails(&format!("/scopes/{i}"), "is in the list already");
            }
        }
        if let Some(id) = &self.agent_id {
            check.characters("/agent_id", id, 1, 256);
        }
        check.done()
    }
}

/// A token that has just been created, and its text: the only time that it is shown.
#[derive(Clone, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct CreatedToken {
    /// The token as lists show it.
    #[serde(flatten)]
    pub token: Token,
    /// What to send as `Authorization: Bearer …`. Null where this answer is given again under an Idempotency-Key.
    #[serde(rename = "token")]
    pub secret: Option<String>,
}

impl std::fmt::Debug for CreatedToken {
    /// Without the secret, for whatever is debugged ends in a log some day.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("CreatedToken").field("token", &self.token).finish_non_exhaustive()
    }
}
