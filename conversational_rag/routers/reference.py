"""GET /docs: every call on one page, written out by the server: no script, and nothing from another server."""

from base64 import b64encode
from collections.abc import Iterator, Mapping
from hashlib import sha256
from html import escape
from typing import Any

from fastapi import APIRouter, Request
from starlette.responses import HTMLResponse

router = APIRouter(include_in_schema=False)

_STYLE = """
:root { color-scheme: light dark; font: 16px/1.5 system-ui, sans-serif; }
body { margin: 2rem auto; max-width: 60rem; padding: 0 1rem; overflow-wrap: anywhere; }
section { border-top: 1px solid #8888; padding: .5rem 0 1rem; }
h2 { margin-top: 2.5rem; } h3 { font: 600 1rem/1.5 ui-monospace, monospace; margin: .5rem 0; }
table { border-collapse: collapse; width: 100%; } caption { text-align: left; font-weight: 600; padding-top: .5rem; }
td, th { border-bottom: 1px solid #8884; padding: .2rem .8rem .2rem 0; text-align: left; vertical-align: top; }
"""
_POLICY = (
    f"default-src 'none'; style-src 'sha256-{b64encode(sha256(_STYLE.encode()).digest()).decode()}'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
_Document = Mapping[str, Any]


@router.get("/docs")
async def reference(request: Request) -> HTMLResponse:
    """The OpenAPI document, for people."""
    return HTMLResponse(page(request.app.openapi()), headers={"Content-Security-Policy": _POLICY})


def page(document: _Document) -> str:
    """An OpenAPI document as one page of HTML."""
    info = document["info"]
    return "".join(
        [
            f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{escape(info["title"])}</title>',
            f'<meta name="viewport" content="width=device-width"><style>{_STYLE}</style></head><body>',
            f"<h1>{escape(info['title'])}</h1><p>{escape(info.get('description', ''))}</p>",
            '<p>For programs: <a href="/openapi.json">openapi.json</a>.</p>',
            *_groups(document),
            "</body></html>",
        ]
    )


def _groups(document: _Document) -> Iterator[str]:
    group = None
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            tag = operation["tags"][0]
            if tag != group:
                yield f"<h2>{escape(tag)}</h2>"
            group = tag
            yield _operation(f"{method.upper()} {path}", operation, document)


def _operation(heading: str, operation: _Document, document: _Document) -> str:
    answers = {
        status: answer.get("description", "")
        for status, answer in operation["responses"].items()
        if not status.endswith("XX")
    }
    return "".join(
        [
            f'<section id="{escape(operation["operationId"])}"><h3>{escape(heading)}</h3>',
            f"<p>{escape(operation.get('description', ''))}</p>",
            _table("Parameters", map(_parameter, operation.get("parameters", ()))),
            *_bodies(operation, document),
            _table("Answers", ([status, text] for status, text in answers.items())),
            "</section>",
        ]
    )


def _parameter(parameter: _Document) -> list[str]:
    name = f"{parameter['name']}{'' if parameter.get('required') else '?'}"
    return [name, parameter["in"], _kind(parameter["schema"]), parameter.get("description", "")]


def _bodies(operation: _Document, document: _Document) -> Iterator[str]:
    for media_type, content in operation.get("requestBody", {}).get("content", {}).items():
        schema = _resolved(content["schema"], document)
        required = schema.get("required", ())
        fields = schema.get("properties", {}).items()
        rows = (
            [f"{name}{'' if name in required else '?'}", _kind(field), field.get("description", "")]
            for name, field in fields
        )
        yield _table(f"Body ({media_type})", rows)


def _resolved(schema: _Document, document: _Document) -> _Document:
    if "anyOf" in schema:
        schema = next(each for each in schema["anyOf"] if each.get("type") != "null")
    if "$ref" not in schema:
        return schema
    found: _Document = document["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
    return found


def _kind(schema: _Document) -> str:
    """A type in one word or two, and its default."""
    if "anyOf" in schema:
        kind = " or ".join(_kind(each) for each in schema["anyOf"] if each.get("type") != "null")
    elif schema.get("type") == "array":
        kind = f"list of {_kind(schema['items'])}"
    elif "enum" in schema:
        kind = " | ".join(map(str, schema["enum"]))
    else:
        kind = schema.get("type") or schema.get("$ref", "any").rpartition("/")[2]
    default = schema.get("default")
    return kind if default is None else f"{kind}, usually {default}"


def _table(caption: str, rows: Any) -> str:
    cells = "".join(f"<tr>{''.join(f'<td>{escape(str(cell))}</td>' for cell in row)}</tr>" for row in rows)
    return f"<table><caption>{escape(caption)}</caption>{cells}</table>" if cells else ""
