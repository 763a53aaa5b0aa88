"""Documents, from their text to what can be executed: parsed, found to be within the limits, and valid.

Clients send the same few documents again and again: what was found good is kept, the least used is forgotten first.
What was found bad is not kept; finding it costs little.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from graphql import (
    DirectiveNode,
    DocumentNode,
    GraphQLError,
    GraphQLSchema,
    GraphQLSyntaxError,
    KnownDirectivesRule,
    OperationDefinitionNode,
    parse,
    specified_rules,
    validate,
)

from graph.api.errors import Code, Rejected, refused
from graph.api.limits import Measure, measured
from graph.config import Limits

KEPT = 500
KEPT_BYTES = 8 * 1024 * 1024
TOKEN_BYTES = 400
"""Memory of a parsed document for each of its tokens, a little more than was measured."""
MAX_ERRORS = 5
MESSAGE = 200
"""Characters that are told of a message that repeats what was sent."""
COMMENTS = 100


Operations = tuple[OperationDefinitionNode, ...]


@dataclass(frozen=True, slots=True)
class Document:
    """One that is good. ``measure``: None when it depends on the variables."""

    node: DocumentNode
    operations: Operations
    measure: Measure | None
    bytes: int


class Found(NamedTuple):
    """What a request asks for."""

    document: Document
    place: int
    """Of its operation among them."""
    measure: Measure


class Documents:
    """Of one schema."""

    def __init__(self, schema: GraphQLSchema, limits: Limits) -> None:
        self._schema = schema
        self._limits = limits
        self._rules = [_KnownDirectives if rule is KnownDirectivesRule else rule for rule in specified_rules]
        self._kept: OrderedDict[str, Document] = OrderedDict()
        self._bytes = 0

    def __len__(self) -> int:
        return len(self._kept)

    def get(self, text: str, name: str | None, variables: Mapping[str, Any]) -> Found:
        """The operation of that name, and what it costs with these variables. Rejected when it is too much, or bad."""
        document = self._kept.get(text)
        if document is None:
            return self._made(text, name, variables)
        self._kept.move_to_end(text)
        index = _picked(document.operations, name)
        return Found(document, index, document.measure or self._measured(document.node, variables))

    def _made(self, text: str, name: str | None, variables: Mapping[str, Any]) -> Found:
        """What is cheap is looked at first."""
        node = self._parsed(text)
        operations = tuple(one for one in node.definitions if isinstance(one, OperationDefinitionNode))
        index = _picked(operations, name)
        measure = self._measured(node, variables)
        errors = validate(self._schema, node, self._rules, max_errors=MAX_ERRORS)
        if errors:
            raise Rejected(*map(_told, errors))
        size = len(text) + TOKEN_BYTES * _tokens(node)
        document = Document(node, operations, None if measure.varies else measure, size)
        self._keep(text, document)
        return Found(document, index, measure)

    def _parsed(self, text: str) -> DocumentNode:
        if len(text) > self._limits.document:
            raise Rejected(refused(Code.TOO_LARGE, f"a document may have {self._limits.document} characters"))
        try:
            return parse(text, max_lexical_tokens=self._limits.tokens, max_comments=COMMENTS)
        except GraphQLSyntaxError as error:
            if "more than" in error.message:  # nothing else tells its limits apart from bad syntax
                raise Rejected(refused(Code.TOO_MANY_TOKENS, error.message)) from error
            raise Rejected(error) from error

    def _measured(self, node: DocumentNode, variables: Mapping[str, Any]) -> Measure:
        try:
            return measured(node, self._schema, self._limits, variables)
        except GraphQLError as error:
            raise Rejected(error) from error

    def _keep(self, text: str, document: Document) -> None:
        self._kept[text] = document
        self._bytes += document.bytes
        while len(self._kept) > KEPT or self._bytes > KEPT_BYTES:
            self._bytes -= self._kept.popitem(last=False)[1].bytes


class _KnownDirectives(KnownDirectivesRule):
    """Says why those of incremental delivery are unknown."""

    def enter_directive(self, node: DirectiveNode, *args: Any) -> None:
        """Reports it."""
        if node.name.value in ("defer", "stream"):
            text = f"@{node.name.value} is not offered: no field of this schema is slower than the others"
            self.report_error(GraphQLError(text, node))
        else:
            super().enter_directive(node, *args)


def _picked(operations: Operations, name: str | None) -> int:
    """The operation of that name; the only one, when none is named."""
    if name is None and len(operations) > 1:
        raise Rejected(refused(Code.BAD_REQUEST, "there are several operations: name one in operationName"))
    for index, one in enumerate(operations):
        if name is None or (one.name is not None and one.name.value == name):
            return index
    raise Rejected(refused(Code.BAD_REQUEST, "there is no such operation in the document"))


def _told(error: GraphQLError) -> GraphQLError:
    """What a literal made Python say is the client's mistake, too: a number of thousands of digits is a ValueError."""
    if isinstance(error.original_error, ValueError):
        return GraphQLError(f"{error.message[:MESSAGE]}…", error.nodes)
    return error


def _tokens(node: DocumentNode) -> int:
    count = 0
    token = node.loc.start_token if node.loc else None
    while token is not None:
        count, token = count + 1, token.next
    return count
