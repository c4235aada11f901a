// The factories in the table of schemes (schemes.cc). text: the whole URL, for messages. rest: the
// URL after the scheme's colon. Fail: refused, for an invalid URL.
#pragma once

#include <string_view>

#include "targets/schemes.h"

namespace kdump {

Result<std::unique_ptr<Target>> make_directory_target(const std::string& text,
                                                      std::string_view rest,
                                                      const TargetContext& context);
Result<std::unique_ptr<Target>> make_file_system_target(const std::string& text,
                                                        std::string_view rest,
                                                        const TargetContext& context);
Result<std::unique_ptr<Target>> make_nfs_target(const std::string& text, std::string_view rest,
                                                const TargetContext& context);
Result<std::unique_ptr<Target>> make_raw_target(const std::string& text, std::string_view rest,
                                                const TargetContext& context);
Result<std::unique_ptr<Target>> make_ssh_target(const std::string& text, std::string_view rest,
                                                const TargetContext& context);

}  // namespace kdump
