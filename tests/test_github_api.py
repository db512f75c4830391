"""Who the program is to GitHub, and the small questions it asks there."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from fake_github import FakeGithub

from bot.clock import SetClock
from bot.flow.events import parse_instant
from bot.hosts.github.access import check_access, hooks, rate_limit, whoami
from bot.hosts.github.api import Github, graphql_url
from bot.hosts.github.errors import Denied, Gone, Unreachable
from bot.hosts.github.history import read_repo

NINE = parse_instant("2026-03-02T09:00:00Z")
HOUR = 3600


@pytest.fixture(scope="module")
def key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


@pytest.fixture
def clock() -> SetClock:
    return SetClock(NINE)


@pytest.fixture
def server() -> Iterator[FakeGithub]:
    with FakeGithub() as server:
        server.repo("acme/shop").pull(12, NINE)
        server.installations, server.tokens, server.token_ends = {"acme": 7}, set(), NINE + HOUR
        yield server


def pem(key: rsa.RSAPrivateKey) -> str:
    traditional = serialization.PrivateFormat.TraditionalOpenSSL
    return key.private_bytes(serialization.Encoding.PEM, traditional, serialization.NoEncryption()).decode()


@pytest.fixture
def app(server: FakeGithub, key: rsa.RSAPrivateKey, clock: SetClock) -> Iterator[Github]:
    github = Github(server.url, app_id="99", private_key=pem(key), now=clock.now, sleep=lambda seconds: None)
    yield github
    github.close()


@pytest.fixture
def user(server: FakeGithub, clock: SetClock) -> Iterator[Github]:
    assert server.tokens is not None
    server.tokens.add("t0ken")
    github = Github(server.url, token="t0ken", now=clock.now, sleep=lambda seconds: None)
    yield github
    github.close()


def read(github: Github) -> list[int]:
    return [item for page in read_repo(github, "acme/shop", None, oldest=NINE - HOUR) for item in page.items]


def passes(server: FakeGithub) -> int:
    return sum(call.path.endswith("/access_tokens") for call in server.calls)


def test_an_app_signs_itself_in_and_reads_with_its_installations_token(
    server: FakeGithub, app: Github, key: rsa.RSAPrivateKey
) -> None:
    assert read(app) == [12]
    found, made, query = server.calls
    assert (found.path, made.path) == ("/orgs/acme/installation", "/app/installations/7/access_tokens")
    assert query.authorization == "token ghs_7_1"
    signed = found.authorization.removeprefix("bearer ")
    claims = jwt.decode(signed, key.public_key(), ["RS256"], options={"verify_exp": False, "verify_iat": False})
    assert claims == {"iat": NINE - 60, "exp": NINE + 540, "iss": "99"}


def test_an_installation_token_is_kept_until_five_minutes_before_its_end(
    server: FakeGithub, app: Github, clock: SetClock
) -> None:
    read(app)
    clock.set(NINE + HOUR - 301)
    read(app)
    assert passes(server) == 1
    clock.advance(seconds=1)
    server.token_ends = clock.now() + HOUR
    read(app)
    assert passes(server) == 2


def test_a_token_revoked_early_is_renewed_once(server: FakeGithub, app: Github) -> None:
    read(app)
    assert server.tokens is not None
    server.tokens.clear()
    assert read(app) == [12]
    assert passes(server) == 2


def test_an_app_that_is_not_installed_is_told_so(app: Github) -> None:
    with pytest.raises(Denied, match="not installed for other"):
        check_access(app, "other/thing")


def test_a_key_may_come_in_one_line(server: FakeGithub, key: rsa.RSAPrivateKey, clock: SetClock) -> None:
    line = pem(key).replace("\n", "\\n")
    github = Github(server.url, app_id="99", private_key=line, now=clock.now, sleep=lambda seconds: None)
    assert read(github) == [12]
    github.close()


def test_a_bad_key_is_named_without_showing_it(server: FakeGithub, clock: SetClock) -> None:
    github = Github(server.url, app_id="99", private_key="s3cret", now=clock.now, sleep=lambda seconds: None)
    with pytest.raises(Denied, match="private key") as trouble:
        read(github)
    assert "s3cret" not in str(trouble.value)
    github.close()


def test_whose_the_token_is(user: Github, app: Github) -> None:
    assert whoami(user) == ("weir", False, frozenset({"repo", "read:org"}), None, None)
    assert whoami(app) == ("weir", True, None, {"pull_requests": "read"}, frozenset({"pull_request"}))


def test_what_the_token_may_do(server: FakeGithub, user: Github) -> None:
    access = check_access(user, "acme/shop")
    assert (access.full_name, access.permissions["pull"]) == ("acme/shop", True)
    with pytest.raises(Gone):
        check_access(user, "acme/none")


def test_what_is_left_of_the_budgets(user: Github, app: Github) -> None:
    assert rate_limit(user).graphql.remaining == 4990
    assert rate_limit(app, "acme").core.limit == 5000
    with pytest.raises(Denied):
        rate_limit(app)


def test_the_webhooks_of_a_repository(server: FakeGithub, user: Github) -> None:
    config = {"url": "https://weir.example/webhooks/github", "content_type": "json", "secret": "********"}
    answered = {"code": 202, "message": "OK", "status": "active"}
    hook = {"id": 1, "active": True, "events": ["pull_request"], "config": config, "last_response": answered}
    server.repo("acme/shop").hooks = [hook]
    (found,) = hooks(user, "acme/shop")
    assert (found.url, found.has_secret, found.last_response.code) == (config["url"], True, 202)


@pytest.mark.parametrize(
    ("api", "graphql"),
    [
        ("https://api.github.com", "https://api.github.com/graphql"),
        ("https://api.github.com/", "https://api.github.com/graphql"),
        ("https://ghe.acme.test/api/v3", "https://ghe.acme.test/api/graphql"),
        ("https://ghe.acme.test/api/v3/", "https://ghe.acme.test/api/graphql"),
    ],
)
def test_where_graphql_is(api: str, graphql: str) -> None:
    assert graphql_url(api) == graphql


@pytest.mark.parametrize("answer", ["<html>", [], {"login": 3}, None])
def test_an_answer_that_is_not_githubs_is_passing_trouble(server: FakeGithub, user: Github, answer: Any) -> None:
    server.fail(200, body=answer)
    with pytest.raises(Unreachable):
        whoami(user)
    server.fail(200, times=9, body=answer)
    with pytest.raises(Unreachable):
        read(user)


def test_a_hasty_question_is_asked_once(server: FakeGithub, user: Github, app: Github) -> None:
    for github in (user, app):
        server.calls.clear()
        server.fail(503, times=9)
        with pytest.raises(Unreachable):
            check_access(github.hasty(5.0), "acme/shop")
        assert len(server.calls) == 1
        server.faults.clear()
        assert check_access(github.hasty(5.0), "acme/shop").full_name == "acme/shop"


def test_nobody_listens(clock: SetClock) -> None:
    slept: list[float] = []
    github = Github("http://127.0.0.1:1", token="t", now=clock.now, sleep=slept.append)
    with pytest.raises(Unreachable, match="ConnectError"):
        whoami(github)
    assert slept == [2, 4, 8]
    github.close()
