"""Files that are generated from the code and committed: written anew, or (``--check``) compared."""

from __future__ import annotations

import sys
from pathlib import Path

from graph.api import schema
from graph.config import described
from graph.kinds import KINDS
from tests.helm import derived
from tests.statuses.document import document

ROOT = Path(__file__).parent.parent


def settings() -> str:
    """docs/settings.md."""
    rows = "\n".join(
        f"| `{name}` | {f'`{default}`' if default else ''} | {text} |" for name, default, text in described()
    )
    return f"""# Settings

From the environment; generated from `graph/config.py` by `just generate`. A variable that begins with `STATUSGRAPH_`
and is not listed here is an error, and so is a value that cannot be used: the command says which one and why, and ends
with 2.

| Variable | Default | Meaning |
|---|---|---|
{rows}
"""


def files() -> dict[Path, str]:
    """Every generated file and what it should hold."""
    ours = {
        ROOT / "schema.graphql": schema.sdl(KINDS),
        ROOT / "docs" / "settings.md": settings(),
        ROOT / "docs" / "statuses.md": document(),
    }
    return ours | derived.files()


def main() -> int:
    """Exit code 1 when a file is not as it should be."""
    stale = [path for path, text in files().items() if not path.exists() or path.read_text() != text]
    if "--check" in sys.argv:
        for path in stale:
            print(f"{path.relative_to(ROOT)} is not what the code generates; run `just generate`")
        return 1 if stale else 0
    for path in stale:
        path.write_text(files()[path])
        print(f"wrote {path.relative_to(ROOT)}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
