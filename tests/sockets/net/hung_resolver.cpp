// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/sockets/net/hung_resolver.h"

#include <dlfcn.h>
#include <netdb.h>

#include <condition_variable>
#include <mutex>
#include <string_view>

namespace {

// libcurl's resolver threads come here; they outlive the transfers that started them.
struct Gate {
  std::mutex mutex;
  std::condition_variable changed;
  bool closed = false;
  int waiting = 0;
};
Gate &gate() {
  static Gate g;
  return g;
}

}  // namespace

// Found before the C library's by whoever is loaded with this program, libcurl included.
extern "C" __attribute__((visibility("default"))) int getaddrinfo(const char *node, const char *service,
                                                                  const addrinfo *hints, addrinfo **result) {
  if (node != nullptr && std::string_view(node).ends_with(".hung")) {
    auto &g = gate();
    std::unique_lock lock(g.mutex);
    ++g.waiting;
    g.changed.wait(lock, [&g] { return !g.closed; });
    --g.waiting;
    g.changed.notify_all();
    return EAI_AGAIN;
  }
  using Fn = int (*)(const char *, const char *, const addrinfo *, addrinfo **);
  static const auto next = reinterpret_cast<Fn>(::dlsym(RTLD_NEXT, "getaddrinfo"));
  return next(node, service, hints, result);
}

namespace aclk::test {

HungResolver::HungResolver() {
  const std::lock_guard lock(gate().mutex);
  gate().closed = true;
}

HungResolver::~HungResolver() {
  std::unique_lock lock(gate().mutex);
  gate().closed = false;
  gate().changed.notify_all();
  gate().changed.wait(lock, [] { return gate().waiting == 0; });
}

int HungResolver::waiting() {
  const std::lock_guard lock(gate().mutex);
  return gate().waiting;
}

}  // namespace aclk::test
