"""The client that awaits. `_sync` is made from it: run `kanban-py/make-sync` after a change here."""
