"""GraphiQL, the page that a browser finds at ``/graphql``, and the files that it loads.

``web/`` is its source; the build puts the page and, packed, its files beside this module. They are read once, when
the application is made. The page may load nothing from anywhere but here, and nobody may frame it.
"""

from __future__ import annotations

import gzip
from pathlib import Path

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from graph.api.accept import weighed

BUILT = Path(__file__).parent / "web"
"""Where the build puts them."""
NOT_BUILT = "GraphiQL is not part of this installation, it was made without `npm run build` in web/; the API works.\n"

_POLICY = (
    "script-src 'self'; worker-src 'self'; connect-src 'self'; font-src 'self' data:; "
    "style-src 'self' 'unsafe-inline'; default-src 'none'; img-src 'self' data:; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
_SAFE = {
    "content-security-policy": _POLICY,
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
}
_TYPES = {
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
    ".ttf": "font/ttf",
    ".woff2": "font/woff2",
}


def page(built: Path) -> Response:
    """The page; one sentence in its place where it was not built."""
    headers = {**_SAFE, "cache-control": "no-cache", "vary": "Accept"}
    try:
        text = (built / "index.html").read_bytes()
    except FileNotFoundError:
        return PlainTextResponse(NOT_BUILT, 503, headers)
    return Response(text, 200, headers, media_type="text/html")


def files(built: Path) -> Route:
    """The route of what the page loads. Names change with contents: a browser never has to ask again."""
    packed = {path.stem: path.read_bytes() for path in (built / "graphiql").glob("*.gz")}
    headers = {**_SAFE, "cache-control": "public, max-age=31536000, immutable", "vary": "Accept-Encoding"}

    async def answer(request: Request) -> Response:
        name = request.path_params["name"]
        if name not in packed:
            return PlainTextResponse("there is no such file\n", 404, _SAFE)
        media = _TYPES.get(Path(name).suffix, "application/octet-stream")
        if weighed(request.headers.get("accept-encoding", "")).get("gzip", 0.0) > 0:
            return Response(packed[name], 200, {**headers, "content-encoding": "gzip"}, media)
        return Response(gzip.decompress(packed[name]), 200, headers, media)

    return Route("/graphiql/{name}", answer)
