//! Deleting a card, once it is confirmed, and bringing it back.

use kanban_core::{CardRef, Error, Version};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::mcp::answer::Outcome;
use crate::mcp::call::Call;
use crate::mcp::card::Written;
use crate::mcp::guard::{self, Consent};
use crate::mcp::text::line;

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::mcp) struct DeleteCard {
    #[schemars(with = "String")]
    card: CardRef,
    /// As you read it
    version: i64,
    /// From the preview
    confirm: Option<String>,
}

#[derive(Serialize, JsonSchema)]
pub(in crate::mcp) struct Deletion {
    card: String,
    deleted: bool,
    version: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    confirm: Option<String>,
    next: String,
}

pub(in crate::mcp) async fn delete_card(call: Call, args: DeleteCard) -> Outcome<Deletion> {
    let expected = Version(args.version);
    if args.confirm.is_none() {
        // what is previewed is what will be deleted
        let card = call.kanban.get_card(args.card.clone()).await?;
        if card.version != expected {
            let (expected, actual) = (expected.0, card.version.0);
            let conflict = Error::VersionConflict { what: "card", id: card.key, expected, actual, current: None };
            return Err(call.stale(conflict).await);
        }
        let question = format!(
            "Delete card {} \"{}\" ({})? restore_card can bring it back.",
            card.key,
            line(&card.title, 120),
            card.status
        );
        match guard::consent(&call, None, &question).await? {
            Consent::Preview(token) => {
                return Ok(Deletion {
                    card: card.key,
                    deleted: false,
                    version: card.version.0,
                    confirm: Some(token),
                    next: format!("Nothing is deleted yet. {question} If so, call again with confirm."),
                });
            }
            consent => return delete(&call, args.card, expected, consent).await,
        }
    }
    let consent = guard::consent(&call, args.confirm, "").await?;
    delete(&call, args.card, expected, consent).await
}

async fn delete(call: &Call, card: CardRef, expected: Version, consent: Consent) -> Outcome<Deletion> {
    let work = |kanban: kanban_core::Kanban| {
        let card = card.clone();
        async move { kanban.delete_card(card, expected).await }
    };
    let card = call.written(guard::run(call, consent, work).await).await?;
    Ok(Deletion {
        next: format!("restore_card with version {} brings it back.", card.version),
        card: card.key,
        deleted: true,
        version: card.version.0,
        confirm: None,
    })
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::mcp) struct RestoreCard {
    #[schemars(with = "String")]
    card: CardRef,
    /// As the deletion answered it
    version: i64,
}

pub(in crate::mcp) async fn restore_card(call: Call, args: RestoreCard) -> Outcome<Written> {
    let restored = call.kanban.restore_card(args.card, Version(args.version)).await;
    Ok(Written::of(&call.written(restored).await?))
}
