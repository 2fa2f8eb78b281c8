"""Put the page's modules into the tree: packed by npm, checked against its sha512, only the files that are needed.

    python scripts/vendor_page_modules.py

Run it after MODULES was changed. Nothing else of the project needs npm: what is here is served as it is, and a test
compares every file with `manifest.json`.
"""

import base64
import hashlib
import json
import shutil
import subprocess
import tarfile
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

VENDOR = Path(__file__).parents[1] / "conversational_rag/static/vendor"
MANIFEST = VENDOR / "manifest.json"


@dataclass(frozen=True, slots=True)
class Module:
    """A package of the registry, the licence it is used under, and its files that the page loads."""

    name: str
    version: str
    licence: str
    files: tuple[str, ...]

    @property
    def folder(self) -> str:
        """Its folder's name; a scope's `@` and `/` would be in the way of an address."""
        return f"{self.name.removeprefix('@').replace('/', '-')}@{self.version}"


MODULES = (
    Module("preact", "11.2.0", "MIT", ("dist/preact.mjs", "hooks/dist/hooks.mjs")),
    Module("htm", "3.1.1", "Apache-2.0", ("dist/htm.module.js",)),
    Module("@preact/signals-core", "1.14.5", "MIT", ("dist/signals-core.mjs",)),
    Module("@preact/signals", "2.11.4", "MIT", ("dist/signals.mjs",)),
    Module("marked", "18.2.1", "MIT", ("lib/marked.esm.js",)),
    # The package may be used under MPL-2.0 or under Apache-2.0; it is used under the latter, whose text is its LICENSE.
    Module("dompurify", "3.4.18", "Apache-2.0", ("dist/purify.es.mjs",)),
)


def main() -> None:
    """Fetch every module anew; folders of versions that are not wanted any more go."""
    pinned = {entry["name"]: entry for entry in _entries()}
    with tempfile.TemporaryDirectory() as place:
        packed = {module: _pack(module, Path(place), pinned.get(module.name)) for module in MODULES}
        shutil.rmtree(VENDOR, ignore_errors=True)
        manifest = {"modules": [_unpack(module, *pack) for module, pack in packed.items()]}
    MANIFEST.write_text(json.dumps(manifest, indent=2) + "\n")
    print(f"{len(MODULES)} modules, {sum(file.stat().st_size for file in VENDOR.rglob('*')):,} bytes")


def _entries() -> Iterator[dict[str, str]]:
    if MANIFEST.exists():
        yield from json.loads(MANIFEST.read_text())["modules"]


def _pack(module: Module, place: Path, pinned: dict[str, str] | None) -> tuple[Path, str]:
    """The packed module and its integrity, which is the registry's and, for a version that is here, the same again."""
    spec = f"{module.name}@{module.version}"
    told = _npm("view", spec, "dist.integrity")
    archive = place / _npm("pack", spec, "--silent", "--pack-destination", str(place)).splitlines()[-1]
    integrity = "sha512-" + base64.b64encode(hashlib.sha512(archive.read_bytes()).digest()).decode()
    if integrity != told:
        raise SystemExit(f"{spec}: the archive is {integrity}, the registry tells {told}; nothing was changed")
    if pinned is not None and pinned["version"] == module.version and pinned["integrity"] != integrity:
        raise SystemExit(f"{spec}: it is another one than before; nothing was changed, find out why")
    return archive, integrity


def _npm(*arguments: str) -> str:
    return subprocess.run(["npm", *arguments], check=True, stdout=subprocess.PIPE, text=True).stdout.strip()


def _unpack(module: Module, archive: Path, integrity: str) -> dict[str, object]:
    """Copy its licence and the wanted files; its entry in the manifest."""
    folder = VENDOR / module.folder
    folder.mkdir(parents=True)
    with tarfile.open(archive) as packed:
        for name in ("LICENSE", *module.files):
            member = packed.extractfile(f"package/{name}")
            if member is None:
                raise SystemExit(f"{module.name}@{module.version} holds no {name}")
            # Not in their own folders: git is told to ignore every `dist`.
            (folder / Path(name).name).write_bytes(member.read())
    hashes = {file.name: hashlib.sha256(file.read_bytes()).hexdigest() for file in sorted(folder.iterdir())}
    entry = {"name": module.name, "version": module.version, "licence": module.licence, "integrity": integrity}
    return {**entry, "folder": module.folder, "sha256": hashes}


if __name__ == "__main__":
    main()
