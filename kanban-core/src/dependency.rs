//! Operations on dependencies.

use crate::db::dependencies;
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
    /// whole path when a card would wait for itself; [`Invalid`](crate::Error::Invalid) for a card linked to itself.
    pub async fn add_dependency(&self, card: impl Into<CardRef>, link: NewDependency) -> Result<Added> {
        let (kind, from, to) = ends(card.into(), link);
        let id = DependencyId::generate().uuid();
        self.run(&[("from", &from), ("to", &to)], |conn, t, actor| {
            dependencies::add_dependency(conn, t, actor, id, kind, &from, &to)
        })
        .await
    }

    /// Removes a link.
    ///
    /// # Errors
    /// [`NotFound`](crate::Error::NotFound) when the cards are not linked so.
    pub async fn remove_dependency(&self, card: impl Into<CardRef>, link: NewDependency) -> Result<Dependency> {
        let (kind, from, to) = ends(card.into(), link);
        let name = format!("{from} {kind} {to}");
        self.run(&[("dependency", &name)], |conn, t, actor| {
            dependencies::remove_dependency(conn, t, actor, kind, &from, &to)
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

fn ends(card: CardRef, link: NewDependency) -> (crate::DependencyType, CardRef, CardRef) {
    match link.relation.stored() {
        (kind, true) => (kind, card, link.card),
        (kind, false) => (kind, link.card, card),
    }
}
