"""The client that blocks. Its operations are made from those of `_async` by `kanban-py/make-sync`."""
