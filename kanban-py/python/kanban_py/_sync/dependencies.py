# made from _async/dependencies.py by kanban-py/make-sync; change that one

"""Operations on dependencies."""

from __future__ import annotations

from kanban_py._typing import Relation
from kanban_py.model import AddedDependency, Dependency, DependencyView

from .handle import Handle


class Dependencies(Handle):
    """Operations on dependencies."""

    __slots__ = ()

    def add_dependency(self, card: str, relation: Relation, other: str) -> AddedDependency:
        """Links a card to another. Adding a link that is there already changes nothing and says so.

        Args:
            card: Id or key of the card.
            relation: How it stands to the other, read as a sentence: "this card … the other". Only `waits_for` and
                `blocks` hold work back.
            other: Id or key of the other card.

        Raises:
            NotFound: There is no such card.
            DependencyCycle: A card would wait for itself; `path` names the cards.
            Invalid: The card itself is the other one.

        Example:
            >>> (kanban.add_dependency("AB-3", "waits_for", "AB-1")).is_new
            True
        """
        return self._call("add_dependency", card=card, relation=relation, other=other)

    def remove_dependency(self, card: str, relation: Relation, other: str) -> Dependency:
        """Removes a link.

        Args:
            card: Id or key of the card.
            relation: How it stands to the other.
            other: Id or key of the other card.

        Raises:
            NotFound: The cards are not linked so.

        Example:
            >>> (kanban.remove_dependency("AB-2", "waits_for", "AB-1")).type
            'blocks'
        """
        return self._call("remove_dependency", card=card, relation=relation, other=other)

    def list_dependencies(self, card: str) -> tuple[DependencyView, ...]:
        """All links of a card, seen from it.

        Args:
            card: Its id or key.

        Raises:
            NotFound: There is no such card.

        Example:
            >>> [(link.relation, link.card_key, link.resolved) for link in kanban.list_dependencies("AB-1")]
            [('blocks', 'AB-2', False)]
        """
        return self._call("list_dependencies", card=card)
