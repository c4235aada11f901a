# The libraries the product links, static, inside a copy of the sysroot: zstd, mbedTLS, what SSH
# needs beyond that (primitives/), libssh2, and doctest's header for the tests. Their options are all
# here and in mbedtls_config.h; what is changed in them lies in patches/. The tests on the host link
# the same libraries for SSH, built with its own compiler (host-libraries). Sourced after sysroot.sh.

ssh_sources=(mbedtls libsodium openssh bearssl libssh2)
library_sources=(libzstd "${ssh_sources[@]}")

# Compression and encryption are what a dump's time goes to; small_flags are for what runs once a
# connection.
fast_flags="-O2 -DNDEBUG -ffunction-sections -fdata-sections -fno-asynchronous-unwind-tables"
small_flags() { echo "${fast_flags/-O2/-Os}"; }

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
    key=$(hash_of <(basename "$base") "$top"/toolchain/{libraries.sh,mbedtls_config.h,patches/*} \
        "$top"/toolchain/primitives/{*.*,shim/*} \
        <(pins_of "${library_sources[@]}") <(versions_of doctest-dev))
    checked_cached "toolchain-$arch-$key" make_toolchain "$arch" "$base"
}

make_toolchain() {
    local arch=$1 base=$2 into=$3 build=$3/build package
    cp -a "$base/." "$into"
    rm -f "$into/manifest" "$into/.complete"
    mkdir "$build"
    for package in "${library_sources[@]}"; do
        patched_tree "$package" "$build/$package"
    done
    step "zstd ($arch)" make_zstd "$arch" "$into" "$build"
    step "mbedTLS ($arch)" make_mbedtls "$arch" "$into" "$build"
    step "primitives ($arch)" make_primitives "$arch" "$into" "$build"
    step "libssh2 ($arch)" make_libssh2 "$arch" "$into" "$build"
    install_doctest "$into/usr/include/doctest"
    rm -rf "$build"
}

# host_libraries: prints the directory with SSH's libraries of the host's own compiler.
host_libraries() {
    local key
    key=$(hash_of "$top"/toolchain/{libraries.sh,sources.sh,mbedtls_config.h,patches/*} \
        "$top"/toolchain/primitives/{*.*,shim/*} \
        <(pins_of "${ssh_sources[@]}") <(versions_of gcc libc6-dev))
    checked_cached "host-libraries-$key" make_host_libraries
}

make_host_libraries() {
    local into=$1 build=$1/build package
    mkdir "$build"
    for package in "${ssh_sources[@]}"; do
        patched_tree "$package" "$build/$package"
    done
    step "mbedTLS (host)" make_mbedtls host "$into" "$build"
    step "primitives (host)" make_primitives host "$into" "$build"
    step "libssh2 (host)" make_libssh2 host "$into" "$build"
    rm -rf "$build"
}

# memcheck_libraries: the same and zstd, for tests/memcheck: every library is the product's own,
# and built so that a report names the line.
memcheck_libraries() {
    local key
    key=$(hash_of "$top"/toolchain/{libraries.sh,sources.sh,mbedtls_config.h,patches/*} \
        "$top"/toolchain/primitives/{*.*,shim/*} \
        <(pins_of "${library_sources[@]}") <(versions_of gcc libc6-dev))
    checked_cached "memcheck-libraries-$key" make_memcheck_libraries
}

make_memcheck_libraries() {
    local into=$1 fast_flags="-O1 -g -DNDEBUG"  # read by each make_*
    patched_tree libzstd "$into/build/libzstd"
    step "zstd (memcheck)" make_zstd host "$into" "$into/build"
    rm -rf "$into/build"
    make_host_libraries "$into"
}

# fuzz_libraries: the same for scripts/fuzz. libFuzzer sees zstd's branches, and the sanitizers its
# reads and writes.
fuzz_libraries() {
    local key
    key=$(hash_of "$top"/toolchain/{libraries.sh,sources.sh,mbedtls_config.h,patches/*} \
        "$top"/toolchain/primitives/{*.*,shim/*} \
        <(pins_of "${library_sources[@]}") <(versions_of gcc libc6-dev clang-19))
    checked_cached "fuzz-libraries-$key" make_fuzz_libraries
}

make_fuzz_libraries() {
    local into=$1 plain_flags=$fast_flags host_compiler=clang-19
    local fast_flags="-O1 -g1 -DNDEBUG -fno-omit-frame-pointer -fsanitize=fuzzer-no-link,address,undefined"
    patched_tree libzstd "$into/build/libzstd"
    step "zstd (fuzz)" make_zstd host "$into" "$into/build"
    rm -rf "$into/build"
    fast_flags=$plain_flags host_compiler=gcc
    make_host_libraries "$into"
}

# patched_tree PACKAGE DIRECTORY: its source with our own patches, each of which says why.
patched_tree() {
    local patch
    source_tree "$1" "$2"
    for patch in "$top/toolchain/patches/$1"-*.patch; do
        [ ! -e "$patch" ] || patch -d "$2" -p1 --fuzz=0 --batch --silent <"$patch"
    done
}

# There are no exceptions here, and doctest must know: a failed REQUIRE is counted, but does
# not end its test case as it does on the host.
install_doctest() {
    mkdir -p "$1"
    {
        echo '#define DOCTEST_CONFIG_NO_EXCEPTIONS_BUT_WITH_ALL_ASSERTS'
        cat /usr/include/doctest/doctest.h
    } >"$1/doctest.h"
}

# host_cmake PREFIX ARGUMENT...: configures for the host with gcc, or with $host_compiler, whatever CC
# and CFLAGS say.
host_cmake() {
    local prefix=$1
    shift
    env -u CC -u CFLAGS -u LDFLAGS cmake -G Ninja -DCMAKE_C_COMPILER="${host_compiler:-gcc}" \
        -DCMAKE_BUILD_TYPE=Release -DCMAKE_POSITION_INDEPENDENT_CODE=ON \
        -DCMAKE_INSTALL_PREFIX="$prefix/usr" -DCMAKE_PREFIX_PATH="$prefix/usr" "$@"
}

# make_library ARCH|host SYSROOT SOURCE BUILD C_FLAGS ARGUMENT...: all of them use cmake. The build
# type is one of our own: mbedTLS overwrites the flags of those that cmake knows.
make_library() {
    local arch=$1 sysroot=$2 source=$3 build=$4 flags=$5
    local configure=(target_cmake "$arch" "$sysroot")
    shift 5
    [ "$arch" != host ] || configure=(host_cmake "$sysroot")
    "${configure[@]}" -S "$source" -B "$build" \
        -DCMAKE_BUILD_TYPE=Library -DCMAKE_C_FLAGS_LIBRARY="$flags -ffile-prefix-map=$source=." \
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

# For speed: hashes, and the loops of large numbers.
make_mbedtls() {
    # Appended, so that every includer of the installed header sees the same choice.
    cat "$top/toolchain/mbedtls_config.h" >>"$3/mbedtls/include/mbedtls/mbedtls_config.h"
    echo 'set_source_files_properties(bignum_core.c ecp_curves.c sha256.c sha512.c PROPERTIES
        COMPILE_OPTIONS -O2)' >>"$3/mbedtls/library/CMakeLists.txt"
    make_library "$1" "$2" "$3/mbedtls" "$3/mbedtls-build" "$(small_flags)" \
        -DENABLE_PROGRAMS=OFF -DENABLE_TESTING=OFF -DMBEDTLS_FATAL_WARNINGS=OFF \
        -DUSE_STATIC_MBEDTLS_LIBRARY=ON -DUSE_SHARED_MBEDTLS_LIBRARY=OFF
}

# What a dump's packets need has -O2 from its CMakeLists.txt.
make_primitives() {
    make_library "$1" "$2" "$top/toolchain/primitives" "$3/primitives-build" \
        "$(small_flags) -ffile-prefix-map=$3=." \
        -DLIBSODIUM="$3/libsodium" -DOPENSSH="$3/openssh" \
        -DBEARSSL="$3/bearssl"
}

# Old ciphers and MACs, which the client never offers (net/ssh/ssh_session.cc).
libssh2_left_out="-DLIBSSH2_NO_3DES -DLIBSSH2_NO_AES_CBC -DLIBSSH2_NO_BLOWFISH
    -DLIBSSH2_NO_HMAC_RIPEMD -DLIBSSH2_NO_MD5 -DLIBSSH2_NO_MD5_PEM -DLIBSSH2_NO_RC4"

# It moves packets; who encrypts them is filter/crypto.
make_libssh2() {
    make_library "$1" "$2" "$3/libssh2" "$3/libssh2-build" \
        "$(small_flags) ${libssh2_left_out//$'\n'/ }" \
        -DCRYPTO_BACKEND=mbedTLS -DBUILD_STATIC_LIBS=ON -DBUILD_EXAMPLES=OFF \
        -DBUILD_TESTING=OFF -DENABLE_ZLIB_COMPRESSION=OFF
}
