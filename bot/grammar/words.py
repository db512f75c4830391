"""The words behind `/flow`, as people type them or as Slack escapes them: `<@U123|name>`, `<https://…|label>`."""

from __future__ import annotations

import re
import shlex
from urllib.parse import urlsplit

_QUOTES = str.maketrans(dict.fromkeys("“”„‟«»`", '"') | dict.fromkeys("‘’‚‛", "'"))
_WITHIN = re.compile(r"(?<=\w)'(?=\w)")
"""An apostrophe, as in “isn't”, is no quote."""
_LABEL = re.compile(r"<([^<>|\s]+)\|[^<>]*>")


def words_of(text: str) -> list[str]:
    """The words, quoted ones kept together; Slack's labels and escapes are taken off. A quote alone is a letter."""
    plain = _LABEL.sub(r"<\1>", text).translate(_QUOTES)
    plain = _WITHIN.sub("’", plain)
    for quotes in ("\"'", '"'):
        lexer = shlex.shlex(" ".join(plain.split()), posix=True)
        lexer.whitespace_split, lexer.quotes, lexer.commenters, lexer.escape = True, quotes, "", ""
        try:
            return [_unescaped(word) for word in lexer if word]
        except ValueError:
            continue
    return [_unescaped(word) for word in plain.split()]


def _unescaped(word: str) -> str:
    return word.replace("’", "'").replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")


def address_of(word: str) -> tuple[str, str] | None:
    """(host, path) of a web address, in angle brackets or bare."""
    bare = word[1:-1] if word.startswith("<") and word.endswith(">") else word
    try:
        parts = urlsplit(bare)
        host = parts.hostname
    except ValueError:
        return None
    return (host, parts.path) if parts.scheme in ("http", "https") and host else None
