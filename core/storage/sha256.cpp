// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/storage/sha256.h"

#include <fcntl.h>
#include <openssl/evp.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <vector>

#include "core/base/error.h"
#include "core/storage/system_error.h"

namespace rolora {

struct Sha256::State {
  EVP_MD_CTX* context = EVP_MD_CTX_new();
  ~State() { EVP_MD_CTX_free(context); }
};

Sha256::Sha256() : state_(std::make_unique<State>()) {
  if (state_->context == nullptr || EVP_DigestInit_ex(state_->context, EVP_sha256(), nullptr) != 1) {
    throw DeviceError("OpenSSL offers no SHA-256 on this machine");
  }
}

Sha256::~Sha256() = default;

void Sha256::add(std::span<const std::byte> bytes) {
  if (state_ == nullptr) throw Error("SHA-256: bytes were added after the end");
  if (EVP_DigestUpdate(state_->context, bytes.data(), bytes.size()) != 1) throw Error("SHA-256: OpenSSL failed");
}

void Sha256::add(std::string_view text) { add(std::as_bytes(std::span(text))); }

std::string Sha256::hex() {
  if (state_ == nullptr) throw Error("SHA-256: ended twice");
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned size = 0;
  if (EVP_DigestFinal_ex(state_->context, digest.data(), &size) != 1) throw Error("SHA-256: OpenSSL failed");
  state_.reset();
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string text;
  for (unsigned i = 0; i < size; ++i) {
    text += kDigits[digest[i] >> 4];
    text += kDigits[digest[i] & 15];
  }
  return text;
}

std::string sha256_of_text(std::string_view text) {
  Sha256 hash;
  hash.add(text);
  return hash.hex();
}

std::string sha256_of_file(const std::filesystem::path& file) {
  const FileDescriptor fd(open_for_reading(file));
  std::vector<std::byte> buffer(size_t{1} << 20);
  Sha256 hash;
  while (true) {
    const ssize_t n = ::read(fd.get(), buffer.data(), buffer.size());
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) throw_read_failure(file, errno);
    if (n == 0) return hash.hex();
    hash.add(std::span<const std::byte>(buffer.data(), static_cast<size_t>(n)));
  }
}

}  // namespace rolora
