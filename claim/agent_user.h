// SPDX-License-Identifier: GPL-3.0-or-later
//
// Whose are the agent's directories, and what does root do about it?
//
// The agent's user owns the directories that a claim is about, and may have put a symbolic link in anybody's way there.
// So root does nothing in them as root: a command takes the rights of that user, for good, before it opens the first
// file there. What it does then is what that user could have done without it, whatever is in the way; and files are
// born with the owner who has to read them, above all a private key that nobody else may read.
//
// Whoever owns a directory on the way to a path can put anything in the place of what comes below, a symbolic link for
// example. So not the owner of the last part counts, but that of the first one that is not root's: all that is above it
// is root's alone, and therefore is what it seems to be.
#pragma once

#include <sys/types.h>

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "claim/base/result.h"

namespace aclk::claim {

// A part of the way, as lstat(2) sees it.
struct PathPart {
  std::filesystem::path path;
  uid_t uid = 0;
  gid_t gid = 0;
  mode_t mode = 0;
};

// From "/" to PATH, or to the first part that does not exist, cannot be seen, or is not root's. Root's own links are
// followed: their parts and their targets' are in the list. PATH is taken from the working directory when relative.
[[nodiscard]] std::vector<PathPart> way_to(const std::filesystem::path &path);

// Whose a path is.
struct PathOwner {
  uid_t uid = 0;
  gid_t gid = 0;             // of the part
  std::filesystem::path of;  // the part
};

// The owner of the first part that is not root's; nullopt: all are. Pure.
[[nodiscard]] std::optional<PathOwner> first_owner(const std::vector<PathPart> &way);

// The first of root's directories and files that others than root may change as well: writable for a group other than
// root's, or for all (a directory with the sticky bit is not meant: there each has only what is his). Empty: none.
// Pure.
[[nodiscard]] std::filesystem::path shared_part(const std::vector<PathPart> &way);

// Nobody but root has a hand in what is there.
[[nodiscard]] bool is_roots_alone(const std::vector<PathPart> &way);

// The name of the user; the number as text when the system has no name for it.
[[nodiscard]] std::string user_name(uid_t uid);

// The user that the agent runs as.
struct AgentUser {
  uid_t uid = 0;
  gid_t gid = 0;     // of the user; of one without an entry in passwd: the directory's, or his own number
  std::string name;  // or the number, when the system has no name for it
  std::string from;  // "who owns /var/lib/netdata", "as /etc/netdata/netdata.conf says": why it is this one
};

// The agent that a command is about.
struct AgentPlaces {
  std::filesystem::path cloud_dir;
  std::filesystem::path lib_dir;
  std::filesystem::path netdata_conf;
  bool conf_is_theirs = false;  // named together with lib_dir; else it must be about lib_dir by its own words
};

// `[global] run as user` of a netdata.conf that is about LIB_DIR; nullopt when it is about another agent, or says
// nothing. Pure.
[[nodiscard]] std::optional<std::string> run_as_user(std::string_view netdata_conf, const AgentPlaces &places);

// What is known of an agent, as a decision needs it.
struct Evidence {
  std::optional<PathOwner> owner;          // of cloud.d, else of the library directory
  std::filesystem::path shared;            // a directory of root on the way that others may change; empty: none
  std::optional<std::string> run_as_user;  // from a netdata.conf that is root's alone
  bool has_netdata = false;                // the system has a user netdata
  bool roots_cloud_dir = false;            // cloud.d is a directory of root's, no link, or is not there; looked at when
                                           // netdata.conf says root
};
struct UserVerdict {
  std::optional<uid_t> uid;         // of the directory's owner
  std::optional<std::string> name;  // by name
  bool unknown = false;             // there is one, but nothing says who
};
// The owner of the directories, who else could take over whoever works there; unless netdata.conf says that the agent
// is root, which works there all day, and cloud.d agrees. Where they are root's: the user that netdata.conf names,
// unless that is root; in a directory that others may change, netdata. Else nobody: root alone has a hand in there, and
// the agent runs as root. Pure.
[[nodiscard]] UserVerdict judge_user(const Evidence &evidence);

// Opens nothing but a netdata.conf that is root's alone. nullopt: the agent is taken to run as whoever calls.
// Errors: denied when it cannot be found out, with what to do about it.
[[nodiscard]] Result<std::optional<AgentUser>> agent_user(const AgentPlaces &places);

// Makes this process that user, for good: user, group, groups, capabilities. Nothing is done when we are that user, or
// there is none. Errors: denied when we are somebody else than the user and root. Call it before there are threads.
[[nodiscard]] Result<void> become_agent_user(const AgentPlaces &places);

// Root becomes, for good, whoever owns a directory on the way to PATH; others stay who they are, and root does where
// all of the way is root's own. For what is opened at a path that was not chosen by the caller.
[[nodiscard]] Result<void> step_down_for(const std::filesystem::path &path);

// Is PATH below a directory of this user, so that what is read there must not be read with more than his rights?
[[nodiscard]] bool lies_with(const std::filesystem::path &path, const AgentUser &user);

}  // namespace aclk::claim
