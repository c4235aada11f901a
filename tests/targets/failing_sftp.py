#!/usr/bin/env python3
"""OpenSSH's SFTP server, but for its Nth write, which is answered with a failure and not done;
with "silent" the Nth write and all after it are neither done nor answered.

usage: failing_sftp.py N SFTP_SERVER [silent]
"""
import os
import subprocess
import sys
import threading

WRITE, STATUS, FAILURE = 6, 101, 4


def packets(source):
    while head := source.read(4):
        yield head + source.read(int.from_bytes(head, "big"))


def main():
    nth = int(sys.argv[1])
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

    threading.Thread(target=answers).start()
    for packet in packets(sys.stdin.buffer):
        if packet[4] == WRITE:
            nth -= 1
            if nth <= 0 and sys.argv[3:] == ["silent"]:
                continue
            if nth == 0:
                text = b"Failure"
                body = (bytes([STATUS]) + packet[5:9] + FAILURE.to_bytes(4, "big")
                        + len(text).to_bytes(4, "big") + text + (0).to_bytes(4, "big"))
                say(len(body).to_bytes(4, "big") + body)
                continue
        server.stdin.write(packet)
        server.stdin.flush()
    server.stdin.close()


main()
