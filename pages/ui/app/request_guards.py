"""What every request must pass before Streamlit sees it: a known host name, and pages of this address alone.

Streamlit asks an outside service for the machine's own address when a page of another origin connects; where names
never resolve, all sessions wait for that. Such requests are refused here.
"""

from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.middleware import Middleware
from starlette.types import ASGIApp, Receive, Scope, Send
from streamlit import config

from data.errors import ConfigurationError
from data.messages.catalogue import bilingual

LOOPBACK_HOSTS = ("localhost", "127.0.0.1", "[::1]")
FORBIDDEN = 403
POLICY_VIOLATION = 1008  # the code with which a WebSocket is closed


class RequestGuard:
    """Refuses a request by another host name than those allowed, or from a page of another origin.

    Allowed are the names of `server.allowedHosts`, and the loopback names when the server listens on them alone;
    foreign origins only if `server.corsAllowedOrigins` names them.
    """

    def __init__(self, app: ASGIApp, hosts: tuple[str, ...], origins: frozenset[str]) -> None:
        self._app, self._hosts, self._origins = app, hosts, origins

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in ("http", "websocket") or self._is_allowed(Headers(scope=scope)):
            await self._app(scope, receive, send)
        elif scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": POLICY_VIOLATION})
        else:
            await _refuse(send)

    def _is_allowed(self, headers: Headers) -> bool:
        host, origin = headers.get("host", ""), headers.get("origin")
        if not matches_host(host, self._hosts):
            return False
        return origin is None or urlsplit(origin).netloc == host or origin in self._origins


async def _refuse(send: Send) -> None:
    headers = [(b"content-type", b"text/plain; charset=utf-8")]
    await send({"type": "http.response.start", "status": FORBIDDEN, "headers": headers})
    await send({"type": "http.response.body", "body": "Host or origin not allowed. 主机名或来源未获允许。\n".encode()})


def matches_host(host: str, allowed: tuple[str, ...]) -> bool:
    """Whether a Host header names an allowed host, whatever its port; '*.bank.cn' allows every name below bank.cn."""
    name = _strip_port(host.lower())
    return any(name == known or (known.startswith("*.") and name.endswith(known[1:])) for known in allowed)


def _strip_port(host: str) -> str:
    if host.startswith("["):
        return host.partition("]")[0] + "]"
    return host.partition(":")[0].rstrip(".")


def list_allowed_hosts() -> tuple[str, ...]:
    """The host names by which the dashboard may be asked. Raises ConfigurationError when none are set for a network.

    An address other than loopback needs `server.allowedHosts`: which names lead to it cannot be known from here.
    """
    named = tuple(name.strip().lower().rstrip(".") for name in config.get_option("server.allowedHosts"))
    if named:
        return named
    address = config.get_option("server.address") or ""
    if address not in ("127.0.0.1", "localhost", "::1"):
        raise ConfigurationError(bilingual("server.hosts_not_set", address=address or "*"))
    return LOOPBACK_HOSTS


def list_guards() -> list[Middleware]:
    """The guards in their order, by the server's configuration. Raises ConfigurationError."""
    origins = frozenset(origin.strip() for origin in config.get_option("server.corsAllowedOrigins"))
    return [Middleware(RequestGuard, hosts=list_allowed_hosts(), origins=origins)]
