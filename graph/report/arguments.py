"""The arguments of ``statusgraph judge``; apart from the command, so that no other command has to load that."""

from __future__ import annotations

import argparse

ABOUT = "Judge manifests, or what kubectl get -o json printed, without a cluster."
MORE = """\
  kubectl get all,cronjobs,events -A -o json | statusgraph judge -f -

-o text: a page, what is in trouble first. -o json: a line for each object, in input order: kind, namespace, name,
status (state, reason, message, hint, because; null for an object without a status) and recheckAt.
Nodes count as watched where the input has one; events tell more causes. Exit codes: 0 nothing FAILED, 1 something
FAILED, 2 the input or an argument cannot be used. Thresholds are settings: STATUSGRAPH_RULES__READY_GRACE=60."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Of the command line."""
    parser.add_argument(
        "-f",
        "--file",
        dest="files",
        action="append",
        required=True,
        metavar="FILE",
        help="YAML or JSON, a directory of such files, or - for standard input; may be repeated",
    )
    parser.add_argument("--now", metavar="TIME", help="judge as of this instant (RFC 3339; default: the clock)")
    parser.add_argument("-o", "--output", choices=("text", "json"), default="text", help="default: %(default)s")
