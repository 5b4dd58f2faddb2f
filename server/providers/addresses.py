"""Where URLs that tenants give may lead: not to this machine, nor to the network it stands in.

A name is resolved here, every address it has is looked at, and the connection is made to the very address that was
looked at: a name that says something else a moment later gains nothing. Redirects and proxies are never followed.
"""

import asyncio
import ipaddress
import socket
from collections.abc import Awaitable, Callable
from typing import Final
from urllib.parse import urlsplit

import httpx

from server.providers.errors import AddressRefused, Unreachable

Resolve = Callable[[str, int], Awaitable[list[str]]]

_NAT64: Final = ipaddress.ip_network("64:ff9b::/96")
_LONGEST_URL: Final = 512


def wrong_with_url(url: str, *, allow_private: bool) -> str | None:
    """What is wrong with a base URL as it is written; None if nothing is.

    Only https where private addresses are not allowed: a key is not sent in the clear over a foreign network.
    """
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return "must be a URL"
    schemes = ("https", "http") if allow_private else ("https",)
    if parts.scheme not in schemes or not parts.hostname or len(url) > _LONGEST_URL or not url.isprintable():
        return f"must be an absolute {' or '.join(schemes)} URL of at most {_LONGEST_URL} characters"
    if parts.username is not None or parts.password is not None or parts.query or parts.fragment or port == 0:
        return "must have no user, password, query or fragment; a key goes into api_key"
    if not allow_private and (literal := _literal(parts.hostname)) is not None and not is_public(literal):
        return "must not lead to a private, loopback or link-local address"
    return None


def _literal(host: str) -> str | None:
    try:
        return str(ipaddress.ip_address(host))
    except ValueError:
        return None


def is_public(address: str) -> bool:
    """Whether an IP address is one that anybody on the internet may be reached at."""
    found = ipaddress.ip_address(address)
    if isinstance(found, ipaddress.IPv6Address):
        inner = found.ipv4_mapped or found.sixtofour
        if inner is None and found in _NAT64:
            inner = ipaddress.IPv4Address(int(found) & 0xFFFFFFFF)
        if found.teredo is not None:
            return False
        if inner is not None:
            return is_public(str(inner))
        if found.is_site_local:
            return False
    return found.is_global and not found.is_multicast and not found.is_reserved


async def resolve(host: str, port: int) -> list[str]:
    """The addresses of a host, in the system's order. Raises Unreachable."""
    try:
        found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except OSError as error:
        raise Unreachable("the host name does not resolve") from error
    return list(dict.fromkeys(str(address[0]) for _, _, _, _, address in found))


class GuardedTransport(httpx.AsyncBaseTransport):
    """Connects only to public addresses, unless `allow_private`."""

    def __init__(self, *, allow_private: bool, resolve: Resolve = resolve) -> None:
        self._allow_private = allow_private
        self._resolve = resolve
        self._inner = httpx.AsyncHTTPTransport(retries=0, trust_env=False)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Sends the request to an address that was looked at. Raises AddressRefused, Unreachable."""
        if self._allow_private:
            return await self._inner.handle_async_request(request)
        host = request.url.host
        addresses = await self._resolve(host, request.url.port or 443)
        if not addresses or not all(is_public(address) for address in addresses):
            raise AddressRefused("the URL leads to an address that tenants may not name")
        *others, last = addresses
        for address in others:
            try:
                return await self._inner.handle_async_request(_pinned(request, host, address))
            except (httpx.ConnectError, httpx.ConnectTimeout):
                # Nothing was sent; the host may be there at another of its addresses.
                continue
        return await self._inner.handle_async_request(_pinned(request, host, last))

    async def aclose(self) -> None:
        """Closes every connection."""
        await self._inner.aclose()


def _pinned(request: httpx.Request, host: str, address: str) -> httpx.Request:
    return httpx.Request(
        request.method,
        request.url.copy_with(host=address),
        # The `Host` header is there already and names the host, as does the certificate that is asked for.
        headers=request.headers,
        stream=request.stream,
        extensions={**request.extensions, "sni_hostname": host},
    )
