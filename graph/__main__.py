"""The command line ``statusgraph``. Exit codes: 0 ended as asked, 1 something failed, 2 a bad setting or argument."""

from __future__ import annotations

import sys

if sys.version_info < (3, 11):  # noqa: UP036 # pip refuses it; who runs a checkout by hand is told in one sentence
    sys.exit("statusgraph needs Python 3.11 or newer; this is Python " + sys.version.split()[0])

import argparse
from collections.abc import Callable, Iterator, Sequence
from dataclasses import fields
from functools import partial

import uvloop

from graph import __version__, app, config, telemetry
from graph.errors import DemoFailed, SettingsError, StatusgraphError, StoreError
from graph.report import arguments

_ABOUT = "The honest, live status of applications on Kubernetes, over GraphQL."


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs a command; its exit code."""
    given = _parser().parse_args(arguments)
    command: Callable[[argparse.Namespace], None] = given.command
    try:
        command(given)
    except (SettingsError, DemoFailed, StoreError) as error:
        return _bad([error])
    except BaseExceptionGroup as group:
        bad = list(_told_errors(group))
        if not bad:
            raise
        return _bad(bad)
    except KeyboardInterrupt:
        return 130
    return 0


def _bad(errors: Sequence[StatusgraphError]) -> int:
    for error in errors:
        print(f"statusgraph: {error}", file=sys.stderr)
    return 2 if isinstance(errors[0], SettingsError) else 1


def _told_errors(group: BaseExceptionGroup[BaseException]) -> Iterator[StatusgraphError]:
    for error in group.exceptions:
        if isinstance(error, SettingsError | DemoFailed):
            yield error
        elif isinstance(error, BaseExceptionGroup):
            yield from _told_errors(error)


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
    _add_demo(add("demo", _demo, "Show it on a demo cluster, without Kubernetes, Docker or Redis.", settings=True))
    judging = add("judge", _judge, arguments.ABOUT, settings=False)
    judging.epilog = arguments.MORE
    arguments.add_arguments(judging)
    text = "Remove a cluster that is gone for good, and its history, from Redis."
    add("forget", _forget, text, settings=True).add_argument("cluster", help="its STATUSGRAPH_CLUSTER")
    add("schema", _schema, "Print the GraphQL schema.", settings=False)
    granting = add("rbac", _rbac, "Print the least RBAC rules that the operator needs, as manifests.", settings=True)
    granting.add_argument("--account", default="statusgraph", help="ServiceAccount to bind (default: %(default)s)")
    granting.add_argument("--namespace", default="statusgraph", help="its namespace (default: %(default)s)")
    return parser


def _add_demo(parser: argparse.ArgumentParser) -> None:
    def number(name: str, default: int, text: str, of: Callable[[str], float]) -> None:
        parser.add_argument(f"--{name}", type=of, default=default, help=f"{text} (default: %(default)s)")

    port = _number(int, least=0, most=65535)
    parser.add_argument("--host", default="127.0.0.1", help="address of the page and the API (default: %(default)s)")
    number("port", 8000, "their port; 0: any", port)
    number("cluster-port", 0, "port of the demo's Kubernetes API; 0: any", port)
    number("seed", 0, "a seed repeats the stories: names, order and pauses", int)
    number("scale", 1, "how many times each story is told, in namespaces of its own", _number(int, least=1, most=100))
    number("pace", 1, "how many times faster than usual they are told", _number(float, least=0.1, most=20))
    parser.add_argument("--no-browser", dest="browser", action="store_false", help="do not open a browser")


def _number(of: Callable[[str], float], *, least: float, most: float) -> Callable[[str], float]:
    def read(text: str) -> float:
        number = of(text)
        if not least <= number <= most:
            raise argparse.ArgumentTypeError(f"{text} is not between {least} and {most}")
        return number

    read.__name__ = "number"  # argparse names it when the text is none
    return read


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


def _demo(given: argparse.Namespace) -> None:
    from graph.app import demo

    names = [field.name for field in fields(demo.Options)]
    options = demo.Options(**{name: getattr(given, name) for name in names})
    uvloop.run(demo.demo(options, partial(print, flush=True)))


def _judge(given: argparse.Namespace) -> None:
    from graph.report import command

    sys.exit(command.run(given))


def _forget(given: argparse.Namespace) -> None:
    from graph.app import forgetting

    uvloop.run(forgetting.forget(config.load(), given.cluster))
    print(f"{given.cluster} and its history are gone from Redis")


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
