"""Statements that every turn passes: written with SQLAlchemy Core, compiled once, run by the driver alone.

That takes an eighth of the CPU of `connection.execute`, of which a turn would pay twenty. Values go to the driver and
come from it as they are: for text, numbers and bytes, not for types that SQLAlchemy converts, nor for lists.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import ClauseElement, Connection
from sqlalchemy.sql.compiler import SQLCompiler

Values = Mapping[str, Any]
# The driver's cursor, after a statement.
_Cursor = Any


class Prepared:
    """One statement, in the words of each kind of database that it was run on.

    Raises the driver's own errors, which the end of the transaction translates (see db/engine.py).
    """

    __slots__ = ("_columns", "_spoken", "_statement")

    def __init__(self, statement: ClauseElement, columns: Sequence[str] | None = None) -> None:
        """`columns` are those that an INSERT fills from the values of the same names."""
        self._statement, self._columns = statement, columns
        self._spoken: dict[str, tuple[str, dict[str, Any]]] = {}

    def rows(self, connection: Connection, values: Values) -> list[tuple[Any, ...]]:
        """Run it with these values for its parameters; all rows."""
        found: list[tuple[Any, ...]] = self.run(connection, values).fetchall()
        return found

    def row(self, connection: Connection, values: Values) -> tuple[Any, ...] | None:
        """Run it; its only row, None when there is none."""
        found = self.rows(connection, values)
        return found[0] if found else None

    def run(self, connection: Connection, values: Values) -> _Cursor:
        """Run it; the driver's cursor."""
        words, constants = self._spoken.get(connection.dialect.name) or self._compile(connection)
        return connection.connection.driver_connection.execute(words, {**constants, **values})  # type: ignore[union-attr]

    def run_all(self, connection: Connection, values: Sequence[Values]) -> None:
        """Run it once for each of the values; for what gives back no rows."""
        words, constants = self._spoken.get(connection.dialect.name) or self._compile(connection)
        cursor = connection.connection.cursor()
        cursor.executemany(words, [{**constants, **each} for each in values])
        cursor.close()

    def _compile(self, connection: Connection) -> tuple[str, dict[str, Any]]:
        compiled = self._statement.compile(dialect=connection.dialect, column_keys=self._columns)
        assert isinstance(compiled, SQLCompiler)
        constants = {name: bind.value for bind, name in compiled.bind_names.items() if not bind.required}
        spoken = self._spoken[connection.dialect.name] = str(compiled), constants
        return spoken
