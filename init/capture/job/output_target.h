// `dump -o`: one file, or standard output, in the shape of a target, so that the job is the same
// for both. It takes one file, the dump, which gets the path's name whatever the job calls it.
#pragma once

#include <memory>
#include <string>

#include "targets/target.h"

namespace kdump {

// path: FILE, which must not exist and is FILE-incomplete until it is whole; or "-".
std::unique_ptr<Target> make_output_target(const std::string& path, Sys& sys);

}  // namespace kdump
