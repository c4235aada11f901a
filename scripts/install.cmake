# What `cmake --install DIR --strip --prefix /usr` puts where; DESTDIR is honoured. The scripts that
# pack, load and serve keep the layout of scripts/, so they find each other here and there.
# scripts/system/ mirrors the root of the system: what lies in its usr/ goes to the prefix, what
# lies in its etc/ to /etc. scripts/package makes packages of it.

include(GNUInstallDirs)
set(script_directory lib/kdump-init)

install(TARGETS kdump-init RUNTIME DESTINATION ${CMAKE_INSTALL_SBINDIR})
install(TARGETS kdump-init-setup RUNTIME DESTINATION ${script_directory})
install(PROGRAMS scripts/mkinitramfs scripts/load scripts/add-to-tree DESTINATION ${script_directory})
install(DIRECTORY scripts/commands DESTINATION ${script_directory} OPTIONAL USE_SOURCE_PERMISSIONS)
# What only developers run lies in scripts/dev.
install(DIRECTORY scripts/lib DESTINATION ${script_directory} USE_SOURCE_PERMISSIONS)
install(DIRECTORY scripts/system/usr/ DESTINATION . OPTIONAL USE_SOURCE_PERMISSIONS)
install(DIRECTORY scripts/system/etc/ DESTINATION /etc OPTIONAL USE_SOURCE_PERMISSIONS)

foreach(section 5 8)
  file(GLOB pages CONFIGURE_DEPENDS docs/*.${section})
  install(FILES ${pages} DESTINATION ${CMAKE_INSTALL_MANDIR}/man${section})
endforeach()
# README and docs/ keep their places to each other, so that relative links work.
# tests/scripts/documents_test follows the links.
install(FILES README.md DESTINATION ${CMAKE_INSTALL_DOCDIR})
install(DIRECTORY docs/ DESTINATION ${CMAKE_INSTALL_DOCDIR}/docs FILES_MATCHING PATTERN "*.md"
        PATTERN "*.svg" PATTERN "*.schema.json" PATTERN "*.arrows")
