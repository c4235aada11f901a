// A dump as the tests of ssh: targets write it to a server, and what is then found there.
#pragma once

#include <doctest/doctest.h>

#include <filesystem>
#include <functional>

#include "tests/fixtures/reason.h"
#include "tests/targets/ssh/ssh_server.h"

namespace kdump {

constexpr char kCrash[] = "host-2026-11-21-03:21:29";
constexpr size_t kMiB = 1 << 20;

inline Bytes as_bytes(const std::string& text) {
  return {reinterpret_cast<const uint8_t*>(text.data()), text.size()};
}

// Like a dump: a head that is written last, tables that follow their data, a gap of zeros.
inline std::string whole_dump(size_t data_bytes) {
  std::string dump(64 * 1024 + data_bytes, '\0');
  std::fill_n(dump.begin(), 600, 'H');
  std::fill_n(dump.begin() + 4096, 30'000, 'T');
  uint32_t state = 1;
  for (size_t i = 64 * 1024; i < dump.size(); ++i)
    dump[i] = static_cast<char>((state = state * 1664525 + 1013904223) >> 24);
  return dump;
}

// between: called once, when half of the data has been handed over.
inline Result<> write_dump(
    TargetFile& file, const std::string& dump, const std::function<void()>& between = [] {}) {
  const auto piece = [&](size_t from, size_t to) {
    return file.write_at(from, as_bytes(dump.substr(from, to - from)));
  };
  TRY(file.write_at(0, as_bytes(std::string(600, 'h'))));
  size_t table = 4096;
  for (size_t at = 64 * 1024; at < dump.size(); at += kMiB) {
    TRY(piece(at, std::min(at + kMiB, dump.size())));
    if (at / kMiB == dump.size() / kMiB / 2) between();
    if (table < 34'096) {
      TRY(piece(table, std::min<size_t>(table + 3000, 34'096)));
      table += 3000;
    }
  }
  if (table < 34'096) TRY(piece(table, 34'096));
  return piece(0, 600);
}

inline Result<> save(
    Target& target, const std::string& dump, const std::function<void()>& between = [] {}) {
  TRY(target.preflight());
  TRY(target.begin(kCrash));
  const auto file = TRY(target.create("vmcore", 0));
  TRY(write_dump(*file, dump, between));
  return file->commit();
}

inline std::string saved(const SshServer& server, const char* name = "vmcore") {
  return content_of(server.directory() + "/crash/" + kCrash + "/" + name);
}

inline bool exists(const SshServer& server, const char* name) {
  return std::filesystem::exists(server.directory() + "/crash/" + kCrash + "/" + name);
}

inline bool says(const Result<>& result, const char* part) {
  INFO(reason(result));
  const bool found = !result && std::string(result.error().text).find(part) != std::string::npos;
  CHECK(found);
  return found;
}

}  // namespace kdump
