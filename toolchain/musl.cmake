# The cross file of the static release: clang on the sysroot that scripts/prepare makes. The
# runtimes and libraries of that sysroot are built through this file too.
# Says which compiler and where it may look; how hard it optimises is CMakePresets.json's.

set(KDUMP_INIT_ARCH x86_64 CACHE STRING "x86_64 or aarch64")
set(KDUMP_INIT_TOOLCHAIN "${CMAKE_CURRENT_LIST_DIR}/../build/toolchain/${KDUMP_INIT_ARCH}"
    CACHE PATH "the toolchain's directory")
# Behind the link lies a directory named by its inputs: with that in the flags, another
# toolchain recompiles everything.
file(REAL_PATH "${KDUMP_INIT_TOOLCHAIN}" KDUMP_INIT_TOOLCHAIN)
set(CMAKE_TRY_COMPILE_PLATFORM_VARIABLES KDUMP_INIT_ARCH KDUMP_INIT_TOOLCHAIN)

if(NOT EXISTS "${KDUMP_INIT_TOOLCHAIN}/clang.cfg")
  message(FATAL_ERROR "no toolchain in ${KDUMP_INIT_TOOLCHAIN}. Type: scripts/prepare ${KDUMP_INIT_ARCH}")
endif()

set(CMAKE_SYSTEM_NAME Linux)
set(CMAKE_SYSTEM_PROCESSOR ${KDUMP_INIT_ARCH})

set(CMAKE_C_COMPILER clang-19)
set(CMAKE_CXX_COMPILER clang++-19)
set(CMAKE_ASM_COMPILER clang-19)
set(CMAKE_AR llvm-ar-19 CACHE FILEPATH "")
set(CMAKE_RANLIB llvm-ranlib-19 CACHE FILEPATH "")
set(CMAKE_NM llvm-nm-19 CACHE FILEPATH "")
foreach(language C CXX ASM)
  set(CMAKE_${language}_FLAGS_INIT "--config=${KDUMP_INIT_TOOLCHAIN}/clang.cfg")
  set(CMAKE_${language}_COMPILER_TARGET ${KDUMP_INIT_ARCH}-linux-musl)
endforeach()
set(CMAKE_EXE_LINKER_FLAGS_INIT -static-pie)

# Nothing of the machine's own /usr: not a header, not a library.
set(CMAKE_SYSROOT "${KDUMP_INIT_TOOLCHAIN}")
set(CMAKE_FIND_ROOT_PATH "${KDUMP_INIT_TOOLCHAIN}")
set(CMAKE_FIND_ROOT_PATH_MODE_PROGRAM NEVER)
set(CMAKE_FIND_ROOT_PATH_MODE_LIBRARY ONLY)
set(CMAKE_FIND_ROOT_PATH_MODE_INCLUDE ONLY)
set(CMAKE_FIND_ROOT_PATH_MODE_PACKAGE ONLY)
