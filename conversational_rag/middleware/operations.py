"""Which operation a request is for, also of one that never reached its route."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from starlette.routing import BaseRoute, Route, WebSocketRoute
from starlette.types import Scope

UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Operation:
    """Its id in the OpenAPI document, of a WebSocket its route's name; and what the address names."""

    id: str
    parameters: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class _Address:
    methods: frozenset[str]
    pattern: re.Pattern[str]
    operation_id: str


class Operations:
    """The operations of an application, by address."""

    def __init__(self, routes: Iterable[BaseRoute]) -> None:
        self._addresses = [_address(route) for route in routes if isinstance(route, Route | WebSocketRoute)]

    def find(self, scope: Scope) -> Operation:
        """The operation; `unknown` where there is none."""
        method = scope.get("method", "")
        for address in self._addresses:
            if method in address.methods and (found := address.pattern.match(scope["path"])):
                return Operation(address.operation_id, found.groupdict())
        return Operation(UNKNOWN, {})


def _address(route: Route | WebSocketRoute) -> _Address:
    if isinstance(route, WebSocketRoute):
        return _Address(frozenset({""}), route.path_regex, route.name)
    operation_id = getattr(route, "operation_id", None) or route.name
    return _Address(frozenset(route.methods or ()), route.path_regex, operation_id)
