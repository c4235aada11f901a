// The rows of the table of schemes (schemes.cc). Each takes the whole URL, for messages, and what
// follows its scheme's colon.
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
