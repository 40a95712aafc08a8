"""A database of its own for every test: one PostgreSQL a session, one migrated template, a copy of it a test."""

from __future__ import annotations

import itertools
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote, urlsplit, urlunsplit

import psycopg
from psycopg import sql

from kanban_py import Kanban

TEMPLATE = f"py_template_{os.getpid()}"


class Databases:
    """Makes databases on one server."""

    def __init__(self, admin: str, owner: str | None, form: str) -> None:
        self._admin = psycopg.connect(admin, autocommit=True)
        self._owner = owner
        self._form = form
        self._numbers = itertools.count(1)

    @property
    def admin(self) -> psycopg.Connection:
        """A superuser's connection, to look at the server from outside."""
        return self._admin

    def url(self, name: str) -> str:
        """Where the database of that name is."""
        return self._form.format(name=quote(name))

    def _create(self, name: str, template: str, rest: str = "") -> None:
        owner = sql.SQL("owner {}").format(sql.Identifier(self._owner)) if self._owner else sql.SQL("")
        statement = sql.SQL("create database {} {} template {} " + rest)
        self._admin.execute(statement.format(sql.Identifier(name), owner, sql.Identifier(template)))

    def make_template(self) -> None:
        """Migrates the database that all others are copies of."""
        self._create(TEMPLATE, "template0", "lc_collate 'C' lc_ctype 'C.UTF-8'")
        Kanban.connect(self.url(TEMPLATE), migrate=True).close()

    @contextmanager
    def fresh(self, *, migrated: bool = True) -> Iterator[str]:
        """The URL of a new database, which is gone afterwards."""
        name = f"py_{os.getpid()}_{next(self._numbers)}"
        if migrated:
            self._create(name, TEMPLATE)
        else:
            self._create(name, "template0", "lc_collate 'C' lc_ctype 'C.UTF-8'")
        try:
            yield self.url(name)
        finally:
            self.drop(name)

    def drop(self, name: str) -> None:
        self._admin.execute(sql.SQL("drop database {} with (force)").format(sql.Identifier(name)))

    def close(self) -> None:
        self.drop(TEMPLATE)
        self._admin.close()


@contextmanager
def given_server(url: str) -> Iterator[Databases]:
    """A server that runs already: `url` is a superuser's."""
    parts = urlsplit(url)
    form = urlunsplit(parts._replace(path="/{name}"))
    databases = Databases(url, None, form)
    databases.make_template()
    yield databases
    databases.close()


@contextmanager
def reachable_folder() -> Iterator[Path]:
    """A folder that the user under which PostgreSQL runs can get into."""
    folder = Path(tempfile.mkdtemp(prefix="kanban-py-", dir="/tmp"))
    folder.chmod(0o755)
    try:
        yield folder
    finally:
        shutil.rmtree(folder)


@contextmanager
def own_server() -> Iterator[Databases]:
    """The embedded server, started as any user of the package starts it."""
    with reachable_folder() as folder:
        root = folder / "board"
        with Kanban.open(root):
            socket = root / "sock"
            form = f"postgres://kanban@localhost/{{name}}?host={quote(str(socket), safe='')}&sslmode=disable"
            databases = Databases(f"host={socket} user=postgres dbname=postgres", "kanban", form)
            # may create roles, so that `migrate` raises the wall between tenants by itself
            databases.admin.execute("alter role kanban createrole")
            databases.make_template()
            yield databases
            databases.close()
