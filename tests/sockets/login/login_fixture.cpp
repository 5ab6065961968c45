// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/sockets/login/login_fixture.h"

#include <openssl/pem.h>
#include <openssl/rsa.h>

#include "aclk/login/challenge.h"

namespace aclk::test {

using nlohmann::json;

namespace {

// What the cloud does with the public key it got at claim time (aclk/session/README.md, "Challenge").
std::string encrypted(const std::string &plain) {
  const auto pem = node_key().public_pem();
  const COwn<BIO, BIO_free> bio(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
  const COwn<EVP_PKEY, EVP_PKEY_free> pub(PEM_read_bio_PUBKEY(bio.get(), nullptr, nullptr, nullptr));
  const COwn<EVP_PKEY_CTX, EVP_PKEY_CTX_free> ctx(EVP_PKEY_CTX_new(pub.get(), nullptr));
  EVP_PKEY_encrypt_init(ctx.get());
  EVP_PKEY_CTX_set_rsa_padding(ctx.get(), RSA_PKCS1_OAEP_PADDING);
  std::string out(256, '\0');
  std::size_t n = out.size();
  EVP_PKEY_encrypt(ctx.get(), reinterpret_cast<unsigned char *>(out.data()), &n,
                   reinterpret_cast<const unsigned char *>(plain.data()), plain.size());
  return out;
}

}  // namespace

const claim::PrivateKey &node_key() {
  static const auto k = claim::PrivateKey::generate();
  return *k;
}

std::string plain_challenge() { return {"a challenge \0 of bytes \xff", 24}; }

Cloud::Cloud(int family)
    : server_(
          Ca("Login CA").server(), [this](const std::string &r) { return answer(r); }, family) {
  auth = server_.url("/auth/");
}

json Cloud::good_env() const {
  return {{"authEndpoint", auth},
          {"encoding", "proto"},
          {"transports", {{{"type", "MQTTv5"}, {"endpoint", "wss://mqtt.example/mqtt"}}}},
          {"backoff", {{"base", 3}, {"minSeconds", 1}, {"maxSeconds", 200}}},
          {"capabilities", {"proto"}}};
}

json Cloud::good_password() {
  json topics = json::array();
  for (std::size_t i = 0; i < proto::kTopicCount; ++i) {
    const std::string name(proto::kTopics[i].name);
    topics.push_back({{"name", name}, {"topic", "/agent/#{claim_id}/" + name}});
  }
  return {{"clientID", kClaim}, {"username", "user"}, {"password", "hunter2"}, {"topics", topics}};
}

Reply Cloud::answer(const std::string &request) const {
  if (request.find("/api/v1/env?") != std::string::npos) return env ? *env : http_reply(200, good_env().dump());
  if (request.find("/challenge ") != std::string::npos)
    return challenge ? *challenge
                     : http_reply(200, json{{"challenge", login::base64_encode(encrypted(plain_challenge()))}}.dump());
  return password ? *password : http_reply(201, good_password().dump());
}

}  // namespace aclk::test
