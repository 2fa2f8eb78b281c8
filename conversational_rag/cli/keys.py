"""The commands that make keys, list, replace and revoke them, also while the server runs."""

import time
from typing import Annotated

import typer

from conversational_rag import config
from conversational_rag.cli.access import access
from conversational_rag.cli.terminal import cli, out, run
from conversational_rag.config import Settings
from conversational_rag.db.keys import KeyRow
from conversational_rag.security.principals import Scope
from conversational_rag.security.tenants import Tenant, is_well_formed
from conversational_rag.services.keys import NewKey

_DAY_SECONDS = 24 * 3600.0
_HOUR_SECONDS = 3600.0
_COLUMNS = "{:12}  {:6}  {:24}  {:8}  {:16}  {:16}  {:16}  {:20}  {}"
_NEVER = "-"

key = typer.Typer(help="Keys: make, list, replace, revoke; also while the server runs.", no_args_is_help=True)
cli.add_typer(key, name="key")

_KeyId = Annotated[str, typer.Argument(help="The key's id, as `key list` shows it.")]


@key.command()
def create(
    scope: Annotated[Scope, typer.Option(help="chat: ask; manage: all of one client; admin: everything.")],
    client: Annotated[str | None, typer.Option(help="Whose; needed for chat and manage.")] = None,
    name: Annotated[str, typer.Option(help="What it is for.")] = "",
    days: Annotated[float | None, typer.Option(min=0.001, max=36_500, help="It expires then; else never.")] = None,
    origin: Annotated[
        list[str] | None, typer.Option(help="Of a web page that it will stand in, as in https://www.example.org.")
    ] = None,
) -> None:
    """Make a key. It stands alone on the last line, and is shown this once."""
    run(_create(config.load(), scope, _tenant(client), name, days, origin or []))


@key.command("list")
def list_all(client: Annotated[str | None, typer.Option(help="Only this client's.")] = None) -> None:
    """List the keys, the newest first; those that are revoked or expired too."""
    run(_list(config.load(), _tenant(client)))


@key.command()
def rotate(
    key_id: _KeyId,
    grace_hours: Annotated[float, typer.Option(min=0, max=2160, help="For so long the former key lives on.")] = 24,
) -> None:
    """Make a key in the place of another. It stands alone on the last line, and is shown this once."""
    run(_rotate(config.load(), key_id, grace_hours * _HOUR_SECONDS))


@key.command()
def revoke(key_id: _KeyId) -> None:
    """Refuse a key from now on, and whoever has signed in with it."""
    run(_revoke(config.load(), key_id))


def _tenant(client: str | None) -> Tenant | None:
    if client is not None and not is_well_formed(client):
        raise typer.BadParameter("--client takes 3 to 64 letters, digits, _ or -")
    return None if client is None else Tenant(client)


async def _create(
    settings: Settings, scope: Scope, tenant: Tenant | None, name: str, days: float | None, origins: list[str]
) -> int:
    async with access(settings, anew=True) as (keys, audit):
        expires_at = None if days is None else keys.now() + days * _DAY_SECONDS
        made = await keys.create(scope, tenant, name.strip(), expires_at, origins)
        await audit.note_command("create_key", _client_id(made.row), made.row.id)
    _tell(f"A key for {_whose(made.row)}, {_until(made.row)}.", made)
    return 0


async def _rotate(settings: Settings, key_id: str, grace_seconds: float) -> int:
    async with access(settings) as (keys, audit):
        made = await keys.rotate(None, key_id, grace_seconds)
        await audit.note_command("rotate_key", _client_id(made.row), key_id)
    assert made.former is not None
    _tell(f"A key for {_whose(made.row)}, {_until(made.row)}; {key_id} works {_until(made.former)}.", made)
    return 0


async def _revoke(settings: Settings, key_id: str) -> int:
    async with access(settings) as (keys, audit):
        row = await keys.revoke(None, key_id)
        await audit.note_command("revoke_key", _client_id(row), row.id)
    out.print(f"{row.id}, a key for {_whose(row)}, is revoked: it is refused from now on.")
    return 0


async def _list(settings: Settings, tenant: Tenant | None) -> int:
    async with access(settings) as (keys, _):
        rows, now = await keys.list_keys(tenant), keys.now()
    heads = ("id", "scope", "client", "status", "created", "expires", "last used", "name", "origins")
    out.print(_COLUMNS.format(*heads))
    for row in rows:
        client_id = _NEVER if row.tenant is None else row.tenant.client_id
        times = (_time(at) for at in (row.created_at, row.expires_at, row.last_used_at))
        shown = (row.id, row.scope, client_id, row.status(now), *times, row.name, " ".join(row.origins))
        out.print(_COLUMNS.format(*shown).rstrip())
    return 0


def _tell(sentence: str, made: NewKey) -> None:
    out.print(f"{sentence} Store it now, it is not shown again:")
    out.print(made.text)


def _client_id(row: KeyRow) -> str | None:
    return None if row.tenant is None else row.tenant.client_id


def _whose(row: KeyRow) -> str:
    return "the admin" if row.tenant is None else f"client {row.tenant.client_id}, scope {row.scope}"


def _until(row: KeyRow) -> str:
    return "without an end" if row.expires_at is None else f"until {_time(row.expires_at)}"


def _time(at: float | None) -> str:
    return _NEVER if at is None else time.strftime("%Y-%m-%d %H:%M", time.localtime(at))
