# The servers that tests save to: OpenSSH's, dropbear, nfs-ganesha, rpcbind, and fence-agents'
# receiver, out of Debian's packages. Unpacked into the cache and never installed: installed ones
# would start by themselves. Sourced after common.sh and kernel.sh. How they are run is
# tests/run_server's.

# unpacked_servers: prints a directory that holds them, with the libraries that neither a Debian nor
# openssh-client needs itself.
unpacked_servers() {
    unpacked openssh-server openssh-sftp-server dropbear-bin nfs-ganesha nfs-ganesha-vfs rpcbind \
        libntirpc4.3 libnfsidmap1 libwbclient0 liburcu8 libdbus-1-3 libtirpc3 libnsl2 libwrap0 \
        libtomcrypt1 libtommath1 fence-agents
}

# unpacked_asyncssh: prints a directory that holds an SSH server that shares no code with the others.
unpacked_asyncssh() {
    unpacked python3-asyncssh python3-cryptography python3-cffi-backend python3-typing-extensions
}

# unpacked_new_sshd: prints a directory that holds Debian 13's sshd with every library that it needs:
# key exchanges that this Debian's does not know.
unpacked_new_sshd() (
    apt_private deb trixie
    unpacked openssh-server libaudit1 libc6 libcap-ng0 libcap2 libcom-err2 libcrypt1 libgssapi-krb5-2 \
        libk5crypto3 libkeyutils1 libkrb5-3 libkrb5support0 libpam0g libpcre2-8-0 libselinux1 \
        libsqlite3-0 libssl3t64 libsystemd0 libwrap0 libwtmpdb0 libzstd1 zlib1g
)
