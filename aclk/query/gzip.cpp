// SPDX-License-Identifier: GPL-3.0-or-later
#include "aclk/query/gzip.h"

#include <libdeflate.h>

#include <memory>

#include "claim/base/c_own.h"
#include "claim/base/http_message.h"

namespace aclk::query {
namespace {

using Compressor = COwn<libdeflate_compressor, libdeflate_free_compressor>;
using Decompressor = COwn<libdeflate_decompressor, libdeflate_free_decompressor>;

// The agent's own default (plugin-api/external/API.md, "Headers and encodings"): most of the gain for little CPU.
constexpr int kLevel = 3;
constexpr std::size_t kSmallestMember = 18;  // RFC 1952: 10 bytes of header, 8 of trailer

}  // namespace

std::optional<std::string> gzip(std::string_view data) {
  const Compressor c(libdeflate_alloc_compressor(kLevel));
  if (!c) return std::nullopt;
  // The bound is larger than the data: nobody shall keep that for as long as the result waits to be sent.
  const auto bound = libdeflate_gzip_compress_bound(c.get(), data.size());
  const std::unique_ptr<char[]> scratch(new char[bound]);
  const auto n = libdeflate_gzip_compress(c.get(), data.data(), data.size(), scratch.get(), bound);
  if (n == 0) return std::nullopt;
  std::string out;
  out.reserve(n + kHeadRoom);
  out.assign(scratch.get(), n);
  return out;
}

std::optional<std::string> gunzip(std::string_view data, std::size_t max_bytes) {
  const std::size_t inside = gzip_size_inside(data);
  if (data.size() < kSmallestMember || inside > max_bytes) return std::nullopt;
  const Decompressor d(libdeflate_alloc_decompressor());
  if (!d) return std::nullopt;
  // The trailer's size is the true one or the member is damaged, so it need not be guessed.
  std::string out;
  out.reserve(inside + kHeadRoom);
  out.resize(inside);
  std::size_t n = 0;
  if (libdeflate_gzip_decompress(d.get(), data.data(), data.size(), out.data(), out.size(), &n) != LIBDEFLATE_SUCCESS ||
      n != inside)
    return std::nullopt;
  return out;
}

std::uint32_t gzip_size_inside(std::string_view data) {
  if (data.size() < kSmallestMember) return 0;
  std::uint32_t n = 0;
  for (std::size_t i = 0; i < 4; ++i)
    n |= static_cast<std::uint32_t>(static_cast<unsigned char>(data[data.size() - 4 + i])) << (8 * i);
  return n;
}

}  // namespace aclk::query
