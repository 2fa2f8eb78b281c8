"""Text with marks in it that grows, or nests, beyond all bounds."""

from files.markup_makers import make_eml, make_multipart, make_part


def wide_csv(columns: int = 1_000, rows: int = 200) -> bytes:
    """A table of small values under long names: told row by row, it is a long text."""
    header = ",".join(f"{'name' * 50}{number}" for number in range(columns))
    return "\n".join([header, *[",".join("1" * columns)] * rows]).encode("ascii")


def json_under_long_key(members: int = 3_000) -> bytes:
    """Small values whose path is long."""
    inner = ", ".join(f'"{number}": {number}' for number in range(members))
    return f'{{"{"key" * 5_000}": {{{inner}}}}}'.encode("ascii")


def mail_of_many_parts(count: int = 1_001) -> bytes:
    """A message that falls into parts of a letter each."""
    return _mail([make_part(b"x", "text/plain")] * count)


def deep_mail(depth: int = 1_500) -> bytes:
    """Parts within parts."""
    part = make_part(b"deep", "text/plain")
    for number in range(depth):
        part = make_part(make_multipart([part], f"e{number}"), f"multipart/mixed; boundary=e{number}")
    return _mail([part])


def _mail(parts: list[bytes]) -> bytes:
    return make_eml(make_multipart(parts), content="multipart/mixed; boundary=edge")
