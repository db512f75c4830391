"""A GitHub on loopback: the REST questions the program asks, and GraphQL answered from a model.

Every query is held against the reduced schema in tests/data and really executed, so that a field that GitHub does not
have fails here too. Trouble comes on demand: `fail` for the next calls, `most` for questions that are too large.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache, lru_cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import fake_github_rest
import graphql as gql
from fake_github_model import FakeRepo, Node

from bot.flow.events import show_instant

SCHEMA = Path(__file__).parent / "data" / "github_schema.graphql"


@cache
def schema() -> gql.GraphQLSchema:
    return gql.build_schema(SCHEMA.read_text(encoding="utf-8"))


@lru_cache(maxsize=256)
def checked(query: str) -> gql.DocumentNode:
    """The parsed query. Raises ValueError where GitHub's schema does not know it."""
    document = gql.parse(query)
    errors = gql.validate(schema(), document)
    if errors:
        raise ValueError(str(errors[0]))
    return document


@dataclass(frozen=True)
class Call:
    """A request that came in."""

    method: str
    path: str
    authorization: str
    query: str = ""
    variables: dict[str, Any] = field(default_factory=dict)
    body: dict[str, Any] = field(default_factory=dict)


@dataclass
class Fault:
    """An answer given instead of the right one; `cut` breaks off within the body, `done` does what was asked first."""

    status: int = 502
    headers: dict[str, str] = field(default_factory=dict)
    body: Any = field(default_factory=lambda: {"message": "Server Error"})
    cut: bool = False
    done: bool = False
    only: Callable[[Call], bool] = lambda call: True


class FakeGithub:
    """`with FakeGithub() as github:`; `github.url` is the API's address."""

    def __init__(self) -> None:
        self.repos: dict[str, FakeRepo] = {}
        self.earlier: dict[str, str] = {}
        """What repositories of earlier names were renamed to."""
        self.calls: list[Call] = []
        self.faults: list[Fault] = []
        self.most: int | None = None
        """How many pull requests a query may ask for before GitHub gives up on it."""
        self.cost = 1
        self.login, self.scopes = "weir", "repo, read:org"
        self.tokens: set[str] | None = None
        """Tokens that are accepted; None accepts any."""
        self.installations: dict[str, int] = {}
        self.now: Callable[[], int] = lambda: 1_772_449_200
        """When what is done through the API happens, in seconds since 1970."""
        self.lacking: set[str] = set()
        """Permissions that tokens lack: `pull_requests`, `webhooks`, `members`, `contents`."""
        self.refusing: set[str] = set()
        """Parts of readings that the token may not see: `boards`, `issues`, `releases`."""
        self.users: dict[str, Node] = {}
        """Profiles by login: `name`, `email`, `type`."""
        self.teams: dict[str, list[str]] = {}
        """Logins by `owner/slug`."""
        self.token_ends = 0
        """When installation tokens made from now on end, in seconds since 1970."""
        self.troubles: list[Node] = []
        """Errors beside the next answer."""
        self._made = 0

    def __enter__(self) -> FakeGithub:
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    def repo(self, name: str) -> FakeRepo:
        return self.repos.setdefault(name, FakeRepo(name))

    def rename(self, old: str, new: str) -> None:
        """Rename a repository; its old name goes on leading there until another one has it."""
        self.repos[new] = self.repos.pop(old)
        self.repos[new].rename(new)
        self.earlier[old] = new

    def leads_to(self, name: str) -> str:
        """What is called so, or was."""
        while name not in self.repos and name in self.earlier:
            name = self.earlier[name]
        return name

    def fail(self, status: int = 502, *, times: int = 1, **fault: Any) -> None:
        self.faults.extend(Fault(status, **fault) for _ in range(times))

    @property
    def queries(self) -> list[Call]:
        return [call for call in self.calls if call.query]

    def fault(self, call: Call) -> Fault | None:
        found = next((fault for fault in self.faults if fault.only(call)), None)
        if found is not None:
            self.faults.remove(found)
            return found
        asked = call.variables.get("openFirst", 0) if call.variables.get("open") else 0
        return Fault(502) if self.most is not None and asked > self.most else None

    def answer(self, call: Call) -> tuple[int, dict[str, str], Any]:
        """(status, headers, body)"""
        kind, _, token = call.authorization.partition(" ")
        if self.tokens is not None and kind == "token" and token not in self.tokens:
            return 401, {}, {"message": "Bad credentials"}
        if call.method == "POST" and call.path == "/graphql":
            return 200, {}, self._queried(call)
        reply = fake_github_rest.moved(self, call) or fake_github_rest.reply(self, call)
        if reply is not None:
            return reply
        told = self._rest(call)
        if told is None:
            return 404, {}, {"message": "Not Found"}
        return (201 if call.method == "POST" else 200), {"x-oauth-scopes": self.scopes}, told

    def _rest(self, call: Call) -> Any:
        match call.path.partition("?")[0].strip("/").split("/"):
            case ["user"]:
                return {"login": self.login}
            case ["app"]:
                return {"slug": self.login, "permissions": {"pull_requests": "read"}, "events": ["pull_request"]}
            case ["rate_limit"]:
                budget = {"limit": 5000, "remaining": 4990, "reset": 1_772_449_200, "used": 10}
                return {"resources": {"core": budget, "graphql": budget}}
            case ["repos", owner, name, *rest] if f"{owner}/{name}" in self.repos:
                return self._repo(self.repos[f"{owner}/{name}"], rest)
            case ["orgs", owner, "installation"] if owner in self.installations:
                return {"id": self.installations[owner]}
            case ["app", "installations", id, "access_tokens"] if int(id) in self.installations.values():
                return self._pass(int(id))
        return None

    def _repo(self, repo: FakeRepo, rest: list[str]) -> Any:
        if rest:
            return None
        told = {"private": repo.private, "archived": repo.archived}
        return {"full_name": repo.name, **told, "permissions": repo.permissions}

    def _pass(self, installation: int) -> Node:
        self._made += 1
        token = f"ghs_{installation}_{self._made}"
        if self.tokens is not None:
            self.tokens.add(token)
        return {"token": token, "expires_at": show_instant(self.token_ends)}

    def _queried(self, call: Call) -> Any:
        try:
            document = checked(call.query)
        except ValueError as error:
            return {"errors": [{"type": "undefinedField", "message": str(error)}]}
        if "boards" in self.refusing and "projectItems" in call.query:
            scope = "The 'projectItems' field requires one of the following scopes: ['read:project']"
            return {"errors": [{"type": "INSUFFICIENT_SCOPES", "message": f"Your token has not been granted. {scope}"}]}
        result = gql.execute_sync(
            schema(), document, root_value=self, variable_values=call.variables, field_resolver=_resolve
        )
        assert isinstance(result, gql.ExecutionResult)
        errors = [
            *self.troubles,
            *(
                {"message": error.message, "path": error.path, **(error.extensions or {})}
                for error in result.errors or ()
            ),
        ]
        self.troubles.clear()
        return {"data": result.data, **({"errors": errors} if errors else {})}


def _resolve(source: Any, info: gql.GraphQLResolveInfo, **args: Any) -> Any:
    read = _RESOLVERS.get((info.parent_type.name, info.field_name))
    if read is not None:
        return read(source, **args)
    value = source.get(info.field_name)
    is_page = str(info.return_type).rstrip("!").endswith("Connection")
    return _page(value, _places(value), **args) if is_page and isinstance(value, list) else value


def _places(nodes: list[Node]) -> list[str]:
    return [f"{place:06}" for place in range(len(nodes))]


def _page(nodes: list[Node], keys: list[str], after: str = "", first: int = 100, last: int | None = None) -> Node:
    """The nodes behind the key `after`; keys rise."""
    found = [(key, node) for key, node in zip(keys, nodes, strict=True) if key > after]
    shown = found[:first] if last is None else found[-last:]
    more = last is None and len(found) > first
    page_info = {"hasNextPage": more, "endCursor": shown[-1][0] if shown else None}
    return {"nodes": [node for _, node in shown], "pageInfo": page_info, "totalCount": len(nodes)}


def _repository(github: FakeGithub, owner: str, name: str) -> Node | None:
    repo = github.repos.get(github.leads_to(f"{owner}/{name}"))
    if repo is None:
        raise gql.GraphQLError("Could not resolve to a Repository", extensions={"type": "NOT_FOUND"})
    return {
        "id": repo.name,
        "nameWithOwner": repo.name,
        "repo": repo,
        "github": github,
        "defaultBranchRef": {"name": "main"},
    }


def _allowed(source: Node, part: str) -> None:
    if part in source["github"].refusing:
        message = "Resource not accessible by personal access token"
        raise gql.GraphQLError(message, extensions={"type": "FORBIDDEN"})


def _pull_requests(source: Node, **page: Any) -> Node:
    return _listed([pull.node for pull in source["repo"].pulls.values()], **page)


def _issues(source: Node, **page: Any) -> Node:
    _allowed(source, "issues")
    return _listed([issue.node for issue in source["repo"].issues.values()], **page)


def _releases(source: Node, orderBy: Node, first: int) -> Node:
    _allowed(source, "releases")
    assert orderBy == {"field": "CREATED_AT", "direction": "DESC"}
    nodes = source["repo"].releases
    return _page(nodes, _places(nodes), first=first)


def _listed(nodes: list[Node], states: list[str], orderBy: Node, first: int, after: str | None = None) -> Node:
    found = [node for node in nodes if node["state"] in states]
    if orderBy == {"field": "CREATED_AT", "direction": "ASC"}:
        keyed = sorted((f"{node['createdAt']} {node['number']:06}", node["number"], node) for node in found)
    else:
        assert orderBy == {"field": "UPDATED_AT", "direction": "DESC"}
        keyed = sorted((_falling(node), node["number"], node) for node in found)
    return _page([node for *_, node in keyed], [key for key, *_ in keyed], after or "", first)


def _falling(node: Node) -> str:
    """A key that rises as `updatedAt` falls."""
    return "".join(chr(ord("z") - ord(c)) for c in node["updatedAt"]) + f" {node['number']:06}"


def _pull_request(source: Node, number: int) -> Node | None:
    pull = source["repo"].pulls.get(number)
    if pull is None:
        raise gql.GraphQLError("Could not resolve to a PullRequest", extensions={"type": "NOT_FOUND"})
    node: Node = pull.node
    return node


def _issue(source: Node, number: int) -> Node | None:
    issue = source["repo"].issues.get(number)
    if issue is None:
        raise gql.GraphQLError("Could not resolve to an Issue", extensions={"type": "NOT_FOUND"})
    node: Node = issue.node
    return node


def _timeline(source: Node, itemTypes: list[str], **page: Any) -> Node:
    wanted = {"".join(word.capitalize() for word in name.split("_")) for name in itemTypes}
    nodes = [entry for entry in source["timelineItems"] if entry["__typename"] in wanted]
    return _page(nodes, _places(nodes), **page)


def _node(github: FakeGithub, id: str) -> Node | None:
    nodes = (pull.node for repo in github.repos.values() for pull in repo.pulls.values())
    return next((review for node in nodes for review in node["reviews"] if review["id"] == id), None)


def _nodes(github: FakeGithub, ids: list[str]) -> list[Node | None]:
    items = [item for repo in github.repos.values() for item in (*repo.pulls.values(), *repo.issues.values())]
    by_id = {item.node["id"]: item.node for item in items}
    if missing := [id for id in ids if id not in by_id]:
        message = f"Could not resolve to a node with the global id of '{missing[0]}'"
        github.troubles.append({"type": "NOT_FOUND", "message": message, "path": ["nodes", ids.index(missing[0])]})
    return [by_id.get(id) for id in ids]


def _status(source: Node, name: str) -> Node | None:
    assert name == "Status"
    column: Node | None = source["status"]
    return column


def _is_required(source: Node, pullRequestNumber: int | None = None) -> bool:
    assert pullRequestNumber is not None, "GitHub wants to know for which pull request"
    return bool(source["isRequired"])


_RESOLVERS: dict[tuple[str, str], Callable[..., Any]] = {
    ("Query", "rateLimit"): lambda github: {"cost": github.cost},
    ("Query", "repository"): _repository,
    ("Query", "node"): _node,
    ("Query", "nodes"): _nodes,
    ("Repository", "pullRequests"): _pull_requests,
    ("Repository", "issues"): _issues,
    ("Repository", "issue"): _issue,
    ("Repository", "releases"): _releases,
    ("Repository", "pullRequest"): _pull_request,
    ("PullRequest", "timelineItems"): _timeline,
    ("Issue", "timelineItems"): _timeline,
    ("ProjectV2Item", "fieldValueByName"): _status,
    ("CheckRun", "isRequired"): _is_required,
    ("StatusContext", "isRequired"): _is_required,
}


def _handler(github: FakeGithub) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        wbufsize = -1  # one write an answer: two would wait for each other's acknowledgement

        def log_message(self, *_: object) -> None:
            """Tests read `calls` instead."""

        def do_GET(self) -> None:
            body = self.rfile.read(int(self.headers.get("content-length") or 0))
            asked = json.loads(body) if body else {}
            authorization = self.headers.get("authorization", "")
            query, variables = asked.get("query", ""), asked.get("variables", {})
            call = Call(self.command, self.path, authorization, query, variables, asked)
            github.calls.append(call)
            fault = github.fault(call)
            if fault is not None:
                if fault.done:
                    github.answer(call)
                self._send(fault.status, fault.headers, fault.body, cut=fault.cut)
            else:
                self._send(*github.answer(call))

        do_POST = do_DELETE = do_GET

        def _send(self, code: int, headers: dict[str, str], told: Any, *, cut: bool = False) -> None:
            body = b"" if code == 204 else json.dumps(told).encode()
            self.send_response(code)
            for name, value in {"content-type": "application/json; charset=utf-8", **headers}.items():
                self.send_header(name, value)
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body[: len(body) // 2] if cut else body)
            self.close_connection = cut

    return Handler
