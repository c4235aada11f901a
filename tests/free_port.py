"""TCP ports for servers that tests start on loopback."""
import random
import socket


def free_port():
    """A port of 127.0.0.1 that is free, and below those that Linux gives to connections of others."""
    for port in random.sample(range(10_000, 32_768), 1000):
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
                return port
            except OSError:
                continue
    raise RuntimeError("no free port on 127.0.0.1")
