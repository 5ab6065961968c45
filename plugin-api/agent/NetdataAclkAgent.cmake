# SPDX-License-Identifier: GPL-3.0-or-later
# netdata_aclk_compile_into(TARGET): the link of netdata-aclk in the place of an agent's own, for the project of an agent
# v2.11.0. What it does is told in README.md beside this file.
function(netdata_aclk_compile_into target)
  set(here ${CMAKE_CURRENT_FUNCTION_LIST_DIR})
  foreach(part alert_config alerts contexts events node_info nodes query self state thread)
    target_sources(${target} PRIVATE ${here}/naclk_agent_${part}.c)
  endforeach()
  target_include_directories(${target} PRIVATE ${here})
  target_compile_definitions(${target} PRIVATE ENABLE_NETDATA_ACLK)
  # What the agent calls of its link, from other files than the link's own, comes to us.
  foreach(function aclk_main
          aclk_queue_node_info send_node_info_with_wait schedule_node_state_update send_node_update_with_wait
          rrdhost_free___while_having_rrd_wrlock rrdcontext_add_to_hub_queue sql_health_alarm_log_save
          aclk_state aclk_state_json aclk_online claim_id_get claim_id_get_uuid rrdhost_claim_id_get is_agent_claimed
          cloud_status load_claiming_state claim_agent claim_agent_failure_reason_get claim_reload_and_wait_online
          buffer_json_cloud_status print_build_info)
    target_link_options(${target} PRIVATE LINKER:--wrap=${function})
  endforeach()
  target_link_libraries(${target} PRIVATE NetdataAclk::aclk-static)
endfunction()
