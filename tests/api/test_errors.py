"""The codes of errors are documented, each of them."""

from __future__ import annotations

import re
from pathlib import Path

from graph.api.errors import Code

DOCS = Path(__file__).parents[2] / "docs" / "errors.md"


def test_every_code_is_documented_and_nothing_else_is() -> None:
    documented = re.findall(r"^\| `([A-Z_]+)` \|", DOCS.read_text(), re.MULTILINE)
    assert set(documented) == {code.value for code in Code}
