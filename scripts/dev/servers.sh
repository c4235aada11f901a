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
