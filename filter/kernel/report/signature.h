// The signature of a crash, version 1: the same for one crash on different kernels and machines.
// SHA-1 of the names of the first six functions that are left of the panicking stack, each followed
// by a newline, so that `printf '%s\n' NAME… | sha1sum` confirms it. docs/crash-report.md has the
// rules for people; a change of any of them is version 2.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace kdump {

constexpr uint32_t kSignatureVersion = 1;

struct NamedFrame {
  std::string function, module;  // empty module: the kernel itself
};

struct Signature {
  std::string id;                  // 40 hexadecimal digits
  std::vector<NamedFrame> frames;  // those that it is made of; empty: it is made of the reason
  std::string title;               // "page fault in kitest_deref [kitest]"

  // "1-372d401c81f4c55c"; empty: there is none.
  std::string short_id() const;
};

// frames: reliable ones, innermost first. Of the CPU that panicked; where
// is_hung_task(), of the task. reason, event: as in LogFacts.
Signature make_signature(std::span<const NamedFrame> frames, std::string_view reason,
                         std::string_view event);

// Whether the kernel panicked because a task was blocked: the stack that counts is that task's.
bool is_hung_task(std::string_view reason);

}  // namespace kdump
