"""What ``statusgraph demo`` prints when it is ready, and the browser that it opens."""

from __future__ import annotations

import threading
import webbrowser
from pathlib import Path

TEXT_BROWSERS = frozenset({"www-browser", "links", "elinks", "lynx", "w3m"})
"""They would take over the terminal, and cannot show GraphiQL."""


def text(url: str, cluster: str, kubeconfig: Path, *, seconds: float) -> str:
    """The URLs, and three things to try."""
    return f"""\
The demo is ready, after {seconds:.1f} s.

  GraphiQL     {url}
  Kubernetes   {cluster}
               export KUBECONFIG={kubeconfig}

Three things to try:

  1. Watch: in GraphiQL, run the tab LiveTransitions. Services break and recover by themselves; the tab WhatFailsAndWhy
     tells the reason, the causes and a hint.
  2. Act: stop a Cronjob in the tab StopCronjob and bring it back; the operator log tells each step.
  3. Break something yourself (any kubectl will do):
     kubectl --kubeconfig {kubeconfig} -n shop delete pod -l app.kubernetes.io/name=checkout

Ctrl-C ends it and leaves nothing behind.
"""


def open_browser(url: str) -> bool:
    """Whether there is one that can show the page."""
    try:
        browser = webbrowser.get()
    except webbrowser.Error:
        return False
    if getattr(browser, "basename", "") in TEXT_BROWSERS:
        return False
    threading.Thread(target=browser.open, args=(url,), daemon=True).start()  # some return when the window is closed
    return True
