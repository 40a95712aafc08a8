//! Operations on dependencies.

use crate::db::dependencies::{self, Ends};
use crate::kanban::Seen;
use crate::model::{Added, CardRef, Dependency, DependencyId, DependencyView, NewDependency};
use crate::{Kanban, Result};

impl Kanban {
    /// Links a card to another. Adding a link that is there already changes nothing and says so.
    ///
    /// ```
    /// # use kanban_core::*;
    /// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/support/doctest.rs"));
    /// # fn main() { example(async |kanban, board| {
    /// let todo = board.columns[0].id;
    /// let design = kanban.create_card(todo, NewCard::titled("Design")).await?;
    /// let build = kanban.create_card(todo, NewCard::titled("Build")).await?;
    /// kanban.add_dependency(build.id, NewDependency::waits_for(design.id)).await?;
    /// let cycle = kanban.add_dependency(design.id, NewDependency::waits_for(build.id)).await.unwrap_err();
    /// assert_eq!(cycle.code(), "dependency_cycle");
    /// assert_eq!(kanban.list_dependencies(design.id).await?[0].text, "AB-1 blocks AB-2 (todo)");
    /// # Ok(()) }) }
    /// ```
    ///
    /// # Errors
    /// [`NotFound`](crate::Error::NotFound) for either card; [`DependencyCycle`](crate::Error::DependencyCycle) with the
    /// whole path when a card would wait for itself; [`Invalid`](crate::Error::Invalid) for a card linked to itself;
    /// [`StaleClaim`](crate::Error::StaleClaim) under a claim on `card` that has ended.
    pub async fn add_dependency(&self, card: impl Into<CardRef>, link: NewDependency) -> Result<Added> {
        let ends = ends(card.into(), link);
        let id = DependencyId::generate().uuid();
        let epoch = self.epoch();
        self.run(&[("from", &ends.from), ("to", &ends.to), ("epoch", &Seen(epoch))], |conn, t, actor| {
            dependencies::add_dependency(conn, t, actor, id, &ends, epoch)
        })
        .await
    }

    /// Removes a link.
    ///
    /// # Errors
    /// [`NotFound`](crate::Error::NotFound) when the cards are not linked so; [`StaleClaim`](crate::Error::StaleClaim)
    /// under a claim on `card` that has ended.
    pub async fn remove_dependency(&self, card: impl Into<CardRef>, link: NewDependency) -> Result<Dependency> {
        let ends = ends(card.into(), link);
        let name = format!("{} {} {}", ends.from, ends.kind, ends.to);
        let own = if ends.is_from_own { &ends.from } else { &ends.to };
        let epoch = self.epoch();
        self.run(&[("dependency", &name), ("card", own), ("epoch", &Seen(epoch))], |conn, t, actor| {
            dependencies::remove_dependency(conn, t, actor, &ends, epoch)
        })
        .await
    }

    /// All links of a card, seen from it.
    ///
    /// # Errors
    /// [`NotFound`](crate::Error::NotFound).
    pub async fn list_dependencies(&self, card: impl Into<CardRef>) -> Result<Vec<DependencyView>> {
        let card = card.into();
        let links = self.read(|conn, t| dependencies::list_dependencies(conn, t, &card)).await?;
        if links.is_empty() {
            self.get_card(card).await?;
        }
        Ok(links)
    }
}

fn ends(card: CardRef, link: NewDependency) -> Ends {
    match link.relation.stored() {
        (kind, true) => Ends { kind, from: card, to: link.card, is_from_own: true },
        (kind, false) => Ends { kind, from: link.card, to: card, is_from_own: false },
    }
}
