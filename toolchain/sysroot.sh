# The sysroot: kernel headers, musl, compiler-rt's builtins, libc++abi and libc++, all static, for
# one architecture. Without exceptions, so without an unwinder: an error is a value here, and
# what libc++ would throw ends the process. Knows no library of the product. Sourced after
# sources.sh.

sysroot_flags="-Os -ffunction-sections -fdata-sections -fno-asynchronous-unwind-tables"

# kernel_headers ARCH: the package that has them, and the directory it puts them in.
kernel_headers() {
    case $1 in
        x86_64) echo linux-libc-dev /usr/include /usr/include/x86_64-linux-gnu ;;
        aarch64)
            local cross=/usr/aarch64-linux-gnu/include
            echo linux-libc-dev-arm64-cross $cross $cross ;;
        *) die "no toolchain for the architecture '$1': x86_64 or aarch64" ;;
    esac
}

# sysroot ARCH: prints its directory, which has clang.cfg.
sysroot() {
    local arch=$1 headers key
    read -r headers _ < <(kernel_headers "$arch")
    key=$(hash_of "$top"/toolchain/{sysroot,sources}.sh "$top/toolchain/musl.cmake" \
        <(pins_of musl llvm-toolchain-19) <(versions_of clang-19 lld-19 llvm-19 "$headers"))
    checked_cached "sysroot-$arch-$key" make_sysroot "$arch"
}

make_sysroot() {
    local arch=$1 into=$2 triple=$1-linux-musl build=$2/build
    mkdir -p "$build" "$into/usr/lib"
    cat >"$into/clang.cfg" <<-END
		--target=$triple
		--sysroot=<CFGDIR>
		-resource-dir=<CFGDIR>/clang
		-rtlib=compiler-rt
		-unwindlib=none
		-stdlib=libc++
		-fuse-ld=lld
	END
    install_headers "$arch" "$into"
    source_tree musl "$build/musl"
    source_tree llvm-toolchain-19 "$build/llvm"
    step "musl ($arch)" make_musl "$into" "$build/musl" "$triple"
    step "compiler-rt ($arch)" make_builtins "$arch" "$into" "$build"
    step "libc++ ($arch)" make_runtimes "$arch" "$into" "$build"
    rm -rf "$build"
}

# Copies, so that no compile ever reads the machine's own /usr.
install_headers() {
    local arch=$1 into=$2 generic specific
    read -r _ generic specific < <(kernel_headers "$arch")
    mkdir -p "$into/usr/include" "$into/clang"
    cp -a "$generic"/{linux,asm-generic,mtd} "$specific/asm" "$into/usr/include/"
    cp -aL "$(clang-19 -print-resource-dir)/include" "$into/clang/"
}

make_musl() {
    local into=$1 source=$2 triple=$3
    cd "$source"
    CC="clang-19 --config=$into/clang.cfg" AR=llvm-ar-19 RANLIB=llvm-ranlib-19 LIBCC=" " \
        CFLAGS="$sysroot_flags -ffile-prefix-map=$source=musl" \
        ./configure --target="$triple" --prefix=/usr --disable-shared --disable-wrapper
    make -j"$(nproc)"
    make DESTDIR="$into" install
}

# target_cmake ARCH SYSROOT ARGUMENT...: configures with the product's own toolchain file.
target_cmake() {
    local arch=$1 sysroot=$2
    shift 2
    cmake -G Ninja -DCMAKE_TOOLCHAIN_FILE="$top/toolchain/musl.cmake" \
        -DKDUMP_INIT_ARCH="$arch" -DKDUMP_INIT_TOOLCHAIN="$sysroot" \
        -DCMAKE_BUILD_TYPE=Release -DCMAKE_INSTALL_PREFIX="$sysroot/usr" "$@"
}

# Nothing links before the runtimes exist, so cmake must try archives instead of programs.
runtime_cmake() {
    target_cmake "$@" -DCMAKE_TRY_COMPILE_TARGET_TYPE=STATIC_LIBRARY \
        -DCMAKE_{C,CXX,ASM}_FLAGS_RELEASE="$sysroot_flags -DNDEBUG"
}

make_builtins() {
    local arch=$1 into=$2 build=$3 library
    runtime_cmake "$arch" "$into" -S "$build/llvm/compiler-rt/lib/builtins" -B "$build/builtins" \
        -DCOMPILER_RT_DEFAULT_TARGET_ONLY=ON -DCOMPILER_RT_BUILD_CRT=ON \
        -DLLVM_CMAKE_DIR="$build/llvm/llvm/cmake/modules"
    ninja -C "$build/builtins"
    # clang looks under the normalized triple, for names without the architecture.
    library=$into/clang/lib/$arch-unknown-linux-musl
    mkdir -p "$library"
    find "$build/builtins" -name 'libclang_rt.builtins*.a' -exec \
        cp {} "$library/libclang_rt.builtins.a" \;
    find "$build/builtins" -name 'clang_rt.crtbegin*.o' -exec \
        cp {} "$library/clang_rt.crtbegin.o" \;
    find "$build/builtins" -name 'clang_rt.crtend*.o' -exec \
        cp {} "$library/clang_rt.crtend.o" \;
}

# Trying archives, cmake believes in any function: musl has no __cxa_thread_atexit_impl.
make_runtimes() {
    local arch=$1 into=$2 build=$3
    runtime_cmake "$arch" "$into" -S "$build/llvm/runtimes" -B "$build/runtimes" \
        -DLLVM_ENABLE_RUNTIMES="libcxxabi;libcxx" \
        -DLLVM_INCLUDE_TESTS=OFF -DLLVM_INCLUDE_DOCS=OFF \
        -DLLVM_ENABLE_PER_TARGET_RUNTIME_DIR=OFF \
        -DLIBCXXABI_ENABLE_EXCEPTIONS=OFF -DLIBCXXABI_ENABLE_SHARED=OFF \
        -DLIBCXXABI_USE_COMPILER_RT=ON -DLIBCXXABI_USE_LLVM_UNWINDER=OFF \
        -DLIBCXXABI_SILENT_TERMINATE=ON -DLIBCXXABI_ENABLE_ASSERTIONS=OFF \
        -DLIBCXXABI_HAS_CXA_THREAD_ATEXIT_IMPL=OFF -DLIBCXXABI_INCLUDE_TESTS=OFF \
        -DLIBCXX_ENABLE_EXCEPTIONS=OFF -DLIBCXX_ENABLE_SHARED=OFF \
        -DLIBCXX_HAS_MUSL_LIBC=ON -DLIBCXX_USE_COMPILER_RT=ON -DLIBCXX_CXX_ABI=libcxxabi \
        -DLIBCXX_ENABLE_STATIC_ABI_LIBRARY=ON -DLIBCXX_INCLUDE_TESTS=OFF \
        -DLIBCXX_INCLUDE_BENCHMARKS=OFF
    ninja -C "$build/runtimes" install
}
