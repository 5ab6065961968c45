// SPDX-License-Identifier: GPL-3.0-or-later
#include "plugin-api/external/agent/local_call.h"

#include <curl/curl.h>
#include <fmt/format.h>

#include <cerrno>
#include <exception>
#include <system_error>

#include "claim/base/c_own.h"

namespace aclk::external {
namespace {

constexpr long kPatienceMs = 5000;
constexpr std::size_t kMaxLocalAnswer = 64U << 20;

std::size_t take(char *data, std::size_t size, std::size_t count, void *to) {
  auto &text = *static_cast<std::string *>(to);
  const auto n = size * count;
  if (text.size() + n > kMaxLocalAnswer) return 0;
  try {
    text.append(data, n);
  } catch (const std::exception &) {  // nothing may be thrown through curl
    return 0;
  }
  return n;
}

Error error_of(CURLcode code, int os_error, const std::filesystem::path &socket) {
  if (code == CURLE_OPERATION_TIMEDOUT)
    return {Errc::timeout, fmt::format("the plugin does not answer within {} s", kPatienceMs / 1000)};
  // A path that is too long for a socket is told as a name that cannot be resolved.
  if (code == CURLE_COULDNT_CONNECT || code == CURLE_COULDNT_RESOLVE_HOST) {
    const bool denied = os_error == EACCES || os_error == EPERM;
    return {denied ? Errc::denied : Errc::not_found,
            fmt::format("{}: {}", socket.native(),
                        os_error == 0 ? curl_easy_strerror(code) : std::system_category().message(os_error))};
  }
  return {Errc::io,
          fmt::format("the answer at {} is not one of aclk.plugin ({})", socket.native(), curl_easy_strerror(code))};
}

}  // namespace

Result<HttpResponse> call_local(const std::filesystem::path &socket, HttpMethod method, std::string_view target) {
  const COwn<CURL, curl_easy_cleanup> easy(curl_easy_init());
  if (!easy) return fail(Errc::io, "libcurl cannot be used");
  auto *const c = easy.get();
  HttpResponse answer;
  const auto url = fmt::format("http://localhost{}", target);
  curl_easy_setopt(c, CURLOPT_UNIX_SOCKET_PATH, socket.c_str());
  curl_easy_setopt(c, CURLOPT_URL, url.c_str());
  curl_easy_setopt(c, CURLOPT_CUSTOMREQUEST, method_name(method).data());
  curl_easy_setopt(c, CURLOPT_PROXY, "");  // whatever the environment says
  curl_easy_setopt(c, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(c, CURLOPT_TIMEOUT_MS, kPatienceMs);
  curl_easy_setopt(c, CURLOPT_WRITEFUNCTION, take);
  curl_easy_setopt(c, CURLOPT_WRITEDATA, &answer.body);
  if (const auto code = curl_easy_perform(c); code != CURLE_OK) {
    long os_error = 0;
    curl_easy_getinfo(c, CURLINFO_OS_ERRNO, &os_error);
    return tl::unexpected<Error>(error_of(code, static_cast<int>(os_error), socket));
  }
  long status = 0;
  curl_easy_getinfo(c, CURLINFO_RESPONSE_CODE, &status);
  answer.status = static_cast<int>(status);
  return answer;
}

}  // namespace aclk::external
