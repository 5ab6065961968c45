// SPDX-License-Identifier: GPL-3.0-or-later
//
// The groups of tests of aclk/mqtt; each returns the number of failures.
#pragma once

int run_outbox_tests();
int run_publish_queue_tests();
int run_mqtt_client_tests();
int run_reasons_tests();
int run_keepalive_tests();
int run_ws_frame_tests();
