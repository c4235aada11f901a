"""A disk that goes wrong: an NBD server which QEMU has a disk from. After a given number of bytes has been
written to it, it does what its name in FAULTS says. Which scenario has which is disk_faults.py's.
"""

import errno
import os
import socket
import struct
import threading
import time

from machines.machine import Failure

READ, WRITE, DISCONNECT, FLUSH = range(4)
OPTION_ABORT, OPTION_GO = 2, 7
REPLY_ACK, REPLY_INFO, REPLY_UNSUPPORTED = 1, 3, 0x80000001
HAS_FLAGS, TAKES_FLUSH = 1, 4
# What it answers with an error from then on.
FAULTS = {"writes fail": (WRITE,),
          "everything fails": (READ, WRITE, FLUSH),
          "flips a bit": (),  # of what it is given, once, and says nothing
          "pauses": ()}       # once, for PAUSE_S
PAUSE_S = 15
DATA_BYTES = 64 << 10  # less is the file system's own, perhaps, which may never be read


class FaultyDisk:
    """A thread of this process serves the file until stop()."""

    def __init__(self, path, fault, after_bytes):
        self.fault, self.left = fault, after_bytes
        self.errors_of = FAULTS[fault]
        self.file = os.open(path, os.O_RDWR)
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"nbd://127.0.0.1:{self.listener.getsockname()[1]}"
        self.connection = None
        self.thread = threading.Thread(target=self._serve, daemon=True)
        self.thread.start()

    def stop(self):
        for end in (self.listener, self.connection):
            if end:
                try:
                    end.shutdown(socket.SHUT_RDWR)
                except OSError:
                    pass  # it has gone already
        self.thread.join(2 * PAUSE_S)
        self.listener.close()
        os.close(self.file)

    def _serve(self):
        try:
            while True:
                self.connection, _ = self.listener.accept()
                with self.connection:
                    if self._negotiate():
                        self._answer()
        except (OSError, Failure):
            return  # stopped, or QEMU has gone

    def _take(self, size):
        data = self.connection.recv(size, socket.MSG_WAITALL) if size else b""
        if len(data) != size:
            raise Failure("QEMU has gone")
        return data

    def _negotiate(self):
        """The protocol's fixed new style, of which QEMU needs one option."""
        send = self.connection.sendall
        send(b"NBDMAGICIHAVEOPT" + struct.pack(">H", 1))
        self._take(4)
        while True:
            _, option, length = struct.unpack(">8sII", self._take(16))
            self._take(length)
            reply = struct.pack(">QI", 0x3e889045565a9, option)
            if option == OPTION_ABORT:
                return False
            if option != OPTION_GO:
                send(reply + struct.pack(">II", REPLY_UNSUPPORTED, 0))
                continue
            export = struct.pack(">HQH", 0, os.fstat(self.file).st_size, HAS_FLAGS | TAKES_FLUSH)
            send(reply + struct.pack(">II", REPLY_INFO, len(export)) + export)
            send(reply + struct.pack(">II", REPLY_ACK, 0))
            return True

    def _answer(self):
        while True:
            _, _, kind, handle, offset, size = struct.unpack(">IHHQQI", self._take(28))
            if kind == DISCONNECT:
                return
            data = self._take(size) if kind == WRITE else b""
            self.left -= len(data)
            fails = self.left <= 0 and kind in self.errors_of
            if kind == WRITE and not fails:
                os.pwrite(self.file, self._disturbed(data), offset)
            if kind == READ and not fails:
                data = os.pread(self.file, size, offset)
            self.connection.sendall(
                struct.pack(">IIQ", 0x67446698, errno.EIO if fails else 0, handle) +
                (data if kind == READ else b""))

    def _disturbed(self, data):
        if self.left > 0 or len(data) < DATA_BYTES:
            return data
        fault, self.fault = self.fault, ""  # once is enough
        if fault == "flips a bit":
            return data[:-1] + bytes([data[-1] ^ 1])
        if fault == "pauses":
            time.sleep(PAUSE_S)
        return data
