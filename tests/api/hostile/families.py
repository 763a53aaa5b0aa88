"""What hostile documents look like: a function for each idea, which makes another one each time."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

Make = Callable[[random.Random], "str | bytes | dict[str, Any]"]
"""A document, a whole body, or a request."""


def deep_fields(dice: random.Random) -> str:
    depth = dice.randint(17, 190)
    field_ = dice.choice(["service", "zzz", "because", "a: service"])
    return f"{{ services {{ nodes {{ {f'{field_} {{ ' * depth} id {'} ' * depth} }} }} }}"


def brackets(dice: random.Random) -> str:
    return dice.choice(["{", "{a", "[", "{a(b:[", "{a(b:{c:", "query($a:[", "{...{", "(", "!", "...{"]) * dice.randint(
        300, 7_000
    )


def chains(dice: random.Random) -> str:
    """Each fragment is spread several times by the one before: 2 ** 20 fields and more."""
    length, times = dice.randint(12, 60), dice.randint(2, 4)
    spread = [f"fragment F{i} on Query {{ {f'...F{i + 1} ' * times} }}" for i in range(length)]
    return " ".join(["{ ...F0 }", *spread, f"fragment F{length} on Query {{ clusters {{ name }} }}"])


def wide_chains(dice: random.Random) -> str:
    length = dice.randint(12, 30)
    one = "services {{ nodes {{ id ...F{0} }} }} a{0}: services {{ nodes {{ name ...F{0} }} }}"
    spread = [
        f"fragment F{i} on Service {{ service {{ ...F{i + 1} }} b{i}: service {{ ...F{i + 1} }} }}"
        for i in range(length)
    ]
    return " ".join([f"{{ {one.format(0)} }}", *spread, f"fragment F{length} on Service {{ id }}"])


def cycles(dice: random.Random) -> str:
    length = dice.randint(1, 80)
    body = dice.choice(["...F{0}", "clusters {{ name }} ...F{0}", "...F{0} ...F{0}", "... on Query {{ ...F{0} }}"])
    ring = [f"fragment F{i} on Query {{ {body.format((i + 1) % length)} }}" for i in range(length)]
    return " ".join(["{ ...F0 }", *ring])


def aliases(dice: random.Random) -> str:
    one = dice.choice(["clusters{name}", "services{totalCount}", "__typename", "pods(first:1){nodes{id}}"])
    return "{" + " ".join(f"a{i}:{one}" for i in range(dice.randint(51, 400))) + "}"


def directives(dice: random.Random) -> str:
    flood = " ".join(
        dice.choices(["@skip(if:true)", "@include(if:false)", "@x", "@defer", "@deprecated"], k=dice.randint(51, 300))
    )
    return dice.choice(
        [
            "{{clusters {0} {{name}}}}",
            "query {0} {{clusters{{name}}}}",
            "query($a:Int {0}){{clusters{{name}}}}",
            "{{...F}} fragment F on Query {0} {{clusters{{name}}}}",
            "{{... {0} {{clusters{{name}}}}}}",
        ]
    ).format(flood)


def overlaps(dice: random.Random) -> str:
    one = dice.choice(
        [
            "services{totalCount}",
            "services(first:1){nodes{id}}",
            "clusters{name}",
            "...on Query{clusters{name}}",
            "service(by:{id:1}){status{because{object{name}}}}",
        ]
    )
    return "{" + f"{one} " * dice.randint(60, 300) + "}"


def nested_overlaps(dice: random.Random) -> str:
    text = "id " * dice.randint(5, 20)
    for _ in range(dice.randint(2, 3)):
        text = f"service{{{text}}} " * dice.randint(4, 7)
    return f"{{services{{nodes{{{text}}}}}}}"


def borderline(dice: random.Random) -> str:
    """Just within the limits, so that it is validated; wrong at its end."""
    made = dice.choice(
        [
            "services{totalCount} " * dice.randint(40, 54),
            "".join(f"service(by:{{id:{i}}}){{id}} " for i in range(dice.randint(40, 54))),
            f"services{{nodes{{{'service{service{id}} ' * dice.randint(20, 31)}}}}}",
            f"...on Query{{{'clusters{name} ' * dice.randint(40, 54)}}} " * 1,
            " ".join(f"a{i}:services(first:1){{nodes{{id name}}}}" for i in range(30)),
            " ".join(["__typename"] * 50),
        ]
    )
    spreads_ = dice.randint(0, 30)
    fragments = [f"fragment F{i} on Query{{clusters{{id name}}}}" for i in range(spreads_)]
    return " ".join(["{" + made, *(f"...F{i}" for i in range(spreads_)), "nothing}", *fragments])


def conflicts(dice: random.Random) -> str:
    names = ["id", "name", "namespace", "uid", "kind"]
    parts = " ".join(f"x:{dice.choice(names)}" for _ in range(dice.randint(60, 300)))
    return f"{{services{{nodes{{{parts}}}}}}}"


def spreads(dice: random.Random) -> str:
    """Validation compares each fragment of a place with each."""
    count = dice.randint(60, 110)
    fragments = [f"fragment F{i} on Query{{clusters{{name}}}}" for i in range(count)]
    return " ".join(["{" + " ".join(f"...F{i}" for i in range(count)) + "}", *fragments])


def unused(dice: random.Random) -> str:
    inside = "services{totalCount} " * dice.randint(60, 280)
    return f"{{clusters{{name}}}} fragment U on Query {{{inside}}}"


def unknown(dice: random.Random) -> str:
    return (
        "{" + " ".join(f"{dice.choice(['servces', 'clusterz', 'zzz'])}{i}" for i in range(dice.randint(50, 990))) + "}"
    )


def unknown_arguments(dice: random.Random) -> str:
    given = " ".join(f"a{i}:{i}" for i in range(dice.randint(20, 320)))
    return f"{{services({given}){{totalCount}}}}"


def pages(dice: random.Random) -> str:
    size = dice.randint(60, 100)
    lists = ["pods", "jobs", "events"]
    inner = " ".join(f"{name}(first:{size}){{nodes{{id name: id status{{state}}}}}}" for name in lists)
    if dice.random() < 0.5:
        return f"query($n:Int={size}){{services(first:$n){{nodes{{pods(first:$n){{nodes{{service{{{inner}}}}}}}}}}}}}"
    return f"{{services(last:{size}){{edges{{node{{pods(first:{size}){{nodes{{service{{{inner}}}}}}}}}}}}}}}"


def introspection(dice: random.Random) -> str:
    text = "name"
    for _ in range(dice.randint(3, 7)):
        text = (
            f"{dice.choice(['fields', 'possibleTypes', 'interfaces'])}{{name type{{{text}}}}}"
            if dice.random() < 0.5
            else f"fields{{type{{{text}}}args{{name}}}}"
        )
    return f"{{__schema{{types{{{text}}}}}}}"


def literals(dice: random.Random) -> str:
    value = dice.choice(
        [
            "[" + "1," * dice.randint(1_000, 8_000) + "]",
            "{" + "a:1," * dice.randint(500, 4_000) + "}",
            "[" * 250 + "]" * 250,
            "9" * dice.randint(5_000, 16_000),
            "1e" + "9" * dice.randint(5_000, 16_000),
            '"' + "x" * dice.randint(17_000, 60_000) + '"',
            '"' + "\\u0041" * dice.randint(3_000, 9_000) + '"',
            '"""' + "\n" * dice.randint(15_000, 60_000) + '"""',
            '"""' + "\n x" * dice.randint(6_000, 20_000) + '"""',
            '"' + "\\u{1F600}" * dice.randint(1_900, 6_000) + '"',
        ]
    )
    return f"{{services(first:{value}){{totalCount}}}}"


def unicode(dice: random.Random) -> str:
    rare = ["\u202e", "\u0000", "\ufeff", "😀", "\ud7ff", "\uffff", "é", "\x7f", "\u2028", "𝒂"]
    return "".join(dice.choices([*rare, "{", "a", " "], k=dice.randint(10, 15_000)))


def blanks(dice: random.Random) -> str:
    return (
        dice.choice(["#\n", "# x\r\n", ",", " ", "\t", "\n", "\ufeff"]) * dice.randint(20_000, 30_000)
        + "{clusters{name}}"
    )


def comments(dice: random.Random) -> str:
    return "#\n" * dice.randint(101, 8_000) + "{clusters{name}}"


def operations(dice: random.Random) -> str:
    count = dice.randint(2, 140)
    name = dice.choice(["A", "A{0}", ""])
    return " ".join(f"query {name.format(i)}{{clusters{{name}}}}" for i in range(count))


def variable_definitions(dice: random.Random) -> str:
    given = " ".join(
        f"$a{i}:{dice.choice(['Int', '[Int!]', 'Nothing', 'ServiceFilter'])}" for i in range(dice.randint(20, 240))
    )
    return f"query({given}){{clusters{{name}}}}"


def variables(dice: random.Random) -> dict[str, Any]:
    value: Any = dice.choice(
        [
            [1] * dice.randint(1_001, 20_000),
            {str(i): i for i in range(dice.randint(1_001, 5_000))},
            [[]] * dice.randint(1_001, 10_000),
            ["x" * 10] * dice.randint(1_001, 4_000),
        ]
    )
    return {"query": "query($ids:[ID!]!){nodes(ids:$ids){id}}", "variables": {"ids": value}}


def wrong_variables(dice: random.Random) -> dict[str, Any]:
    value: Any = dice.choice(
        [[None] * dice.randint(1, 990), [{}] * dice.randint(1, 900), {"a": 1}, "x" * 60_000, [[["a"]]]]
    )
    document = dice.choice(
        ["query($v:[Int!]!){nodes(ids:$v){id}}", "query($v:ServiceFilter!){services(filter:$v){totalCount}}"]
    )
    return {"query": document, "variables": {"v": value}}


def deep_variables(dice: random.Random) -> bytes:
    depth = dice.randint(1_000, 30_000)
    return b'{"query":"{clusters{name}}","variables":{"a":' + b"[" * depth + b"]" * depth + b"}}"


def incremental(dice: random.Random) -> str:
    return f"{{services{{nodes{{id ...@defer{{name}}}} {'edges@stream{cursor}' * dice.randint(0, 10)}}}}}"


def persisted(dice: random.Random) -> dict[str, Any]:
    hash_: Any = dice.choice(["0" * 64, 5, None, [], "x" * 60_000])
    given = dice.choice([{"version": 1, "sha256Hash": hash_}, {"version": 2, "sha256Hash": "0" * 64}, [1], "x", 5])
    return {"query": dice.choice(["", "{clusters{name}}"]) or "", "extensions": {"persistedQuery": given}}


def garbage(dice: random.Random) -> bytes:
    return dice.choice(
        [
            dice.randbytes(dice.randint(1, 60_000)),
            b"[" * dice.randint(1, 60_000),
            b'{"a":' * dice.randint(1, 12_000),
            b'{"query":"' + b"\\ud800" * dice.randint(1, 9_000) + b'"}',
            b'{"query":' + b"9" * dice.randint(1, 60_000) + b"}",
        ]
    )


def cut(dice: random.Random) -> str:
    text = (
        "query Q($a: Int = 5, $b: ServiceFilter) { services(first: $a, filter: $b) { nodes { ...F } } } "
        "fragment F on Service { id name status { state reason } }"
    )
    return text[: dice.randint(1, len(text) - 1)] + dice.choice(["", "{", "\u0000", "$", '"'])


FAMILIES: tuple[Make, ...] = (
    *(deep_fields, brackets, chains, wide_chains, cycles, aliases, directives, overlaps, nested_overlaps, borderline),
    *(conflicts, spreads, unused, unknown, unknown_arguments, pages, introspection, literals, unicode, blanks),
    *(comments, operations, variable_definitions, variables, wrong_variables, deep_variables, incremental, persisted),
    *(garbage, cut),
)
