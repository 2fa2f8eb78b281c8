"""Keys as text: what is one, what is none, and what is kept of it."""

import hashlib
import hmac
import string

import pytest

from conversational_rag.security import keys
from conversational_rag.security.keys import Key

SECRET = "a_b-C_d" + "x" * 36
KEY = f"crag_0123456789ab_{SECRET}"


def test_a_new_key_can_be_read_again() -> None:
    made = [keys.new_key() for _ in range(300)]
    assert all(keys.parse(key.text) == key for key in made), "also those with `_` in the secret"
    assert any("_" in key.secret for key in made)
    assert len({key.id for key in made}) == len({key.secret for key in made}) == 300
    assert {len(key.id) for key in made} == {12}
    assert {len(key.secret) for key in made} == {43}
    assert set("".join(key.id for key in made)) == set(string.ascii_lowercase + string.digits)


def test_an_underscore_in_the_secret_belongs_to_the_secret() -> None:
    assert keys.parse(KEY) == Key("0123456789ab", SECRET)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "crag_",
        "crag",
        KEY[:-1],
        f"{KEY}x",
        f"{KEY}\n",
        f" {KEY}",
        KEY.upper(),
        KEY.replace("crag", "drag"),
        KEY.replace("0123456789ab", "0123456789a"),
        KEY.replace("0123456789ab", "0123456789AB"),
        KEY.replace("a_b-C", "a_b+C"),
        KEY.replace("a_b-C", "a_bäC"),
        KEY.replace("0123456789ab", "٠123456789ab"),
        "gsk_abcdefghijklmnopqrstuvwxyz",
        "\udcff",
        "x" * 100_000,
    ],
)
def test_what_is_no_key_is_none(text: str) -> None:
    assert keys.parse(text) is None


def test_what_is_kept_is_the_hmac_of_id_and_secret() -> None:
    kept = keys.digest(b"pepper", "0123456789ab", SECRET)
    assert kept == hmac.new(b"pepper", f"0123456789ab_{SECRET}".encode(), hashlib.sha256).digest()
    others = (
        keys.digest(b"other", "0123456789ab", SECRET),
        keys.digest(b"pepper", "x123456789ab", SECRET),
        keys.digest(b"pepper", "0123456789ab", f"{SECRET[:-1]}y"),
    )
    assert not any(keys.is_same(kept, other) for other in others)
    assert keys.is_same(kept, bytes(kept))


def test_a_key_that_is_printed_does_not_show_its_secret() -> None:
    key = keys.new_key()
    assert key.secret not in f"{key} {key!r} {[key]}"
    assert key.id in repr(key), "which is no secret, and says which key it is"
