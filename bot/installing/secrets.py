"""Secrets that are stored: sealed with a key of the environment, so that a copy of the database gives none away."""

from __future__ import annotations

from collections.abc import Iterable

from cryptography.fernet import Fernet, InvalidToken, MultiFernet

from bot.settings import Settings


class NoKey(Exception):
    """There is a secret to store or to read, and WEIR_SECRET_KEY is not set."""

    def __init__(self) -> None:
        super().__init__(
            "WEIR_SECRET_KEY is not set; it is what stored secrets are sealed with (weir new-key makes one)"
        )


class NotOpened(Exception):
    """A stored secret was sealed with a key that is not among those of WEIR_SECRET_KEY. The message shows neither."""

    def __init__(self) -> None:
        super().__init__("a stored secret can't be opened with WEIR_SECRET_KEY; the key it was sealed with is missing")


class Vault:
    """Seals with the first key and opens with any; its `repr` shows no key."""

    def __init__(self, keys: Iterable[str]) -> None:
        sealers = [Fernet(key) for key in keys]
        if not sealers:
            raise NoKey
        self._first, self._any = sealers[0], MultiFernet(sealers)

    def seal(self, text: str) -> str:
        """Text that only a holder of the key can read; another one each time."""
        return self._first.encrypt(text.encode()).decode()

    def open(self, sealed: str) -> str:
        """The text that was sealed. Raises NotOpened."""
        try:
            return self._any.decrypt(sealed.encode()).decode()
        except InvalidToken:
            raise NotOpened from None

    def stamp(self, word: str, now: int) -> str:
        """A word with an instant, as text that only a holder of the key can make; another one each time."""
        return self._any.encrypt_at_time(word.encode(), now).decode()

    def stamped(self, text: str, word: str, now: int, holds: int) -> bool:
        """Whether a text was made of a word by `stamp`, within `holds` seconds before."""
        try:
            return self._any.decrypt_at_time(text.encode(), holds - 1, now) == word.encode()
        except InvalidToken:
            return False

    def newly(self, sealed: str) -> str:
        """The same secret sealed with the first key; what is so already is returned as it is. Raises NotOpened."""
        try:
            self._first.decrypt(sealed.encode())
        except InvalidToken:
            return self.seal(self.open(sealed))
        return sealed


def vault_of(settings: Settings) -> Vault:
    """The vault of WEIR_SECRET_KEY. Raises NoKey where it is not set."""
    return Vault(settings.secret_keys)


def new_key() -> str:
    """A key for WEIR_SECRET_KEY: 32 random bytes in URL-safe base64."""
    return Fernet.generate_key().decode()
