"""The file names of the clients who asked lately, ready to be compared with a question."""

from collections import OrderedDict
from threading import Lock

from conversational_rag.db import clients, keyword_index
from conversational_rag.db.clients import ClientRow
from conversational_rag.db.engine import Connection
from conversational_rag.rag.filenames import FilenameIndex
from conversational_rag.security.tenants import Tenant

# About 3 KB each.
_MOST_NAMES = 20_000


class FilenameIndexes:
    """One index a client, made anew when its documents have changed. Any thread may ask."""

    def __init__(self, most_names: int = _MOST_NAMES) -> None:
        """`most_names` are kept in all; the client asked about last is always kept."""
        self._most_names = most_names
        self._known: OrderedDict[Tenant, tuple[float, FilenameIndex]] = OrderedDict()
        self._lock = Lock()

    def known(self, client: ClientRow) -> FilenameIndex | None:
        """The client's, as its documents were called when this row was read; None when they must be read anew."""
        with self._lock:
            changed_at, index = self._known.get(client.tenant, (None, None))
            if changed_at != client.last_modified:
                return None
            self._known.move_to_end(client.tenant)
            return index

    def current(self, connection: Connection, tenant: Tenant) -> FilenameIndex:
        """The client's, as its ready documents are called now."""
        client = clients.find(connection, tenant)
        if client is None:
            return FilenameIndex({})
        with self._lock:
            changed_at, index = self._known.get(tenant, (None, FilenameIndex({})))
        if changed_at != client.last_modified:
            index = FilenameIndex(keyword_index.filenames(connection, tenant))
        with self._lock:
            self._known[tenant] = client.last_modified, index
            self._known.move_to_end(tenant)
            self._forget_some()
        return index

    def _forget_some(self) -> None:
        names = sum(len(index) for _, index in self._known.values())
        while names > self._most_names and len(self._known) > 1:
            _, (_, index) = self._known.popitem(last=False)
            names -= len(index)
