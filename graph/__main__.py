"""The command line ``statusgraph``. Exit codes: 0 ended as asked, 1 something failed, 2 a bad setting or argument."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Iterator, Sequence

import uvloop

from graph import __version__, app, config, telemetry
from graph.errors import SettingsError

_ABOUT = "The honest, live status of applications on Kubernetes, over GraphQL."


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs a command; its exit code."""
    given = _parser().parse_args(arguments)
    command: Callable[[argparse.Namespace], None] = given.command
    try:
        command(given)
    except SettingsError as error:
        return _bad([error])
    except BaseExceptionGroup as group:
        bad = list(_settings_errors(group))
        if not bad:
            raise
        return _bad(bad)
    except KeyboardInterrupt:
        return 130
    return 0


def _bad(errors: Sequence[SettingsError]) -> int:
    for error in errors:
        print(f"statusgraph: {error}", file=sys.stderr)
    return 2


def _settings_errors(group: BaseExceptionGroup[BaseException]) -> Iterator[SettingsError]:
    for error in group.exceptions:
        if isinstance(error, SettingsError):
            yield error
        elif isinstance(error, BaseExceptionGroup):
            yield from _settings_errors(error)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="statusgraph", description=_ABOUT)
    parser.add_argument("--version", action="version", version=f"statusgraph {__version__}")
    commands = parser.add_subparsers(title="commands", required=True, metavar="COMMAND")

    def add(
        name: str, command: Callable[[argparse.Namespace], None], text: str, *, settings: bool
    ) -> argparse.ArgumentParser:
        sub = commands.add_parser(
            name,
            help=text,
            description=text,
            epilog=_settings_help() if settings else None,
            formatter_class=argparse.RawDescriptionHelpFormatter,
        )
        sub.set_defaults(command=command)
        return sub

    add("serve", _serve, "Run the operator and the API in one process.", settings=True)
    add("operator", _operator, "Watch a cluster, judge it and write to Redis; carry out actions.", settings=True)
    add("api", _api, "Serve GraphQL from Redis.", settings=True)
    add("schema", _schema, "Print the GraphQL schema.", settings=False)
    granting = add("rbac", _rbac, "Print the least RBAC rules that the operator needs, as manifests.", settings=True)
    granting.add_argument("--account", default="statusgraph", help="ServiceAccount to bind (default: %(default)s)")
    granting.add_argument("--namespace", default="statusgraph", help="its namespace (default: %(default)s)")
    return parser


def _settings_help() -> str:
    rows = [f"  {setting.name}={setting.default}\n      {setting.description}" for setting in config.described()]
    return "settings, from the environment:\n" + "\n".join(rows)


def _serve(_: argparse.Namespace) -> None:
    _run(operator=True, api=True)


def _operator(_: argparse.Namespace) -> None:
    _run(operator=True, api=False)


def _api(_: argparse.Namespace) -> None:
    _run(operator=False, api=True)


def _run(*, operator: bool, api: bool) -> None:
    settings = config.load()
    telemetry.configure(settings)
    uvloop.run(app.run(settings, operator=operator, api=api))


def _schema(_: argparse.Namespace) -> None:
    from graph.api import schema
    from graph.kinds import KINDS

    print(schema.sdl(KINDS), end="")


def _rbac(given: argparse.Namespace) -> None:
    from graph import rbac
    from graph.kinds import KINDS

    print(rbac.document(KINDS, config.load(), account=given.account, namespace=given.namespace), end="")


if __name__ == "__main__":
    sys.exit(main())
