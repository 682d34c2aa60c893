"""Where a database file may not lie: SQLite's locks do not hold on network file systems."""

import re
from pathlib import Path
from typing import Final

from mailproof.store.base import StoreError

__all__ = ["file_system_of", "refuse_network_file_system"]

# sqlite.org/faq.html#q5 and sqlite.org/wal.html: WAL needs shared memory, which these do not have.
_NETWORK: Final = re.compile(
    r"nfs\d?|cifs|smb\d?|smbfs|afs|ncpfs|9p|ceph|glusterfs|lustre|fuse\.(?:sshfs|s3fs|rclone|glusterfs|gcsfuse)"
)
# proc(5): a space, tab, line break or backslash in a name is written as `\040`.
_OCTAL: Final = re.compile(r"\\([0-7]{3})")
_MOUNTS: Final = Path("/proc/self/mountinfo")


def refuse_network_file_system(path: Path, mounts: Path = _MOUNTS) -> None:
    """Raises `StoreError`. Knows Linux only: elsewhere nothing is refused."""
    kind = file_system_of(path, mounts)
    if kind and _NETWORK.fullmatch(kind):
        raise StoreError(
            f"{path} is on a network file system ({kind}), where SQLite loses data. Put it on a "
            'local disk, or use PostgreSQL for many machines: [store] url = "postgresql://…".'
        )


def file_system_of(path: Path, mounts: Path = _MOUNTS) -> str:
    """Its type, such as `ext4`; empty where the system does not tell."""
    try:
        lines = mounts.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return ""
    folder = path.resolve().parent
    best, kind = -1, ""
    for line in lines:
        # proc(5): id parent dev root MOUNT options [tags] - TYPE source options
        head, _, tail = line.partition(" - ")
        mount = Path(_OCTAL.sub(lambda match: chr(int(match[1], 8)), head.split(" ")[4]))
        if folder.is_relative_to(mount) and len(mount.parts) >= best:
            best, kind = len(mount.parts), tail.split(" ")[0]
    return kind
