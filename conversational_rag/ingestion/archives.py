"""Zipped formats: what would come out of the archive, checked before anything is unpacked."""

import zipfile
from pathlib import Path

from conversational_rag.errors import ParsingLimit, UnreadableFile
from conversational_rag.ingestion.loaders.base import ErrorTable, Limits, means

# Small archives may be squeezed as hard as they like.
_HARMLESS_BYTES = 16 * 2**20

# RuntimeError is how zipfile says that a member is encrypted; no program writes documents that way.
ARCHIVE_ERRORS: ErrorTable = {
    error: means(UnreadableFile)
    for error in (zipfile.BadZipFile, zipfile.LargeZipFile, RuntimeError, OSError, EOFError, ValueError)
}


def check_unpacked_size(path: Path, limits: Limits) -> None:
    """Raises ParsingLimit when the archive holds too many files or unpacks to too much; zipfile.BadZipFile.

    The sizes are those that the archive's directory states; zipfile never unpacks more than that.
    """
    with zipfile.ZipFile(path) as archive:
        members = archive.infolist()
    if len(members) > limits.packed_files:
        raise ParsingLimit(f"The file packs {len(members)} parts; at most {limits.packed_files} are read.")
    unpacked = sum(member.file_size for member in members)
    packed = sum(member.compress_size for member in members)
    markup = sum(member.file_size for member in members if member.filename.lower().endswith((".xml", ".rels")))
    if unpacked > limits.unpacked_bytes or markup > limits.unpacked_xml_bytes:
        raise ParsingLimit(f"The file unpacks to {_megabytes(unpacked)}, which is more than is read; split it.")
    if unpacked > max(_HARMLESS_BYTES, packed * limits.unpacked_ratio):
        raise ParsingLimit(
            f"The file unpacks from {_megabytes(packed)} to {_megabytes(unpacked)}, as no document does; save it again."
        )


def _megabytes(size: int) -> str:
    return f"{size / 2**20:.1f} MB"
