"""The same content, the same bytes: the zip folders behind DOCX and XLSX without times of day."""

from collections.abc import Mapping
from io import BytesIO
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

EPOCH = (1980, 1, 1, 0, 0, 0)
"""The earliest that a zip folder knows."""


def sealed(archive: bytes, *, instead: Mapping[str, str] | None = None) -> bytes:
    """The folder written anew in its order with one fixed time; `instead` names members whose text is replaced."""
    out = BytesIO()
    with ZipFile(BytesIO(archive)) as before, ZipFile(out, "w", ZIP_DEFLATED) as after:
        for name in before.namelist():
            member = ZipInfo(name, EPOCH)
            member.compress_type = ZIP_DEFLATED
            member.create_system = 0  # the same on every platform
            after.writestr(member, (instead or {}).get(name) or before.read(name))
    return out.getvalue()
