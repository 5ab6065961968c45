// SPDX-License-Identifier: GPL-3.0-or-later
//
// Which key pair a claim is made with (claim/README.md, "Key pair"). The private key is what counts: the public one is
// derived from it. Nothing is written here: a key reaches the disk together with the claim it belongs to, after the
// cloud's 204, so a refused claim leaves nothing behind.
#pragma once

#include <filesystem>
#include <functional>
#include <string>

#include "claim/base/result.h"
#include "claim/key.h"

namespace aclk::claim {

struct KeyPair {
  std::string private_pem;  // secret; the text of the file when it was there already
  std::string public_pem;
  std::string note;  // for people, when a file was found that is no usable key; else empty
};

using NewKey = std::function<Result<PrivateKey>()>;

// DIR/private.pem when it is a usable key and `always_new` is false; else a new one. Fails only if `new_key` does.
[[nodiscard]] Result<KeyPair> choose_key_pair(const std::filesystem::path &dir, bool always_new, const NewKey &new_key);

}  // namespace aclk::claim
