//! What an event is about, and what it says.

named! {
    /// What kind of thing an event is about.
    EntityType {
        /// A workspace.
        Workspace = "workspace",
        /// A board.
        Board = "board",
        /// A column.
        Column = "column",
        /// A card.
        Card = "card",
        /// A link between two cards.
        Dependency = "dependency",
        /// A comment.
        Comment = "comment",
        /// An attachment.
        Attachment = "attachment",
        /// A service token.
        Token = "token",
        /// A tenant, on its own stream or, once it is gone, on that of those who look after tenants.
        Tenant = "tenant",
    }
}

named! {
    /// What happened to a thing.
    Action {
        /// A workspace came.
        WorkspaceCreated = "workspace.created",
        /// A workspace's name, description or metadata changed.
        WorkspaceUpdated = "workspace.updated",
        /// A workspace went.
        WorkspaceDeleted = "workspace.deleted",
        /// A board came.
        BoardCreated = "board.created",
        /// A board's own members changed, or it was archived or brought back.
        BoardUpdated = "board.updated",
        /// What had been done to a board was undone.
        BoardReverted = "board.reverted",
        /// A board went, with all that was on it.
        BoardDeleted = "board.deleted",
        /// A column came, at the end of its board.
        ColumnCreated = "column.created",
        /// A column's name, kind, limit or metadata changed.
        ColumnUpdated = "column.updated",
        /// A column got another place on its board.
        ColumnReordered = "column.reordered",
        /// What had been done to a column was undone: it may have come back, changed or gone.
        ColumnReverted = "column.reverted",
        /// A column went.
        ColumnDeleted = "column.deleted",
        /// A card came.
        CardCreated = "card.created",
        /// What a card says changed.
        CardUpdated = "card.updated",
        /// A card went to another column.
        CardMoved = "card.moved",
        /// A card got another place in its column.
        CardReordered = "card.reordered",
        /// A card went.
        CardDeleted = "card.deleted",
        /// A deleted card came back.
        CardRestored = "card.restored",
        /// An agent took a card, and perhaps began it.
        CardClaimed = "card.claimed",
        /// A claim's lease was extended.
        CardClaimExtended = "card.claim_extended",
        /// A claim ended before its card was finished.
        CardReleased = "card.released",
        /// Claimed work was finished.
        CardCompleted = "card.completed",
        /// What had been done to a card was undone: it may have come back, changed, moved or gone.
        CardReverted = "card.reverted",
        /// Two cards were linked.
        DependencyAdded = "dependency.added",
        /// A link between two cards was taken away.
        DependencyRemoved = "dependency.removed",
        /// A comment was written.
        CommentCreated = "comment.created",
        /// What had been done to a comment was undone: it came back or went.
        CommentReverted = "comment.reverted",
        /// A comment was deleted.
        CommentDeleted = "comment.deleted",
        /// Something elsewhere was attached to a card.
        AttachmentCreated = "attachment.created",
        /// What had been done to an attachment was undone: it came back or went.
        AttachmentReverted = "attachment.reverted",
        /// An attachment was taken off its card.
        AttachmentDeleted = "attachment.deleted",
        /// A token was created.
        TokenCreated = "token.created",
        /// A token was ended.
        TokenRevoked = "token.revoked",
        /// The tenant came.
        TenantCreated = "tenant.created",
        /// The tenant was stopped.
        TenantSuspended = "tenant.suspended",
        /// The tenant goes on.
        TenantResumed = "tenant.resumed",
        /// A tenant went, with all that it had.
        TenantDeleted = "tenant.deleted",
    }
}

impl Action {
    /// What kind of thing it happens to.
    pub fn entity_type(self) -> EntityType {
        let (kind, _) = self.as_str().split_once('.').expect("an action is a thing and what happens to it");
        kind.parse().expect("a test holds every action to be of a known kind")
    }
}

#[cfg(test)]
mod tests {
    use super::Action;

    #[test]
    fn every_action_happens_to_a_known_kind_of_thing() {
        for action in Action::ALL {
            assert!(action.as_str().starts_with(action.entity_type().as_str()));
        }
    }
}
