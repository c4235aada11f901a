# Keeps compiled objects between builds, in clean clones too: ccache, keyed by the compiler, its
# arguments and every byte it reads. Sourced after common.sh.

# use_compiler_cache: CMake's builds of this process go through ccache. A launcher that the caller
# has set stays.
use_compiler_cache() {
    [ -z "${CMAKE_CXX_COMPILER_LAUNCHER-}" ] || return 0
    need_packages ccache
    export CMAKE_C_COMPILER_LAUNCHER=ccache CMAKE_CXX_COMPILER_LAUNCHER=ccache
    # Two checkouts share objects: their own paths are made relative before hashing.
    export CCACHE_DIR=$cache/compiled CCACHE_BASEDIR=$top CCACHE_NOHASHDIR=yes CCACHE_MAXSIZE=4G
}
