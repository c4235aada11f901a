#!/usr/bin/env python3
"""OpenSSH's SFTP server, with faults.

usage: failing_sftp.py N SFTP_SERVER [silent|babbling|dying FILE]
       failing_sftp.py REQUEST[@PATH]=STATUS[,…] SFTP_SERVER

N: the Nth write is answered with a failure and not done; with "silent" that write and all after it are
neither done nor answered, with "babbling" a request that was never made is answered instead, four
times a second; with "dying" the Nth write ends the connection, once: FILE is then made.

REQUEST: open, close, lstat, fstat, setstat, fsetstat, opendir, readdir, mkdir, stat, rename, or the name
of an extension without its domain. Each (of this path alone) is not done, but answered with the number
STATUS; not at all where that is "silent"; with "cut" the server ends instead.
"""
import os
import signal
import subprocess
import sys
import threading
import time

WRITE, STATUS, FAILURE, EXTENDED = 6, 101, 4, 200
REQUESTS = {3: "open", 4: "close", 7: "lstat", 8: "fstat", 9: "setstat", 10: "fsetstat",
            11: "opendir", 12: "readdir", 14: "mkdir", 17: "stat", 18: "rename"}


def packets(source):
    while head := source.read(4):
        yield head + source.read(int.from_bytes(head, "big"))


def status(request_id, code):
    text = b"Failure"
    body = (bytes([STATUS]) + request_id + code.to_bytes(4, "big") + len(text).to_bytes(4, "big")
            + text + (0).to_bytes(4, "big"))
    return len(body).to_bytes(4, "big") + body


def text_at(packet, offset):
    end = offset + 4 + int.from_bytes(packet[offset:offset + 4], "big")
    return packet[offset + 4:end].decode("utf-8", "replace"), end


def refusal(packet, rules):
    """The rule for a request; None: there is none."""
    kind = packet[4]
    if kind != EXTENDED and kind not in REQUESTS:
        return None
    first, end = text_at(packet, 9)
    name, path = REQUESTS.get(kind), first
    if kind == EXTENDED:
        name = first.split("@")[0]
        path = text_at(packet, end)[0] if end < len(packet) else ""
    return rules.get(f"{name}@{path}", rules.get(name))


def main():
    by_number = sys.argv[1].isdigit()
    nth = int(sys.argv[1]) if by_number else 0
    rules = {} if by_number else dict(rule.rsplit("=", 1) for rule in sys.argv[1].split(","))
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
        if by_number and packet[4] == WRITE:
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
        rule = refusal(packet, rules)
        if rule == "cut":
            os._exit(1)
        if rule is not None:
            if rule != "silent":
                say(status(packet[5:9], int(rule)))
            continue
        server.stdin.write(packet)
        server.stdin.flush()
    server.stdin.close()


main()
