# Finds what scripts/prepare has linked in build/toolchain. Configuring downloads and installs nothing.

# prepared(VARIABLE NAME COMMAND): sets VARIABLE to the directory behind build/toolchain/NAME. Fails
# with COMMAND, the line to type, where NAME is missing or older than its inputs.
function(prepared variable name command)
  set(link ${PROJECT_SOURCE_DIR}/build/toolchain/${name})
  if(NOT EXISTS ${link}/.complete OR NOT EXISTS ${link}.stamp)
    message(FATAL_ERROR "${name}: the libraries in ${link} are missing. Type: ${command}")
  endif()
  file(GLOB inputs ${PROJECT_SOURCE_DIR}/toolchain/*.sh ${PROJECT_SOURCE_DIR}/toolchain/sources
       ${PROJECT_SOURCE_DIR}/toolchain/n-dhcp4.patch ${PROJECT_SOURCE_DIR}/toolchain/mbedtls_config.h
       ${PROJECT_SOURCE_DIR}/toolchain/patches/* ${PROJECT_SOURCE_DIR}/toolchain/primitives/*)
  foreach(input ${inputs})
    file(TIMESTAMP ${input} changed "%s")
    file(TIMESTAMP ${link}.stamp made "%s")
    if(changed GREATER made)
      message(FATAL_ERROR "${name}: ${input} is newer than the libraries in ${link}. Type: ${command}")
    endif()
  endforeach()
  set_property(DIRECTORY ${PROJECT_SOURCE_DIR} APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${link}.stamp)
  # The real path names the inputs: other libraries recompile what includes them.
  file(REAL_PATH ${link} directory)
  set(${variable} ${directory} PARENT_SCOPE)
endfunction()

# found(VARIABLE FILE): fails with the line to type where find_path or find_library has not found FILE.
function(found variable file)
  if(NOT ${variable})
    message(FATAL_ERROR "${file} is missing. Type: scripts/prepare")
  endif()
endfunction()
