"""How the exceptions of a library become our errors: one table each, beside the code that uses the library."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager

from conversational_rag.errors import BadInput

# A library's exception classes, each with the error of ours that it means.
ErrorTable = Mapping[type[Exception], Callable[[Exception], BadInput]]


def means(error: type[BadInput], detail: str | None = None) -> Callable[[Exception], BadInput]:
    """A row's right side: always this error, with this detail or its own."""
    return lambda _cause: error(detail)


@contextmanager
def translated(table: ErrorTable) -> Iterator[None]:
    """Inside it, an exception of the table (or a subclass) leaves as our error, with its cause chained."""
    try:
        yield
    except tuple(table) as error:
        row = next(parent for parent in type(error).__mro__ if parent in table)
        raise table[row](error) from error
