// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/unit/claim/tests.h"

int main() {
  return run_agent_processes_tests() + run_agent_user_tests() + run_answer_tests() + run_claim_node_tests() +
         run_claim_refused_tests() + run_claim_script_tests() + run_claim_retry_policy_tests() + run_conf_tests() +
         run_identity_files_tests() + run_identity_tests() + run_key_tests() + run_limits_tests() + run_proxy_tests() +
         run_request_tests() + run_settings_tests() + run_trust_cache_tests() + run_unclaim_tests() +
         run_cloud_dir_permissions_tests() + run_claim_sources_tests();
}
