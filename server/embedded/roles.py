"""The roles and databases that Kith needs in a Postgres that we administer ourselves."""

from __future__ import annotations

from dataclasses import dataclass

import psycopg
from psycopg import sql

from server.embedded.postgres import Postgres, role_url
from server.embedded.secrets_file import Secrets

OWNER = "kith_owner"
APP = "kith_app"
DATABASE = "kith"
EXTENSIONS = ("vector", "pg_trgm")


@dataclass(frozen=True, slots=True)
class Urls:
    """How to reach one database: as its owner (migrations) and as the runtime role."""

    owner: str
    app: str


def urls(postgres: Postgres, database: str = DATABASE) -> Urls:
    """Return the URLs of `database` for the two roles."""
    secrets = postgres.secrets
    return Urls(
        owner=role_url(postgres.port, OWNER, secrets.owner_password, database),
        app=app_url(postgres.port, secrets, database),
    )


def app_url(port: int, secrets: Secrets, database: str = DATABASE) -> str:
    """Return the runtime role's URL of a Postgres of ours on `port`."""
    return role_url(port, APP, secrets.app_password, database)


def bootstrap(postgres: Postgres) -> None:
    """Make the two roles and the database `kith`, or bring them to what they should be. May be repeated.

    Neither role is a superuser or may pass row-level security; the runtime role owns nothing.
    """
    with psycopg.connect(postgres.superuser_url(), autocommit=True) as connection:
        ensure_roles(connection, postgres.secrets)
        exists = connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", (DATABASE,)).fetchone()
    if exists is None:
        create_database(postgres, DATABASE)
    else:
        _finish_database(postgres, DATABASE)


def ensure_roles(connection: psycopg.Connection, secrets: Secrets) -> None:
    """Make the owner and the runtime role with the passwords of `secrets`."""
    for role, password in ((OWNER, secrets.owner_password), (APP, secrets.app_password)):
        exists = connection.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", (role,)).fetchone()
        connection.execute(
            sql.SQL(
                "{verb} ROLE {role} LOGIN NOSUPERUSER NOBYPASSRLS NOCREATEDB NOCREATEROLE PASSWORD {password}"
            ).format(
                verb=sql.SQL("ALTER" if exists else "CREATE"),
                role=sql.Identifier(role),
                password=sql.Literal(password),
            )
        )


def create_database(postgres: Postgres, name: str, template: str | None = None) -> None:
    """Make a database that the owner role owns: empty with the extensions, or a copy of `template`.

    Nobody may be connected to the template while it is copied.
    """
    with psycopg.connect(postgres.superuser_url(), autocommit=True) as connection:
        statement = sql.SQL("CREATE DATABASE {name} OWNER {owner}").format(
            name=sql.Identifier(name), owner=sql.Identifier(OWNER)
        )
        if template is not None:
            statement += sql.SQL(" TEMPLATE {template}").format(template=sql.Identifier(template))
        connection.execute(statement)
    _finish_database(postgres, name)


def drop_database(postgres: Postgres, name: str) -> None:
    """Drop a database if it exists, with the connections that others hold to it."""
    with psycopg.connect(postgres.superuser_url(), autocommit=True) as connection:
        connection.execute(sql.SQL("DROP DATABASE IF EXISTS {name} WITH (FORCE)").format(name=sql.Identifier(name)))


def _finish_database(postgres: Postgres, name: str) -> None:
    with psycopg.connect(postgres.superuser_url(name), autocommit=True) as connection:
        database = sql.Identifier(name)
        connection.execute(sql.SQL("REVOKE ALL ON DATABASE {name} FROM PUBLIC").format(name=database))
        connection.execute(
            sql.SQL("GRANT CONNECT ON DATABASE {name} TO {app}").format(name=database, app=sql.Identifier(APP))
        )
        # Not every build of Postgres carries both; the migrations take what is there.
        available = connection.execute(
            "SELECT name FROM pg_available_extensions WHERE name = ANY(%s)", (list(EXTENSIONS),)
        ).fetchall()
        for (extension,) in available:
            connection.execute(
                sql.SQL("CREATE EXTENSION IF NOT EXISTS {extension}").format(extension=sql.Identifier(extension))
            )
