#!/usr/bin/env python3
"""A link on which next to nothing moves: passes TCP connections on to a server on loopback, of each only
the first bytes that the client sends; then it is silent for as long as the client keeps the connection,
or ends it. Adds a line to a file for each connection.

usage: trickling_proxy.py PORT SERVER_PORT FIRST LATER silent|ends LOG

FIRST: what passes of the first connection on which anything is sent, in bytes; LATER: of those after it;
0: they are ended at once.
"""
import socket
import sys
import threading

PORT, SERVER_PORT, FIRST, LATER = (int(argument) for argument in sys.argv[1:5])
IS_SILENT, LOG = sys.argv[5] == "silent", sys.argv[6]


def pump(source, sink, limit):
    """Passes on at most limit bytes. True: it came to the limit."""
    try:
        while limit != 0 and (data := source.recv(min(limit, 65536))):
            sink.sendall(data)
            limit -= len(data)
    except OSError:
        return False
    return limit == 0


def serve(client, limits, lock):
    # A client may look first whether there is a server.
    with lock:
        limit = limits[0] if client.recv(1, socket.MSG_PEEK) else 0
        if limit != 0:
            limits[0] = LATER
    if limit == 0:
        client.close()
        return
    server = socket.create_connection(("127.0.0.1", SERVER_PORT))
    back = threading.Thread(target=pump, args=(server, client, 1 << 60), daemon=True)
    back.start()
    if pump(client, server, limit) and IS_SILENT:
        back.join()
    for each in (client, server):
        try:
            each.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass
    client.close()
    server.close()


def main():
    listener = socket.create_server(("127.0.0.1", PORT), backlog=16)
    limits, lock = [FIRST], threading.Lock()
    while True:
        client, _ = listener.accept()
        with open(LOG, "a", encoding="ascii") as log:
            log.write("connection\n")
        threading.Thread(target=serve, args=(client, limits, lock), daemon=True).start()


main()
