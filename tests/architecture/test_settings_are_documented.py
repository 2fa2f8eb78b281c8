"""The settings, .env.example and docs/configuration.md say the same."""

import re
from pathlib import Path

from conversational_rag.config import Settings

ROOT = Path(__file__).parents[2]


def shown(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, tuple):
        return ",".join(value)
    if isinstance(value, Path):
        return f"./{value}"
    return f"{value:g}" if isinstance(value, float) else str(value)


def declared() -> dict[str, str]:
    return {name.upper(): shown(field.default) for name, field in Settings.model_fields.items()}


def test_env_example_lists_every_setting_with_its_default() -> None:
    lines = (ROOT / ".env.example").read_text().splitlines()
    listed = dict(line.split("=", 1) for line in lines if line and not line.startswith("#"))
    assert listed == declared()


def test_the_documentation_lists_every_setting_with_its_default() -> None:
    rows = re.findall(
        r"^\| `([A-Z_]+)` \| (?:`(.*?)`)? *\| ", (ROOT / "docs/configuration.md").read_text(), re.MULTILINE
    )
    assert dict(rows) == declared()
