#!/usr/bin/python3
"""An SSH server of another make, python3-asyncssh, with SFTP, in the foreground.

usage: asyncssh_server.py CONFIG: sshd_config's Port, HostKey, HostKeyAlgorithms, KexAlgorithms,
Ciphers and AuthorizedKeysFile; other lines are ignored.
"""

import asyncio
import sys

import asyncssh


def algorithms_of(key):
    """sshd's names for what the key signs with."""
    name = key.get_algorithm()
    return {"rsa-sha2-512", "rsa-sha2-256"} if name == "ssh-rsa" else {name}


async def serve(path):
    config = {}
    with open(path, encoding="utf-8") as lines:
        for words in map(str.split, lines):
            if len(words) > 1:
                config.setdefault(words[0], []).append(words[1])
    only = set(config["HostKeyAlgorithms"][0].split(","))
    keys = map(asyncssh.read_private_key, config["HostKey"])
    await asyncssh.listen("127.0.0.1", int(config["Port"][0]),
                          server_host_keys=[key for key in keys if algorithms_of(key) & only],
                          authorized_client_keys=config["AuthorizedKeysFile"][0],
                          kex_algs=config["KexAlgorithms"][0].split(","),
                          encryption_algs=config["Ciphers"][0].split(","),
                          sftp_factory=asyncssh.SFTPServer)
    await asyncio.Event().wait()


asyncio.run(serve(sys.argv[1]))
