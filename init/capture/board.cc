#include "init/capture/board.h"

#include <sys/mman.h>

#include <cerrno>
#include <cstring>
#include <new>
#include <span>

namespace kdump {
namespace {

void copy_text(std::span<char> out, std::string_view text) {
  const size_t length = text.size() < out.size() ? text.size() : out.size() - 1;
  memcpy(out.data(), text.data(), length);
  memset(out.data() + length, 0, out.size() - length);
}

// The other side may be dead in the middle of writing it.
std::string bounded_text(std::span<const char> text) {
  return {text.data(), strnlen(text.data(), text.size())};
}

}  // namespace

Result<Board*> Board::create() {
  void* memory = ::mmap(nullptr, sizeof(Board), PROT_READ | PROT_WRITE,
                        MAP_SHARED | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
  if (memory == MAP_FAILED) return fail_errno(errno, "map the board shared with the job");
  return new (memory) Board;
}

void Board::tick() {
  wait_until_ms.store(0, std::memory_order_release);
  beat.fetch_add(1, std::memory_order_release);
}

void Board::begin_wait(const char* what, int64_t until_ms) {
  tick();
  copy_text(waiting_for_, what);
  wait_until_ms.store(until_ms, std::memory_order_release);
}

void Board::locate(std::string_view location) { copy_text(location_, location); }

void Board::finish(Outcome outcome, const Error& error, std::string_view location) {
  if (outcome_.load(std::memory_order_relaxed) != Outcome::none) return;
  error_ = error;
  copy_text(location_, location);
  outcome_.store(outcome, std::memory_order_release);
}

void Board::demote(const Error& error) {
  outcome_.store(Outcome::none, std::memory_order_release);  // in case the job dies half-way
  error_ = error;
  outcome_.store(Outcome::failed, std::memory_order_release);
}

Board::Outcome Board::outcome() const {
  const Outcome outcome = outcome_.load(std::memory_order_acquire);
  return outcome <= Outcome::failed ? outcome : Outcome::none;
}

Error Board::error() const {
  Error copy = error_;
  copy.text[sizeof copy.text - 1] = '\0';
  if (copy.kind > Kind::refused) copy.kind = Kind::io;
  return copy;
}

std::string Board::location() const { return bounded_text(location_); }

std::string Board::waiting_for() const { return bounded_text(waiting_for_); }

void Board::reset() {
  beat.store(0);
  phase.store(Phase::open);
  done.store(0);
  total.store(0);
  bytes.store(0);
  wait_until_ms.store(0);
  memset(waiting_for_, 0, sizeof waiting_for_);
  limit_s.store(0);
  no_retry.store(false);
  error_ = {};
  memset(location_, 0, sizeof location_);
  outcome_.store(Outcome::none);
  deferred.store(false);
}

void Board::append_log(std::string_view text) {
  uint32_t end = log_end.load(std::memory_order_relaxed);
  do {
    if (end > kLogBytes || text.size() > kLogBytes - end) return;
  } while (!log_end.compare_exchange_weak(end, end + static_cast<uint32_t>(text.size()),
                                          std::memory_order_relaxed));
  memcpy(log + end, text.data(), text.size());
}

std::string_view Board::log_text() const {
  const uint32_t end = log_end.load(std::memory_order_acquire);
  return {log, end < kLogBytes ? end : kLogBytes};
}

}  // namespace kdump
