// The four formats, each read as its manual page describes it, and reported to the translator.
#pragma once

#include "init/setup/config/translator.h"

namespace kdump {

// /etc/kdump-init.conf: `key = value`, kdump-init.conf(5).
void read_own(std::string_view text, Translator& into);
// /etc/kdump.conf of Fedora, RHEL and their kin: `directive value`, kdump.conf(5) of kdump-utils
// 2026-03, the deprecated ones too. directory: of the file, beside which kdump/pre.d lies.
void read_fedora(std::string_view text, const std::string& directory, Translator& into);
// Of /etc/sysconfig/kdump of the same: the capture kernel's command line.
void read_fedora_sysconfig(std::string_view text, Translator& into);
// /etc/default/kdump-tools of Debian and Ubuntu, kdump-tools.conf(5) (1.8.1, 1.10.7). False: the
// file switches kdump-tools off, and says nothing about kdump-init.
bool read_debian(std::string_view text, Translator& into);
// /etc/sysconfig/kdump of SUSE, kdump(5) of 2.1.9. False: no KDUMP_SAVEDIR, so that the file may be
// Fedora's, which says nothing about targets.
bool read_suse(std::string_view text, Translator& into);

}  // namespace kdump
