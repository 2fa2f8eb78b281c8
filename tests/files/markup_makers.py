"""Makers of files that are one stretch of text with marks in it: web pages, RTF documents, messages."""

from collections.abc import Mapping, Sequence

_FONTS = (
    r"{\fonttbl{\f0\fswiss\fcharset0 Arial;}{\f1\fswiss\fcharset178 Arial (Arabic);}{\f2\fnil\fcharset2 Symbol;}"
    r"{\f3\fmodern\fcharset128 MS Gothic{\*\falt Gothic};}}"
)


def make_html(body: str, *, title: str = "", head: str = "", encoding: str = "utf-8") -> bytes:
    """A page that declares no encoding, unless `head` does."""
    heading = f"<title>{title}</title>" if title else ""
    return f"<!DOCTYPE html><html><head>{heading}{head}</head><body>{body}</body></html>".encode(encoding)


def make_rtf(body: str | bytes, *, prolog: str = r"\ansi\ansicpg1252\deff0\uc1") -> bytes:
    """A document in Arial (\\f0), with an Arabic (\\f1), a symbol (\\f2) and a Japanese font (\\f3) at hand."""
    raw = body if isinstance(body, bytes) else body.encode("ascii")
    tables = rf"{_FONTS}{{\colortbl;\red0\green0\blue0;}}{{\stylesheet{{\s0 Normal;}}}}{{\info{{\author Nobody}}}}"
    return rf"{{\rtf1{prolog}{tables}\pard ".encode("ascii") + raw + b"}"


def make_eml(
    body: bytes = b"", headers: Mapping[str, str] | None = None, *, content: str = "text/plain; charset=utf-8"
) -> bytes:
    """A message with these headers, or with a subject, a sender and a receiver."""
    told = (
        headers if headers is not None else {"Subject": "Berth fees", "From": "a@harbour.example", "To": "b@c.example"}
    )
    lines = [f"{name}: {value}" for name, value in {**told, "Content-Type": content}.items()]
    return "\r\n".join([*lines, "", ""]).encode() + body


def make_part(body: bytes, content: str, *headers: str) -> bytes:
    """A part of a message."""
    return "\r\n".join([f"Content-Type: {content}", *headers, "", ""]).encode() + body


def make_multipart(parts: Sequence[bytes], boundary: str = "edge") -> bytes:
    """The body of a multipart message, or of a multipart part."""
    edge = f"--{boundary}".encode()
    return b"".join(edge + b"\r\n" + part + b"\r\n" for part in parts) + edge + b"--\r\n"
