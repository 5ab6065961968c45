// SPDX-License-Identifier: GPL-3.0-or-later
//
// aclk.plugin, but for the time.
#include "plugin-api/external/process/plugin_main.h"
#include "plugin-api/static/create_module.h"
#include "tests/time_scale/time_scale.h"

int main(int argc, char **argv) {
  const auto scale = aclk::test::time_scale_of_environment();
  return aclk::external::plugin_main(argc, argv, [scale](const naclk_host *host, char *error, std::size_t error_size) {
    return aclk::create_module(host, scale, error, error_size);
  });
}
