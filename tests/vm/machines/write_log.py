"""The writes of a guest's disk as QEMU's blklogwrites driver logs them (the format of Linux'
Documentation/admin-guide/device-mapper/log-writes.rst), and what a disk holds when the power fails
after some of them: everything up to the last flush, and of what came later any part.
"""

import dataclasses
import shutil
import struct

MAGIC = 0x6A736677736872
FLUSH, FUA, DISCARD = 1, 2, 4
ENTRY = struct.Struct("<QQQQ")  # sector, sectors, flags, bytes of data
# What a disk writes whole or not at all. With 512 bytes ext4's own superblock, of two sectors, is torn
# in one of some hundred cuts, with any program: it then mounts only after `e2fsck -y`.
ATOM = 4096


@dataclasses.dataclass(frozen=True)
class Write:
    at: int       # bytes
    size: int
    flags: int
    data_at: int  # in the log; there are no data of a discard


def read_log(path):
    """Every write that is whole in the log, in order. A killed QEMU leaves an old count."""
    with open(path, "rb") as log:
        magic, _, _, sector = struct.unpack("<QQQI", log.read(28))
        assert magic == MAGIC, f"{path} is no log of writes"
        end = log.seek(0, 2)
        at, writes = sector, []
        while at + sector <= end:
            log.seek(at)
            begin, count, flags, _ = ENTRY.unpack(log.read(ENTRY.size))
            data = 0 if flags & DISCARD else count * sector
            if (count == 0 and not flags & FLUSH) or at + sector + data > end:
                break
            writes.append(Write(begin * sector, count * sector, flags, at + sector))
            at += sector + data
    return writes


def after_power_cut(before, log_path, writes, choice, into):
    """The disk after the last of `writes`, into a file. choice() says of each write that no flush
    has made durable whether it reached the disk all the same; it may also be torn there."""
    durable = max((i for i, write in enumerate(writes) if write.flags & FLUSH), default=-1)
    shutil.copyfile(before, into)
    with open(log_path, "rb") as log, open(into, "r+b") as disk:
        for i, write in enumerate(writes):
            kept = 1.0 if i < durable or write.flags & FUA else choice()
            if not write.size or write.flags & DISCARD or not kept:
                continue
            end = write.at + write.size
            if kept < 1:
                end = (write.at + int(write.size * kept)) // ATOM * ATOM
            log.seek(write.data_at)
            disk.seek(write.at)
            disk.write(log.read(max(end - write.at, 0)))
