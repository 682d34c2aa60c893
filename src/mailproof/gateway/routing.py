"""Which path is served, by which methods: one table, and Resend's answers for everything else."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Final

import msgspec

from mailproof.gateway.exchange import Answer, Refused, Request

__all__ = ["Route", "Routes"]

Handler = Callable[[Request], Awaitable[Answer]]

_ID: Final = "{id}"
_PARTS_MAX: Final = 8  # more than any route has, so that a path of slashes costs nothing


class Route(msgspec.Struct, frozen=True):
    """`path` may have one part `{id}`. A handler for GET serves HEAD too."""

    path: str
    handlers: Mapping[str, Handler]

    @property
    def allow(self) -> str:
        head = ["HEAD"] if "GET" in self.handlers else []
        return ", ".join(sorted({*self.handlers, *head, "OPTIONS"}))


class Routes:
    """Finds the handler of a request. `missing`: the sentence for a path that is not here."""

    def __init__(self, routes: Sequence[Route], missing: str) -> None:
        self._fixed = {route.path: route for route in routes if _ID not in route.path}
        self._with_id = {
            tuple(route.path.split("/")): route for route in routes if _ID in route.path
        }
        self._missing = missing

    async def answer(self, request: Request) -> Answer:
        """Raises `Refused`: no such path, or not by this method."""
        path, method = request.path, request.method
        route = self._fixed.get(path) or self._find(path, request)
        if route is None:
            raise Refused("not_found", self._missing)
        handler = route.handlers.get("GET" if method == "HEAD" else method)
        if handler is not None:
            return await handler(request)
        allow = ((b"allow", route.allow.encode()),)
        if method == "OPTIONS":
            return Answer(204, b"", allow)
        message = f"Method is not allowed for the requested path. Allowed: {route.allow}."
        raise Refused("method_not_allowed", message, headers=allow)

    def _find(self, path: str, request: Request) -> Route | None:
        parts = path.split("/", _PARTS_MAX)
        for place in range(1, len(parts)):
            pattern = (*parts[:place], _ID, *parts[place + 1 :])
            if (route := self._with_id.get(pattern)) is not None:
                request.email_id = parts[place]
                return route
        return None
