// SPDX-License-Identifier: GPL-3.0-or-later
//
// One group per file; each returns how many of its tests failed.
#pragma once

int run_agent_processes_tests();
int run_agent_user_tests();
int run_answer_tests();
int run_claim_node_tests();
int run_claim_refused_tests();
int run_claim_script_tests();
int run_claim_retry_policy_tests();
int run_conf_tests();
int run_identity_files_tests();
int run_identity_tests();
int run_key_tests();
int run_limits_tests();
int run_proxy_tests();
int run_request_tests();
int run_settings_tests();
int run_trust_cache_tests();
int run_unclaim_tests();
int run_cloud_dir_permissions_tests();
int run_claim_sources_tests();
