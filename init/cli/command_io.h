// What the commands have in common: the vmcore they read, standard output and standard error.
#pragma once

#include <memory>
#include <string>

#include "filter/base/sink.h"
#include "filter/kernel/vmcore.h"
#include "init/cli/command.h"

namespace kdump {

// The VMCORE argument. What it is when it is no vmcore is said in words that help.
Result<std::unique_ptr<Vmcore>> open_input(Sys& sys, const std::string& path);

// Standard output as a sink that is written strictly forward.
class StandardOutput final : public Sink {
 public:
  explicit StandardOutput(Sys& sys) : sys_(sys) {}
  // Fails: refused, where offset is not the end of what was written before.
  Result<> write_at(uint64_t offset, Bytes data) override;

 private:
  Sys& sys_;
  uint64_t position_ = 0;
};

// Prints to standard output; fails where it is a full disk: what was not printed must not look
// printed.
ExitStatus print(const std::string& text);
// One line on standard error.
ExitStatus complain(const Error& error);
void complain(const std::string& warning);

}  // namespace kdump
