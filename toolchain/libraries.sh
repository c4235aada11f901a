# The libraries the product links, static, inside a copy of the sysroot: zstd, mbedTLS, libssh2,
# and doctest's header for the tests. Their options are all here and in mbedtls_config.h.
# Sourced after sysroot.sh.

library_sources=(libzstd mbedtls libssh2)

# Compression and encryption are what a dump's time goes to.
fast_flags="-O2 -DNDEBUG -ffunction-sections -fdata-sections -fno-asynchronous-unwind-tables"

# install_toolchain_packages ARCH: the compiler and everything the scripts here run.
install_toolchain_packages() {
    local headers
    read -r headers _ < <(kernel_headers "$1")
    need_packages clang-19 lld-19 llvm-19 cmake ninja-build make python3 "$headers" doctest-dev \
        dpkg-dev patch patchutils xz-utils bzip2
}

# toolchain ARCH: prints the directory with everything: clang.cfg, usr/include, usr/lib.
toolchain() {
    local arch=$1 base key
    base=$(sysroot "$arch")
    key=$(hash_of <(basename "$base") "$top"/toolchain/{libraries.sh,mbedtls_config.h} \
        <(pins_of "${library_sources[@]}") <(versions_of doctest-dev))
    checked_cached "toolchain-$arch-$key" make_toolchain "$arch" "$base"
}

make_toolchain() {
    local arch=$1 base=$2 into=$3 build=$3/build package
    cp -a "$base/." "$into"
    rm -f "$into/manifest" "$into/.complete"
    mkdir "$build"
    for package in "${library_sources[@]}"; do
        source_tree "$package" "$build/$package"
    done
    step "zstd ($arch)" make_zstd "$arch" "$into" "$build"
    step "mbedTLS ($arch)" make_mbedtls "$arch" "$into" "$build"
    step "libssh2 ($arch)" make_libssh2 "$arch" "$into" "$build"
    install_doctest "$into/usr/include/doctest"
    rm -rf "$build"
}

# There are no exceptions here, and doctest must be told: a failed REQUIRE is counted, but does
# not end its test case as it does on the host.
install_doctest() {
    mkdir -p "$1"
    {
        echo '#define DOCTEST_CONFIG_NO_EXCEPTIONS_BUT_WITH_ALL_ASSERTS'
        cat /usr/include/doctest/doctest.h
    } >"$1/doctest.h"
}

# make_library ARCH SYSROOT SOURCE BUILD C_FLAGS ARGUMENT...: for those that use cmake, all do.
make_library() {
    local arch=$1 sysroot=$2 source=$3 build=$4 flags=$5
    shift 5
    target_cmake "$arch" "$sysroot" -S "$source" -B "$build" \
        -DCMAKE_C_FLAGS_RELEASE="$flags -ffile-prefix-map=$source=." \
        -DCMAKE_INSTALL_LIBDIR=lib -DBUILD_SHARED_LIBS=OFF "$@"
    ninja -C "$build" install
}

# Levels above 3 act as level 3: on 4 KiB pages of a kernel the lazy parsers gain 1 % at half the
# speed and the optimal ones 5 % at a seventeenth, for 210 KB of code. Decompression only reads
# back what was written, so one of its two variants does.
zstd_left_out="-DZSTD_EXCLUDE_GREEDY_BLOCK_COMPRESSOR -DZSTD_EXCLUDE_LAZY_BLOCK_COMPRESSOR
    -DZSTD_EXCLUDE_LAZY2_BLOCK_COMPRESSOR -DZSTD_EXCLUDE_BTLAZY2_BLOCK_COMPRESSOR
    -DZSTD_EXCLUDE_BTOPT_BLOCK_COMPRESSOR -DZSTD_EXCLUDE_BTULTRA_BLOCK_COMPRESSOR
    -DHUF_FORCE_DECOMPRESS_X1 -DZSTD_FORCE_DECOMPRESS_SEQUENCES_SHORT"

make_zstd() {
    make_library "$1" "$2" "$3/libzstd/build/cmake" "$3/zstd-build" \
        "$fast_flags ${zstd_left_out//$'\n'/ }" \
        -DZSTD_BUILD_PROGRAMS=OFF -DZSTD_BUILD_TESTS=OFF -DZSTD_BUILD_SHARED=OFF \
        -DZSTD_BUILD_DICTBUILDER=OFF -DZSTD_LEGACY_SUPPORT=OFF -DZSTD_MULTITHREAD_SUPPORT=OFF
}

make_mbedtls() {
    # Appended, so that whoever includes the installed header sees the same choice.
    cat "$top/toolchain/mbedtls_config.h" >>"$3/mbedtls/include/mbedtls/mbedtls_config.h"
    make_library "$1" "$2" "$3/mbedtls" "$3/mbedtls-build" "$fast_flags" \
        -DENABLE_PROGRAMS=OFF -DENABLE_TESTING=OFF -DMBEDTLS_FATAL_WARNINGS=OFF \
        -DUSE_STATIC_MBEDTLS_LIBRARY=ON -DUSE_SHARED_MBEDTLS_LIBRARY=OFF
}

make_libssh2() {
    make_library "$1" "$2" "$3/libssh2" "$3/libssh2-build" "$fast_flags" \
        -DCRYPTO_BACKEND=mbedTLS -DBUILD_STATIC_LIBS=ON -DBUILD_EXAMPLES=OFF \
        -DBUILD_TESTING=OFF -DENABLE_ZLIB_COMPRESSION=OFF
}
