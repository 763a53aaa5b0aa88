"""A picture of a running GraphiQL: ``python -m tests.web.screenshot URL FILE [--tab Services] [--wait TEXT]``."""

from __future__ import annotations

import argparse
import asyncio
import sys
from pathlib import Path

from tests.web.browser import SIZE, Graphiql, launched, program


async def picture(url: str, *, tab: str, wait: str) -> bytes:
    """A PNG of a tab that was run, when its answer shows a text."""
    executable = program()
    if executable is None:
        sys.exit("no chromium, chromium-browser or google-chrome on the PATH")
    async with launched(executable) as browser:
        graphiql = Graphiql(await browser.new_page(viewport=SIZE, color_scheme="light"))
        await graphiql.open(url)
        if tab != await graphiql.tabs.first.inner_text():
            await graphiql.choose(tab)
        await graphiql.run()
        await graphiql.shows(wait)
        await graphiql.page.mouse.move(SIZE["width"] / 2, SIZE["height"] - 5)
        return await graphiql.page.screenshot(animations="disabled")


def main() -> None:
    """Writes the file."""
    parser = argparse.ArgumentParser(prog="python -m tests.web.screenshot", description=__doc__)
    parser.add_argument("url", help="of GraphiQL, e.g. http://127.0.0.1:8000/graphql")
    parser.add_argument("file", type=Path)
    parser.add_argument("--tab", default="WhatFailsAndWhy", help="its title (default: %(default)s)")
    parser.add_argument("--wait", default='"because"', help="what its answer shows (default: %(default)s)")
    given = parser.parse_args()
    given.file.write_bytes(asyncio.run(picture(given.url, tab=given.tab, wait=given.wait)))


if __name__ == "__main__":
    main()
