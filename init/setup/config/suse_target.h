// One word of SUSE's KDUMP_SAVEDIR: a path, or a URL of file: nfs: ssh: sftp: scp:.
#pragma once

#include "init/setup/config/assignments.h"

namespace kdump {

bool is_suse_server(const std::string& url);
// file: for KDUMP_SSH_IDENTITY.
void add_suse_target(const std::string& url, const Assignments& file, Translator& into);

}  // namespace kdump
