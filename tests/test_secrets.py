"""Secrets that are stored: sealed, opened by any key, sealed anew with the first."""

from __future__ import annotations

from base64 import urlsafe_b64encode

import pytest

from bot.__main__ import run
from bot.installing.secrets import NoKey, NotOpened, Vault, vault_of
from bot.settings import Settings

SECRET = "xoxb-not-a-real-token"
OLD, NEW = (urlsafe_b64encode(bytes([byte] * 32)).decode() for byte in (1, 2))


def test_what_is_sealed_is_opened_with_the_same_key_and_shows_nothing():
    sealed = Vault([OLD]).seal(SECRET)

    assert SECRET not in sealed
    assert Vault([OLD]).open(sealed) == SECRET
    assert Vault([OLD]).seal(SECRET) != sealed


def test_after_a_change_of_keys_the_old_one_opens_and_the_new_one_seals():
    sealed = Vault([OLD]).seal(SECRET)
    both = Vault([NEW, OLD])

    assert both.open(sealed) == SECRET
    assert Vault([NEW]).open(both.newly(sealed)) == SECRET
    assert both.newly(both.newly(sealed)) != sealed
    kept = both.seal(SECRET)
    assert both.newly(kept) is kept


@pytest.mark.parametrize(
    "sealed",
    [Vault([OLD]).seal(SECRET), SECRET, "", "gAAAAA", "ä\x00"],
    ids=["sealed", "text", "empty", "begun", "other"],
)
def test_what_no_key_opens_is_refused_without_showing_it(sealed):
    with pytest.raises(NotOpened) as refused:
        Vault([NEW]).open(sealed)

    assert str(refused.value) == (
        "a stored secret can't be opened with WEIR_SECRET_KEY; the key it was sealed with is missing"
    )
    assert refused.value.__cause__ is None


def test_without_a_key_nothing_is_sealed():
    with pytest.raises(NoKey, match="WEIR_SECRET_KEY is not set"):
        vault_of(Settings())


def test_several_keys_stand_with_commas_between_them(monkeypatch):
    monkeypatch.setenv("WEIR_SECRET_KEY", f" {NEW}, {OLD},")

    assert vault_of(Settings()).open(Vault([OLD]).seal(SECRET)) == SECRET


def test_no_key_is_shown_by_what_holds_it(monkeypatch):
    monkeypatch.setenv("WEIR_SECRET_KEY", f"{NEW},{OLD}")
    settings = Settings()

    for shown in (repr(settings), str(settings), repr(vault_of(settings)), settings.model_dump_json()):
        assert NEW not in shown
        assert OLD not in shown


@pytest.mark.parametrize("value", ["short", f"{NEW},short", ",", f"{NEW}=", f"{NEW[:-1]}ä"])
def test_a_key_that_is_none_is_refused_in_one_line_that_does_not_show_it(monkeypatch, capsys, value):
    monkeypatch.setenv("WEIR_SECRET_KEY", value)

    assert run(["rotate-key"]) == 2

    said = capsys.readouterr().err
    assert said == (
        "weir: WEIR_SECRET_KEY: allowed are keys as `weir new-key` prints them, several with commas between them\n"
    )


def test_a_new_key_is_printed_and_fits(monkeypatch, capsys, tmp_path):
    assert run(["new-key"]) == 0
    key = capsys.readouterr().out.strip()
    monkeypatch.setenv("WEIR_SECRET_KEY", key)
    monkeypatch.setenv("DATABASE_URL", f"sqlite:///{tmp_path}/weir.db")
    assert run(["migrate"]) == 0
    capsys.readouterr()

    assert run(["rotate-key"]) == 0
    assert capsys.readouterr().out == "0 secrets sealed with the first key.\n"


def test_without_a_key_rotating_says_what_is_missing(monkeypatch, capsys, tmp_path):
    monkeypatch.delenv("WEIR_SECRET_KEY", raising=False)
    monkeypatch.setenv("DATABASE_URL", f"sqlite:///{tmp_path}/weir.db")
    assert run(["migrate"]) == 0

    assert run(["rotate-key"]) == 1
    assert "WEIR_SECRET_KEY is not set" in capsys.readouterr().err
