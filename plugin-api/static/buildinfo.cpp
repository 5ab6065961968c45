// SPDX-License-Identifier: GPL-3.0-or-later
#include "plugin-api/static/buildinfo.h"

#include <curl/curl.h>
#include <fmt/format.h>
#include <libwebsockets.h>
#include <mosquitto.h>
#include <openssl/crypto.h>
#include <protobuf-c/protobuf-c.h>
#include <sqlite3.h>
#include <uv.h>

#include <string>
#include <string_view>

namespace aclk::static_entry {

namespace {

// lws_get_library_version() is "version-commit", and the commit is empty in a build from a tarball ("4.1.6-").
std::string_view lws_version() {
  std::string_view v = lws_get_library_version();
  if (v.ends_with('-')) v.remove_suffix(1);
  return v;
}

}  // namespace

std::vector<std::string> buildinfo_lines() {
  int major = 0;
  int minor = 0;
  int revision = 0;
  mosquitto_lib_version(&major, &minor, &revision);
  return {
      "    Netdata Cloud:              YES ",  // 1.37 has the space behind it
      "    ACLK:                       YES",
      "    ACLK Next Generation:       YES",
      "    ACLK-NG New Cloud Protocol: YES",
      "    ACLK Legacy:                NO",
      "    Cloud Implementation:       Next Generation",
      "Netdata Cloud ____ : YES",
      "ACLK (Agent-Cloud Link: MQTT over WebSockets over TLS) _____ : YES",
      fmt::format("netdata-aclk {}", ACLK_VERSION),
      fmt::format("libmosquitto {}.{}.{}, libwebsockets {}, {}", major, minor, revision, lws_version(),
                  OpenSSL_version(OPENSSL_VERSION)),
      fmt::format("libuv {}, libcurl {}, protobuf-c {}, SQLite {}", uv_version_string(),
                  curl_version_info(CURLVERSION_NOW)->version, protobuf_c_version(), sqlite3_libversion()),
  };
}

std::string buildinfo_json() {
  return R"({"features":{"cloud":true,"cloud-disabled":false,"aclk":true,"aclk-ng":true,"aclk-ng-new-cloud-proto":true,)"
         R"("aclk-legacy":false},"connectivity":{"aclk":true},"netdata-aclk":")" ACLK_VERSION R"("})";
}

}  // namespace aclk::static_entry
