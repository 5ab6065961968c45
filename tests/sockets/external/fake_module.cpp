// SPDX-License-Identifier: GPL-3.0-or-later
//
// The module's functions without a module: notes what is called in the file $FAKE_MODULE_LOG. With $FAKE_MODULE_HANG
// it never stops, as one whose hook does not come back.
#include <fcntl.h>
#include <netdata-aclk/plugin.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <string>

struct naclk_module {
  naclk_host host;
};

namespace {

void note(const std::string &what) {
  const char *file = std::getenv("FAKE_MODULE_LOG");
  if (file == nullptr) return;
  const int fd = ::open(file, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
  (void)!::write(fd, (what + "\n").c_str(), what.size() + 1);
  ::close(fd);
}

}  // namespace

extern "C" {

uint32_t netdata_aclk_abi(void) { return NACLK_ABI; }

naclk_module *netdata_aclk_create(const naclk_host *host, char * /*error*/, size_t /*size*/) {
  note("create");
  return new naclk_module{*host};
}

int netdata_aclk_start(naclk_module * /*m*/, char * /*error*/, size_t /*size*/) {
  note("start");
  return 0;
}

int netdata_aclk_stop(naclk_module * /*m*/, uint32_t /*deadline*/) {
  note("stop");
  while (std::getenv("FAKE_MODULE_HANG") != nullptr) ::pause();
  return 0;
}

void netdata_aclk_destroy(naclk_module *m) {
  note("destroy");
  delete m;
}

int netdata_aclk_notify(naclk_module * /*m*/, const naclk_event *event) {
  note("event " + std::to_string(event->kind));
  return 0;
}

int netdata_aclk_command(naclk_module * /*m*/, naclk_str /*command*/, naclk_text_fn show, void *ctx) {
  constexpr std::string_view kState = "{\"online\":true}";
  return show(ctx, {kState.data(), kState.size()});
}

int netdata_aclk_http(naclk_module * /*m*/, const naclk_http_request *request, naclk_reply_fn show, void *ctx) {
  constexpr std::string_view kState = "{\"online\":true}";
  if (std::string_view(request->path.data, request->path.len) != "/api/v1/aclk") return -ENOENT;
  naclk_reply r{};
  r.size = sizeof r;
  r.status = 200;
  r.body = {kState.data(), kState.size()};
  return show(ctx, &r);
}

int netdata_aclk_buildinfo(naclk_text_fn line, void *ctx) {
  constexpr std::string_view kLine = "    ACLK:                       YES";
  return line(ctx, {kLine.data(), kLine.size()});
}

int netdata_aclk_buildinfojson(naclk_text_fn show, void *ctx) {
  constexpr std::string_view kText = "{\"connectivity\":{\"aclk\":true}}";
  return show(ctx, {kText.data(), kText.size()});
}

}  // extern "C"
