// SPDX-License-Identifier: GPL-3.0-or-later
#include "claim/identity.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <vector>

#include "claim/base/c_own.h"
#include "claim/base/files.h"
#include "claim/base/text.h"
#include "claim/base/uuid.h"
#include "claim/cloud_dir.h"
#include "claim/ini.h"
#include "claim/key.h"
#include "claim/trust.h"

namespace aclk::claim {
namespace fs = std::filesystem;
namespace {

constexpr std::size_t kMaxIdFile = 1024;

struct ClaimIdText {
  std::string text;  // empty: there is none
  std::string source;
};

// cloud.conf's wins over the file's (claim/README.md, "Order of settings, and reload").
Result<ClaimIdText> claim_id_text(const CloudConf &conf, const fs::path &dir) {
  if (!conf.claimed_id.empty()) return ClaimIdText{conf.claimed_id, (dir / "cloud.conf").string()};
  const auto file = dir / "claimed_id";
  auto text = read_file(file, kMaxIdFile);
  if (text) return ClaimIdText{std::string(trimmed(*text)), file.string()};
  if (text.error().code == Errc::not_found) return ClaimIdText{};
  return tl::unexpected<Error>(text.error());
}

std::string key_trouble(const fs::path &dir) {
  const auto file = dir / "private.pem";
  const auto pem = read_file(file, kMaxKeyFile);
  const auto key = pem.and_then([](const std::string &text) { return PrivateKey::from_pem(text); });
  if (!key) {
    const bool not_ours = !pem && pem.error().code == Errc::denied;
    const auto *const undecodable = pem ? "Decoding private key (from claiming) failed - invalid format. " : "";
    return fmt::format("Claimed agent cannot establish ACLK - unable to load private key '{}' ({}{}). {}",
                       file.string(), undecodable, key.error().what,
                       not_ours ? "Give the file to the user the agent runs as (chown)" : "Claim this node again");
  }
  const auto other = read_file(dir / "public.pem", kMaxKeyFile);
  if (!other || key->matches(*other).value_or(true)) return {};
  return fmt::format(
      "Claimed agent cannot establish ACLK - '{}' and '{}' are not halves of one key pair: one of the "
      "two was replaced. Put back the one that is missing, or claim this node again: {}",
      file.string(), (dir / "public.pem").string(), reclaim_command(dir));
}

// What cloud.conf says of the machine does not fit: the sentence, empty when it does (or nobody knows).
std::string copy_trouble(const Identity &id, const fs::path &dir, std::string_view machine_guid) {
  if (machine_guid.empty() || id.conf.machine_guid.empty()) return {};
  const auto ours = parse_uuid(machine_guid);
  const auto theirs = parse_uuid(id.conf.machine_guid);
  if (!ours || ours == theirs) return {};
  return fmt::format(
      "{} is a copy of another machine's: it was claimed as {} for the machine guid {}, and this agent's "
      "machine guid is {}. Nothing is sent to the cloud. If it is the same machine, or a container whose volume "
      "keeps cloud.d only, bring the old guid back or keep it there too: {}. To make this machine a node of its own, "
      "run: {}",
      dir.string(), id.claim_id, theirs ? *theirs : excerpt(id.conf.machine_guid, 64), *ours,
      (dir.parent_path() / "registry/netdata.public.unique.id").string(), reclaim_command(dir));
}

// By reference: what `why` is made of is still there while the arguments are evaluated, in whatever order.
Identity standing(Identity &&id, Standing s, std::string why) {
  id.standing = s;
  id.why = std::move(why);
  return id;
}

tl::unexpected<Error> failed(const char *verb, const fs::path &file, int err) {
  const auto code = err == EACCES || err == EPERM ? Errc::denied : Errc::io;
  return fail(code, fmt::format("cannot {} {}: {}", verb, file.string(), std::strerror(err)));
}

class RealDisk final : public Disk {
 public:
  Result<fs::path> stage(const fs::path &file, std::string_view text, mode_t mode) override {
    const auto name = fmt::format("{}{}.{}", kStagedPrefix, file.filename().string(), random_uuid().substr(0, 8));
    auto staged = file.parent_path() / name;
    return write_file_atomically(staged, text, mode).map([&] { return staged; });
  }

  Result<void> put_in_place(const fs::path &staged, const fs::path &file) override {
    if (::rename(staged.c_str(), file.c_str()) != 0) return failed("replace", file, errno);
    return {};
  }

  Result<void> remove(const fs::path &file) override {
    if (::unlink(file.c_str()) != 0 && errno != ENOENT) return failed("remove", file, errno);
    return {};
  }

  Result<void> sync(const fs::path &dir) override {
    const Fd fd(::open(dir.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!fd || ::fsync(fd.get()) != 0) return failed("sync the directory", dir, errno);
    return {};
  }
};

}  // namespace

Result<std::string> read_machine_guid(const std::filesystem::path &lib_dir) {
  const auto file = lib_dir / "registry" / "netdata.public.unique.id";
  const auto text = read_file(file, 1024);
  if (!text && text.error().code == Errc::not_found)
    return fail(Errc::not_found,
                fmt::format("this machine has no identity yet: {} does not exist. The Netdata agent makes it when it "
                            "first starts: start it once and run the command again, or set NETDATA_LIB_DIR to the "
                            "agent's library directory",
                            file.string()));
  if (!text)
    return fail(text.error().code,
                fmt::format("netdata.public.unique.id is not readable. Please make sure you have rights to read it "
                            "(Filename: {}). The cause: {}",
                            file.string(), text.error().what));
  const auto guid = parse_uuid(*text);
  if (guid) return *guid;
  return fail(Errc::parse, fmt::format("{} does not hold a UUID. Stop the agent, delete the file and start the agent: "
                                       "it makes a new one",
                                       file.string()));
}

std::string registry_hostname(std::string_view netdata_conf, const std::function<std::string()> &system_name) {
  if (auto name = ini_value(netdata_conf, "registry", "registry hostname")) return *name;
  if (auto name = ini_value(netdata_conf, "global", "hostname")) return *name;
  return system_name();
}

std::string system_hostname() {
  std::array<char, 256> name{};
  if (::gethostname(name.data(), name.size() - 1) != 0 || name.front() == '\0') return "unknown";
  return name.data();
}

std::string unclaimed_note(const fs::path &dir) {
  const auto text = read_file(dir / "unclaimed", kMaxIdFile).value_or("");
  return printable(trimmed(std::string_view(text).substr(0, text.find('\n'))), 512);
}

std::string reclaim_command(const fs::path &dir) {
  const bool usual = dir == fs::path("/var/lib/netdata/cloud.d");
  return usual ? "netdata-aclk claim --reclaim"
               : fmt::format("netdata-aclk claim --reclaim --cloud-dir {}", dir.string());
}

Identity load_identity(const fs::path &dir, std::string_view machine_guid) {
  Identity id;
  id.private_key = dir / "private.pem";
  auto trust = choose_trust(dir, [](const char *) { return std::nullopt; });
  id.trust_file = std::move(trust.file);
  id.trust_trouble = std::move(trust.trouble);
  const auto conf_file = dir / "cloud.conf";
  auto conf = read_cloud_conf(conf_file);
  // It may say "enabled = no" or name another cloud: without having read it nothing may be sent.
  if (!conf && conf.error().code != Errc::not_found) {
    id.unclear = true;
    const auto claim = claim_id_text(id.conf, dir).value_or(ClaimIdText{});
    id.claim_id = parse_uuid(claim.text).value_or("");
    return standing(
        std::move(id), Standing::broken,
        conf.error().what + ". It may limit the cloud link: nothing is sent to anybody until that is mended");
  }
  if (conf) id.conf = std::move(*conf);
  if (!id.conf.enabled)
    return standing(std::move(id), Standing::disabled,
                    off_sentence(id.conf.off_by, id.conf.off_value, conf_file.string()));

  const auto claim = claim_id_text(id.conf, dir);
  if (!claim) return standing(std::move(id), Standing::broken, claim.error().what);
  if (claim->text.empty()) {
    const auto note = unclaimed_note(dir);
    auto why = note.empty() ? std::string(kNotClaimedYet) : fmt::format("Agent is not claimed ({})", note);
    return standing(std::move(id), Standing::not_claimed, std::move(why));
  }
  const auto uuid = parse_uuid(claim->text);
  if (!uuid)
    return standing(std::move(id), Standing::not_claimed,
                    fmt::format("claimed_id '{}' (loaded from '{}'), is not a valid UUID.", excerpt(claim->text, 64),
                                claim->source));
  id.claim_id = *uuid;
  if (auto copy = copy_trouble(id, dir, machine_guid); !copy.empty())
    return standing(std::move(id), Standing::copied, std::move(copy));
  if (auto trouble = key_trouble(dir); !trouble.empty())
    return standing(std::move(id), Standing::broken, std::move(trouble));
  return standing(std::move(id), Standing::claimed, {});
}

Identity load_identity(const fs::path &dir, std::string_view machine_guid, const Getenv &getenv,
                       const std::optional<Limit> &netdata_conf) {
  auto id = load_identity(dir, machine_guid);
  id.trust_trouble = choose_trust(dir, getenv).trouble;
  return limited(limited(std::move(id), netdata_conf), environment_limit(getenv));
}

Identity limited(Identity id, const std::optional<Limit> &limit) {
  if (!limit || id.standing == Standing::disabled) return id;
  id.unclear = limit->trouble;
  return standing(std::move(id), limit->trouble ? Standing::broken : Standing::disabled, limit->why);
}

std::unique_ptr<Disk> real_disk() { return std::make_unique<RealDisk>(); }
namespace {

// Staged files that have not reached their places are removed again, whatever the way out.
class Staging {
 public:
  Staging(Disk &disk, fs::path dir) : disk_(disk), dir_(std::move(dir)) {}
  Staging(const Staging &) = delete;
  Staging &operator=(const Staging &) = delete;
  ~Staging() {
    for (const auto &s : staged_)
      if (!s.empty()) (void)disk_.remove(s);  // the next run removes what is left now
  }

  Result<std::size_t> add(const char *name, std::string_view text, mode_t mode) {
    return disk_.stage(dir_ / name, text, mode).map([&](const fs::path &p) {
      staged_.push_back(p);
      return staged_.size() - 1;
    });
  }
  Result<void> put_in_place(std::size_t which, const char *name) {
    return disk_.put_in_place(staged_[which], dir_ / name).map([&] { staged_[which].clear(); });
  }

 private:
  Disk &disk_;
  fs::path dir_;
  std::vector<fs::path> staged_;
};

}  // namespace

Result<void> write_identity(Disk &disk, const fs::path &dir, const NewIdentity &id,
                            const std::optional<CloudConf> &in_force) {
  Staging files(disk, dir);
  ACLK_TRY(const auto private_pem, files.add("private.pem", id.private_pem, kPrivateKeyMode));
  ACLK_TRY(const auto public_pem, files.add("public.pem", id.public_pem, kCloudFileMode));
  ACLK_TRY(const auto conf, files.add("cloud.conf", format_cloud_conf(id.conf), kCloudFileMode));
  ACLK_TRY(const auto claimed_id, files.add("claimed_id", id.conf.claimed_id, kCloudFileMode));

  if (in_force) {
    auto without = *in_force;
    without.claimed_id.clear();
    ACLK_TRY(const auto withdrawn, files.add("cloud.conf", format_cloud_conf(without), kCloudFileMode));
    ACLK_CHECK(files.put_in_place(withdrawn, "cloud.conf"));
  }
  // Also when not claimed: a text that is no UUID may lie there.
  ACLK_CHECK(disk.remove(dir / "claimed_id"));
  ACLK_CHECK(disk.sync(dir));

  ACLK_CHECK(files.put_in_place(private_pem, "private.pem"));
  ACLK_CHECK(files.put_in_place(public_pem, "public.pem"));
  ACLK_CHECK(disk.sync(dir));

  ACLK_CHECK(files.put_in_place(conf, "cloud.conf"));
  ACLK_CHECK(disk.sync(dir));

  ACLK_CHECK(files.put_in_place(claimed_id, "claimed_id"));
  return disk.sync(dir);
}

Result<void> write_claimed_id(Disk &disk, const fs::path &dir, const std::string &claim_id) {
  Staging files(disk, dir);
  ACLK_TRY(const auto staged, files.add("claimed_id", claim_id, kCloudFileMode));
  ACLK_CHECK(files.put_in_place(staged, "claimed_id"));
  return disk.sync(dir);
}

}  // namespace aclk::claim
