"""Cuts GitHub's published GraphQL schema down to what the program's queries name.

python tests/reduce_github_schema.py schema.graphql > tests/data/github_schema.graphql

The full schema comes with the npm package `@octokit/graphql-schema` (`npm pack @octokit/graphql-schema`, then
`package/schema.graphql`). Kept are the fields, arguments and input fields that the queries use, the types these lead
to, and enums and unions whole as far as the queries speak of their members; descriptions are dropped.
"""

from __future__ import annotations

import sys
from collections import defaultdict
from collections.abc import Iterator
from itertools import combinations
from pathlib import Path

import graphql as gql

from bot.hosts.github import graphql
from bot.hosts.github.errors import BOARDS, PARENTS, TYPES

PARTS = [frozenset(some) for n in range(4) for some in combinations((BOARDS, PARENTS, TYPES), n)]
QUERIES = (
    *(graphql.read(parts) for parts in PARTS),
    *(graphql.more_timeline(parts) for parts in PARTS),
    *(graphql.more_issue_timeline(parts) for parts in PARTS),
    *(graphql.items([12, 13], parts) for parts in PARTS),
    graphql.MORE_REVIEWS,
    graphql.MORE_COMMENTS,
    graphql.MORE_CHECKS,
    graphql.required([12, 13]),
    graphql.numbers([7, 8]),
    graphql.WHERE,
)

NEWER = """
type ProjectV2ItemStatusChangedEvent implements Node {
  actor: Actor
  createdAt: DateTime!
  id: ID!
  previousStatus: String!
  project: ProjectV2
  status: String!
}
type IssueType implements Node {
  id: ID!
  name: String!
}
extend type Issue {
  issueType: IssueType
}
type IssueTypeAddedEvent implements Node {
  actor: Actor
  createdAt: DateTime!
  id: ID!
  issueType: IssueType
}
type IssueTypeChangedEvent implements Node {
  actor: Actor
  createdAt: DateTime!
  id: ID!
  issueType: IssueType
  prevIssueType: IssueType
}
type IssueTypeRemovedEvent implements Node {
  actor: Actor
  createdAt: DateTime!
  id: ID!
  issueType: IssueType
}
extend union IssueTimelineItems = ProjectV2ItemStatusChangedEvent
extend union IssueTimelineItems = IssueTypeAddedEvent | IssueTypeChangedEvent | IssueTypeRemovedEvent
extend union PullRequestTimelineItems = ProjectV2ItemStatusChangedEvent
extend enum IssueTimelineItemsItemType { PROJECT_V2_ITEM_STATUS_CHANGED_EVENT }
extend enum IssueTimelineItemsItemType { ISSUE_TYPE_ADDED_EVENT ISSUE_TYPE_CHANGED_EVENT ISSUE_TYPE_REMOVED_EVENT }
extend enum PullRequestTimelineItemsItemType { PROJECT_V2_ITEM_STATUS_CHANGED_EVENT }
"""
"""What GitHub answers and the package's latest version (15.26.1, of February 2025) does not have yet."""


class Used(gql.Visitor):
    """Notes which fields and arguments of which types a query names."""

    def __init__(self, info: gql.TypeInfo) -> None:
        super().__init__()
        self._info = info
        self.fields: dict[str, set[str]] = defaultdict(set)
        self.arguments: dict[tuple[str, str], set[str]] = defaultdict(set)
        self.types: set[str] = set()

    def enter_field(self, node: gql.FieldNode, *_: object) -> None:
        parent = self._info.get_parent_type()
        if parent and node.name.value != "__typename":
            self.fields[parent.name].add(node.name.value)
            self.arguments[parent.name, node.name.value].update(
                argument.name.value for argument in node.arguments or ()
            )

    def enter_named_type(self, node: gql.NamedTypeNode, *_: object) -> None:
        self.types.add(node.name.value)


def used(schema: gql.GraphQLSchema) -> Used:
    info = gql.TypeInfo(schema)
    found = Used(info)
    for query in QUERIES:
        gql.visit(gql.parse(query), gql.TypeInfoVisitor(info, found))
    return found


def reduced(schema: gql.GraphQLSchema) -> str:
    """The schema language text of the part that is used."""
    found = used(schema)
    kept: dict[str, str] = {}
    waiting = ["Query", *found.types]
    while waiting:
        name = waiting.pop()
        if name in kept or name in gql.specified_scalar_types:
            continue
        text, leads = _definition(schema.type_map[name], found)
        kept[name] = text
        waiting.extend(leads)
    return "\n\n".join(kept[name] for name in sorted(kept)) + "\n"


def _definition(of: gql.GraphQLNamedType, found: Used) -> tuple[str, list[str]]:
    """(its text, the names of types it leads to)"""
    if isinstance(of, gql.GraphQLScalarType):
        return f"scalar {of.name}", []
    if isinstance(of, gql.GraphQLEnumType):
        return f"enum {of.name} {{ {' '.join(of.values)} }}", []
    if isinstance(of, gql.GraphQLUnionType):
        members = [member.name for member in of.types if member.name in found.types]
        return f"union {of.name} = {' | '.join(members)}", members
    if isinstance(of, gql.GraphQLInputObjectType):
        inputs = {name: value.type for name, value in of.fields.items()}
        return _block("input", of.name, {name: str(kind) for name, kind in inputs.items()}), _names(inputs.values())
    return _object(of, found)


def _object(of: gql.GraphQLNamedType, found: Used) -> tuple[str, list[str]]:
    assert isinstance(of, gql.GraphQLObjectType | gql.GraphQLInterfaceType)
    names = found.fields[of.name] or {"id"}
    lines, kinds = {}, []
    for name in sorted(names):
        field = of.fields[name]
        chosen = {key: value for key, value in field.args.items() if key in found.arguments[of.name, name]}
        shown = ", ".join(f"{key}: {value.type}" for key, value in chosen.items())
        lines[f"{name}({shown})" if shown else name] = str(field.type)
        kinds += [field.type, *(value.type for value in chosen.values())]
    interfaces = [interface.name for interface in of.interfaces if _kept(interface, names, found)]
    keyword = "type" if isinstance(of, gql.GraphQLObjectType) else "interface"
    implements = f" implements {' & '.join(interfaces)}" if interfaces else ""
    return _block(keyword, of.name + implements, lines), [*_names(kinds), *interfaces]


def _kept(interface: gql.GraphQLInterfaceType, names: set[str], found: Used) -> bool:
    """Whether the queries know it by this interface, and the fields kept of it fulfil it."""
    return interface.name in ("Actor", "Node") and (found.fields[interface.name] or {"id"}) <= names


def _names(kinds: object) -> list[str]:
    return [gql.get_named_type(kind).name for kind in kinds]  # type: ignore[attr-defined]


def _block(keyword: str, name: str, fields: dict[str, str]) -> str:
    return f"{keyword} {name} {{\n" + "".join(f"  {field}: {kind}\n" for field, kind in fields.items()) + "}"


def lines(path: str) -> Iterator[str]:
    # The published text defines a field twice, so it is taken without the usual checks.
    schema = gql.build_schema(Path(path).read_text(encoding="utf-8"), assume_valid=True, assume_valid_sdl=True)
    if "ProjectV2ItemStatusChangedEvent" not in schema.type_map:
        schema = gql.extend_schema(schema, gql.parse(NEWER), assume_valid=True, assume_valid_sdl=True)
    for query in QUERIES:
        errors = gql.validate(schema, gql.parse(query))
        if errors:
            raise SystemExit(f"a query is not GitHub's: {errors[0]}")
    yield from reduced(schema).splitlines()


if __name__ == "__main__":
    print("\n".join(lines(sys.argv[1])))
