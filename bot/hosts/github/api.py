"""The client for GitHub's REST and GraphQL APIs.

gidgethub's sansio half makes the headers and reads the answers; httpx carries them. (Its own httpx flavour is
asynchronous and prefers a second HTTP library; this program is threads.)
"""

from __future__ import annotations

import ssl
from collections.abc import Callable
from copy import copy
from dataclasses import dataclass
from functools import cache
from typing import Any, NamedTuple, NoReturn

import gidgethub
import httpx
from gidgethub import sansio

from bot.hosts.github.auth import App, Credentials, OneToken
from bot.hosts.github.errors import (
    Denied,
    Gone,
    HostError,
    Overloaded,
    PartRefused,
    StaleCursor,
    Suspended,
    TokenEnded,
    Unreachable,
    is_suspension,
    one_line,
    part_of,
)

ATTEMPTS = 4
LONGEST_WAIT = 60
"""Seconds waited for GitHub within one call; where it asks for more, the call fails with Unreachable."""
SECONDARY_WAIT = 60
"""Seconds to wait after a secondary limit that names none, as GitHub's guide has it."""
TIMEOUT = 30.0
_NEVER_SENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout)


@dataclass
class Meter:
    """What a piece of work cost: requests made, and points of the GraphQL budget."""

    calls: int = 0
    points: int = 0


class _Question(NamedTuple):
    method: str
    url: str
    shown: str
    """How messages name it."""
    owner: str | None
    jwt: str | None = None
    body: dict[str, Any] | None = None
    is_query: bool = False
    once: bool = False
    """Not to be repeated while it may be done already."""


@cache
def _certificates() -> ssl.SSLContext:
    """Whom every connection of the process trusts; read once, as that takes longer than many a call."""
    return httpx.create_ssl_context()


class Github:
    """A connection to GitHub or a GitHub Enterprise Server. Threads may share it.

    `now` gives seconds since 1970 UTC, `sleep` waits seconds; `http` replaces the HTTP client (and is not closed).
    """

    def __init__(
        self,
        api_url: str = "https://api.github.com",
        *,
        token: str | None = None,
        app_id: str | None = None,
        private_key: str | None = None,
        now: Callable[[], int],
        sleep: Callable[[float], None],
        http: httpx.Client | None = None,
    ) -> None:
        self.api_url = api_url.rstrip("/")
        self.graphql_url = graphql_url(api_url)
        self.now, self._sleep = now, sleep
        self._attempts, self._timeout = ATTEMPTS, TIMEOUT
        self._own_http = http is None
        self._http = http or httpx.Client(timeout=TIMEOUT, follow_redirects=True, verify=_certificates())
        self.app = App(app_id, private_key, self._app_call, now) if app_id and private_key else None
        self._credentials: Credentials | None = self.app or (OneToken(token) if token else None)
        self.required: dict[tuple[str, str, str], tuple[bool, int]] = {}
        """(repo, base branch, check) → whether it is required there, and when that was learnt."""
        self.refused: dict[tuple[str, str], int] = {}
        """(repo, part of a reading) → when GitHub refused it last."""

    def checks_of(self, repo: str) -> tuple[set[str], set[str]]:
        """The checks that readings found to be required on some branch of a repository, and those that are on none."""
        told = [(name, required) for (of, _, name), (required, _) in self.required.items() if of == repo]
        needed = {name for name, required in told if required}
        return needed, {name for name, _ in told} - needed

    def hasty(self, seconds: float) -> Github:
        """The same connection for questions that must not take long: each is asked once, for up to `seconds`."""
        other = copy(self)
        other._attempts, other._timeout = 1, seconds
        if self.app is not None:
            other._credentials = other.app = self.app.through(other._app_call)
        return other

    def close(self) -> None:
        if self._own_http:
            self._http.close()

    def get(self, path: str, *, owner: str | None = None, as_app: bool = False) -> tuple[Any, httpx.Headers]:
        """GET below the API's URL → (decoded answer, headers). `owner` tells whose installation asks."""
        jwt = self.app.jwt() if as_app and self.app else None
        question = _Question("GET", self.api_url + path, f"GET {path}", owner, jwt)
        return self._asked(question, Meter())

    def post(self, path: str, body: dict[str, Any], *, owner: str) -> Any:
        """POST below the API's URL → the decoded answer.

        Repeated only where it surely was not done; else raises Unreachable with `maybe_done`, for the caller to look.
        """
        question = _Question("POST", self.api_url + path, f"POST {path}", owner, body=body, once=True)
        return self._asked(question, Meter())[0]

    def delete(self, path: str, body: dict[str, Any] | None = None, *, owner: str) -> None:
        """DELETE below the API's URL. Repeated where its fate is unknown: what is gone stays gone."""
        self._asked(_Question("DELETE", self.api_url + path, f"DELETE {path}", owner, body=body), Meter())

    def graphql(
        self, query: str, variables: dict[str, Any], *, owner: str, meter: Meter, shrinkable: bool = False
    ) -> dict[str, Any]:
        """The `data` of the answer; the meter counts the requests and, where asked for, `rateLimit`'s cost.

        A shrinkable query raises Overloaded at once, for the caller to ask for less.
        """
        body = {"query": query, "variables": variables}
        question = _Question("POST", self.graphql_url, "a query", owner, body=body, is_query=True)
        data: dict[str, Any] = self._asked(question, meter, shrinkable=shrinkable)[0]
        meter.points += (data.get("rateLimit") or {}).get("cost", 0)
        return data

    def pause(self, trouble: Unreachable, attempt: int) -> None:
        """Wait as long as GitHub asked for, else a little longer each time. Raises `trouble` where that is too long."""
        wait = 2**attempt if trouble.retry_after is None else trouble.retry_after
        if wait > LONGEST_WAIT:
            raise trouble
        self._sleep(wait)

    def _asked(self, question: _Question, meter: Meter, *, shrinkable: bool = False) -> tuple[Any, httpx.Headers]:
        for attempt in range(1, self._attempts):
            try:
                return self._once(question, meter)
            except Unreachable as trouble:
                if (shrinkable and isinstance(trouble, Overloaded)) or (question.once and trouble.maybe_done):
                    raise
                self.pause(trouble, attempt)
        return self._once(question, meter)

    def _once(self, question: _Question, meter: Meter) -> tuple[Any, httpx.Headers]:
        token = self._token(question)
        try:
            return self._told(question, token, meter)
        except TokenEnded:
            renewable = token and question.owner and self._credentials and self._credentials.forget(question.owner)
            if not renewable:
                raise
        return self._told(question, self._token(question), meter)

    def _token(self, question: _Question) -> str | None:
        if question.jwt or self._credentials is None:
            return None
        if self.app and question.owner is None:
            return None
        return self._credentials.token(question.owner or "")

    def _told(self, question: _Question, token: str | None, meter: Meter) -> tuple[Any, httpx.Headers]:
        headers = sansio.create_headers("weir", oauth_token=token, jwt=question.jwt)
        meter.calls += 1
        try:
            response = self._http.request(
                question.method, question.url, headers=headers, json=question.body, timeout=self._timeout
            )
            data, _, _ = sansio.decipher_response(response.status_code, response.headers, response.content)
            if question.is_query:
                data = self._data(data, response.headers)
        except (httpx.ReadTimeout, httpx.WriteTimeout):
            raise Overloaded("GitHub did not answer in time", maybe_done=True) from None
        except httpx.HTTPError as error:
            sent = not isinstance(error, _NEVER_SENT)
            raise Unreachable(f"GitHub can't be reached ({type(error).__name__})", maybe_done=sent) from None
        except gidgethub.HTTPException as error:
            self._refused(question, error)
        except ValueError:
            raise Unreachable("GitHub's answer was cut off or is not GitHub's", maybe_done=True) from None
        return data, response.headers

    def _refused(self, question: _Question, error: gidgethub.HTTPException) -> NoReturn:
        status, message = int(error.status_code), one_line(error)
        named = "retry-after" in error.headers or "rate limit" in message.lower()
        if status == 429 or isinstance(error, gidgethub.RateLimitExceeded) or (status == 403 and named):
            raise Unreachable("GitHub's rate limit is reached", self._retry_after(error.headers)) from None
        if status in (502, 504):
            raise Overloaded(f"GitHub gave up on {question.shown} ({status})", maybe_done=True) from None
        if status >= 500:
            wait = _seconds(error.headers, "retry-after")
            raise Unreachable(f"GitHub is in trouble ({status})", wait, maybe_done=True) from None
        if status == 401:
            raise TokenEnded("GitHub does not accept the token (401); it has ended or was revoked") from None
        if status in (404, 410, 451):
            raise Gone(
                f"GitHub has nothing at {question.shown}, or does not show it to this token ({status})"
            ) from None
        refusal = f"GitHub refused {question.shown} ({status}): {message}"
        kind = Suspended if is_suspension(status, message) else Denied
        raise kind(refusal, status=status, reason=message) from None

    def _retry_after(self, headers: Any) -> int:
        told = _seconds(headers, "retry-after")
        if told is not None:
            return told
        reset = _seconds(headers, "x-ratelimit-reset")
        if headers.get("x-ratelimit-remaining") == "0" and reset is not None:
            return max(1, reset - self.now() + 1)
        return SECONDARY_WAIT

    def _data(self, told: dict[str, Any], headers: httpx.Headers) -> dict[str, Any]:
        """GraphQL's `data`. Errors about parts that may be missing are passed over."""
        if not isinstance(told, dict):
            raise Unreachable("GitHub's answer to a query can't be read")
        data: dict[str, Any] | None = told.get("data")
        errors: list[dict[str, Any]] = told.get("errors") or []
        for error in errors:
            trouble = self._trouble(error, headers)
            if isinstance(trouble, Unreachable | StaleCursor | PartRefused) or not _told_anything(data):
                raise trouble
        if data is None:
            raise Unreachable("GitHub's answer to a query is empty")
        return data

    def _trouble(self, error: dict[str, Any], headers: httpx.Headers) -> HostError:
        kind, message = error.get("type"), one_line(error.get("message", "no reason given"))
        said = message.lower()
        if kind == "RATE_LIMITED" or "rate limit" in said:
            return Unreachable("GitHub's rate limit is reached", self._retry_after(headers))
        if "something went wrong" in said or "timeout" in said or "timedout" in said:
            return Overloaded("GitHub gave up on a query")
        if kind == "INVALID_CURSOR_ARGUMENTS":
            return StaleCursor(message)
        if kind == "NOT_FOUND":
            return Gone(message)
        refusal, part = f"GitHub refused a query: {message}", part_of(error)
        return Denied(refusal) if part is None else PartRefused(refusal, part)

    def _app_call(self, method: str, path: str, jwt: str) -> Any:
        return self._asked(_Question(method, self.api_url + path, f"{method} {path}", None, jwt), Meter())[0]


def _told_anything(data: dict[str, Any] | None) -> bool:
    return any(value for name, value in (data or {}).items() if name != "rateLimit")


def graphql_url(api_url: str) -> str:
    """`…/api/v3` → `…/api/graphql`, as Enterprise Server has it; else `/graphql` beside the REST API."""
    url = api_url.rstrip("/")
    return (url.removesuffix("/v3") if url.endswith("/api/v3") else url) + "/graphql"


def _seconds(headers: Any, name: str) -> int | None:
    text = headers.get(name, "")
    return int(text) if text.isdecimal() else None
