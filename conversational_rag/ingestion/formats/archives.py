"""Zipped formats: what would come out of the archive, checked before anything is unpacked."""

import zipfile
from pathlib import Path

from conversational_rag.errors import ParsingLimit, UnreadableFile
from conversational_rag.ingestion.error_tables import ErrorTable, means
from conversational_rag.ingestion.limits import Limits, in_megabytes

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
    limits.check_parts(len(members))
    unpacked = sum(member.file_size for member in members)
    packed = sum(member.compress_size for member in members)
    limits.check_unpacked(unpacked)
    if unpacked > max(_HARMLESS_BYTES, packed * limits.unpacked_ratio):
        raise ParsingLimit(
            f"The file unpacks from {in_megabytes(packed)} to {in_megabytes(unpacked)}, more than "
            f"{limits.unpacked_ratio} times as much (MAX_UNPACKED_RATIO), as no document does: save it again."
        )
