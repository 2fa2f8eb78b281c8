"""The page's vendored modules are what their manifest says: nobody edits them, and each comes with its licence."""

import base64
import hashlib
import json
import re
from pathlib import Path
from typing import Any

import pytest

STATIC = Path(__file__).parents[2] / "conversational_rag/static"
VENDOR = STATIC / "vendor"
MODULES: list[dict[str, Any]] = json.loads((VENDOR / "manifest.json").read_text())["modules"]


def names(module: dict[str, Any]) -> str:
    return f"{module['name']}@{module['version']}"


@pytest.mark.parametrize("module", MODULES, ids=names)
def test_every_file_of_a_module_is_the_one_that_was_vendored(module: dict[str, Any]) -> None:
    folder = VENDOR / module["folder"]
    found = {name: hashlib.sha256((folder / name).read_bytes()).hexdigest() for name in module["sha256"]}
    assert found == module["sha256"]


@pytest.mark.parametrize("module", MODULES, ids=names)
def test_a_module_comes_with_its_licence_and_the_registrys_hash(module: dict[str, Any]) -> None:
    licence = (VENDOR / module["folder"] / "LICENSE").read_text()
    words = {"MIT": "Permission is hereby granted, free of charge", "Apache-2.0": "Apache License"}
    assert words[module["licence"]] in licence
    algorithm, _, digest = module["integrity"].partition("-")
    assert algorithm == "sha512"
    assert len(base64.b64decode(digest, validate=True)) == 64


def test_nothing_unlisted_stands_among_the_vendored_modules() -> None:
    listed = {f"{module['folder']}/{name}" for module in MODULES for name in module["sha256"]}
    there = {str(file.relative_to(VENDOR)) for file in VENDOR.rglob("*") if file.is_file()}
    assert there == listed | {"manifest.json"}


@pytest.mark.parametrize("page", sorted(STATIC.glob("*.html")), ids=lambda page: page.name)
def test_a_page_imports_exactly_the_vendored_modules(page: Path) -> None:
    text = page.read_text()
    found = re.search(r'<script type="importmap">(.*?)</script>', text, re.DOTALL)
    assert found is not None
    imported = {address.removeprefix("/static/vendor/") for address in json.loads(found[1])["imports"].values()}
    files = {f"{module['folder']}/{name}" for module in MODULES for name in module["sha256"] if name != "LICENSE"}
    assert imported == files


def test_the_manifest_names_no_address_to_load_from() -> None:
    assert "://" not in (VENDOR / "manifest.json").read_text()
