// SPDX-License-Identifier: GPL-3.0-or-later
#include "aclk/host/abi_values.h"

#include <fmt/format.h>

#include <cerrno>
#include <cstring>

namespace aclk::host {

Result<void> check(int rc, std::string_view what) {
  if (rc >= 0) return {};
  Errc code = Errc::io;
  switch (-rc) {
    case ENOENT:
      code = Errc::not_found;
      break;
    case ENOTSUP:
      code = Errc::unsupported;
      break;
    case ECANCELED:
      code = Errc::cancelled;
      break;
    case ETIME:
      code = Errc::timeout;
      break;
    case EAGAIN:
      code = Errc::unavailable;
      break;
    case EMSGSIZE:
      code = Errc::too_big;
      break;
    case EACCES:
      code = Errc::denied;
      break;
    default:
      break;
  }
  return fail(code, fmt::format("the agent's database did not give {}: {}", what, std::strerror(-rc)));
}

}  // namespace aclk::host
