#!/usr/bin/env python3
"""OpenSSH's SFTP server, but for its Nth write, which is answered with a failure and not done;
with "silent" the Nth write and all after it are neither done nor answered, with "babbling" a request
that nobody has made is answered instead, four times a second; with "dying" the Nth write ends the
connection, once: FILE is then made.

usage: failing_sftp.py N SFTP_SERVER [silent|babbling|dying FILE]
"""
import os
import signal
import subprocess
import sys
import threading
import time

WRITE, STATUS, FAILURE = 6, 101, 4


def packets(source):
    while head := source.read(4):
        yield head + source.read(int.from_bytes(head, "big"))


def status(request_id, code):
    text = b"Failure"
    body = (bytes([STATUS]) + request_id + code.to_bytes(4, "big") + len(text).to_bytes(4, "big")
            + text + (0).to_bytes(4, "big"))
    return len(body).to_bytes(4, "big") + body


def main():
    nth = int(sys.argv[1])
    mode = sys.argv[3] if sys.argv[3:] else None
    server = subprocess.Popen([sys.argv[2]], stdin=subprocess.PIPE,
                              stdout=subprocess.PIPE)
    lock = threading.Lock()

    def say(packet):
        with lock:
            sys.stdout.buffer.write(packet)
            sys.stdout.buffer.flush()

    def answers():
        for packet in packets(server.stdout):
            say(packet)
        os._exit(0)

    def babble():
        while True:
            say(status(b"\xff\xff\xff\xff", FAILURE))
            time.sleep(0.25)

    threading.Thread(target=answers).start()
    for packet in packets(sys.stdin.buffer):
        if packet[4] == WRITE:
            nth -= 1
            if nth == 0 and mode == "dying" and not os.path.exists(sys.argv[4]):
                open(sys.argv[4], "w").close()
                os.kill(os.getppid(), signal.SIGKILL)
                os._exit(1)
            if nth == 0 and mode == "babbling":
                threading.Thread(target=babble).start()
            if nth <= 0 and mode in ("silent", "babbling"):
                continue
            if nth == 0 and mode is None:
                say(status(packet[5:9], FAILURE))
                continue
        server.stdin.write(packet)
        server.stdin.flush()
    server.stdin.close()


main()
