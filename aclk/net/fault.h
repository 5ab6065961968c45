// SPDX-License-Identifier: GPL-3.0-or-later
//
// An error of getting or keeping a connection, with what really was the matter: several causes share an Errc, but users
// are shown different words for them (aclk/session/README.md, "Status codes").
#pragma once

#include <cstdint>
#include <string>
#include <utility>

#include "claim/base/result.h"

namespace aclk::net {

enum class Cause : std::uint8_t {
  other,        // what Error::code says, and no more
  dns,          // the name of the host (not of the proxy) cannot be resolved
  refused,      // ECONNREFUSED
  unreachable,  // no route, or none out of this machine
  no_socket,    // this machine gives none: descriptors, address family
  timeout,      // no TCP connection in time
  proxy,        // the proxy, or the way to it
  no_memory,
  write_failed,  // the request could not be sent
  trust_store,   // the trust file or the system's store cannot be read
  handshake,     // TLS, but not the certificate: version, plain text, cut midway
  no_handshake,  // connected, and no end of the TLS handshake in time
  certificate,
};

struct Fault : Error {
  Fault() = default;
  explicit(false) Fault(Error e, Cause c = Cause::other) : Error(std::move(e)), cause(c) {}
  Cause cause = Cause::other;

  // What is left when the cause does not matter any more.
  [[nodiscard]] Error error() const { return {code, what}; }
};

template <class T>
using Reached = tl::expected<T, Fault>;

[[nodiscard]] inline tl::unexpected<Fault> unreached(Errc code, std::string what, Cause cause) {
  return tl::unexpected<Fault>(Fault(Error{code, std::move(what)}, cause));
}

}  // namespace aclk::net
