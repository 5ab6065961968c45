// SPDX-License-Identifier: GPL-3.0-or-later
//
// Can what the link tells the cloud be read from the agent at all? The same documents, read as the plugin reads them,
// and what a plugin that runs says of its own reads.
#pragma once

#include <functional>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

#include "claim/base/result.h"
#include "plugin-api/doctor/doctor_context.h"
#include "plugin-api/doctor/finding.h"
#include "plugin-api/doctor/running_link.h"

namespace aclk::doctor {

// GET of a node's document; an empty node is the local one.
using ReadDocument = std::function<Result<nlohmann::json>(std::string_view node, std::string_view target)>;

// Alarms, alert log, contexts and charts of each live node (the first 100), and the info that lists them. One finding
// for each that cannot be read; a good one if there is none. `local`: machine GUID. Pure, but for reading.
[[nodiscard]] Findings look_at_documents(const std::string &local, const ReadDocument &read);
// Of an agent that was not found just now. Nothing when that has a finding of its own; the plugin may have found it
// before, and does not know yet that it hangs.
[[nodiscard]] Findings documents_not_read(const Error &why, const RunningLink &link);
// The same as look_at_documents of the agent of this machine.
[[nodiscard]] Findings check_documents(const DoctorContext &context, const RunningLink &link);
// Reads that fail each time, by the running plugin's word.
[[nodiscard]] Findings check_reads(const RunningLink &link);

}  // namespace aclk::doctor
