#include "ldap/sealed_layer.hpp"

#include <lber.h>
#include <ldap.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <string>

namespace wb::ldap {
namespace {

struct Layer {
  std::unique_ptr<GssSession> session;
  std::uint32_t largest_plain;
  std::string plain;     // opened, and not read yet
  std::size_t read = 0;  // of it
};
Layer& layer_of(Sockbuf_IO_Desc* io) { return *static_cast<Layer*>(io->sbiod_pvt); }

// 1: all of it; 0: the other side has closed; -1: errno. The socket blocks, and a watchdog ends what takes too long.
ber_slen_t read_all(Sockbuf_IO_Desc* io, char* to, std::size_t size) {
  while (size > 0) {
    const auto count = LBER_SBIOD_READ_NEXT(io, to, size);
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) return count;
    to += count;
    size -= static_cast<std::size_t>(count);
  }
  return 1;
}

ber_slen_t open_next(Sockbuf_IO_Desc* io, Layer& layer) {
  std::array<char, 4> head{};
  if (const auto got = read_all(io, head.data(), head.size()); got <= 0) return got;
  std::uint32_t size = 0;
  for (const char c : head) size = size << 8 | static_cast<unsigned char>(c);
  std::string wrapped;
  if (size > 0 && size <= largest_sealed) {
    wrapped.resize(size);
    if (const auto got = read_all(io, wrapped.data(), size); got <= 0) return got;
  }
  auto plain = layer.session->unwrap(wrapped, true);
  if (!plain) {
    errno = EBADMSG;
    return -1;
  }
  layer.plain = std::move(*plain);
  layer.read = 0;
  return 1;
}

ber_slen_t read_some(Sockbuf_IO_Desc* io, void* to, ber_len_t size) {
  auto& layer = layer_of(io);
  while (layer.read == layer.plain.size())
    if (const auto opened = open_next(io, layer); opened <= 0) return opened;
  const auto count = std::min<std::size_t>(size, layer.plain.size() - layer.read);
  std::memcpy(to, layer.plain.data() + layer.read, count);
  layer.read += count;
  return static_cast<ber_slen_t>(count);
}

ber_slen_t write_some(Sockbuf_IO_Desc* io, void* from, ber_len_t size) {
  auto& layer = layer_of(io);
  const auto count = std::min<std::size_t>(size, layer.largest_plain);
  auto wrapped = layer.session->wrap({static_cast<const char*>(from), count}, true);
  if (!wrapped) {
    errno = EBADMSG;
    return -1;
  }
  std::string piece;
  for (int shift = 24; shift >= 0; shift -= 8) piece += static_cast<char>((wrapped->size() >> shift) & 0xff);
  piece += *wrapped;
  for (std::size_t done = 0; done < piece.size();) {
    const auto wrote = LBER_SBIOD_WRITE_NEXT(io, piece.data() + done, piece.size() - done);
    if (wrote < 0 && errno == EINTR) continue;
    if (wrote <= 0) return -1;
    done += static_cast<std::size_t>(wrote);
  }
  return static_cast<ber_slen_t>(count);
}

int set_up(Sockbuf_IO_Desc* io, void* layer) {
  io->sbiod_pvt = layer;
  return 0;
}
int take_down(Sockbuf_IO_Desc* io) {
  delete &layer_of(io);
  io->sbiod_pvt = nullptr;
  return 0;
}
int control(Sockbuf_IO_Desc* io, int option, void* value) {
  if (option == LBER_SB_OPT_DATA_READY && layer_of(io).read < layer_of(io).plain.size()) return 1;  // poll() would not see it
  return LBER_SBIOD_CTRL_NEXT(io, option, value);
}
int close_it(Sockbuf_IO_Desc*) { return 0; }

Sockbuf_IO layer_functions{set_up, take_down, control, read_some, write_some, close_it};

}  // namespace

Result<void> put_under_seal(::ldap* connection, std::unique_ptr<GssSession> session, std::uint32_t theirs) {
  const auto most = std::min<std::uint32_t>(session->largest_plain(theirs), largest_sealed);
  Sockbuf* buffer = nullptr;
  if (most == 0 || ldap_get_option(connection, LDAP_OPT_SOCKBUF, &buffer) != LDAP_OPT_SUCCESS)
    return fault(Fault::Kind::refused, "kerberos.seal", "the server takes no sealed piece of any length");
  auto layer = std::make_unique<Layer>(Layer{std::move(session), most, {}, 0});
  if (ber_sockbuf_add_io(buffer, &layer_functions, LBER_SBIOD_LEVEL_APPLICATION, layer.get()) != 0)
    return fault(Fault::Kind::internal, "kerberos.seal", "libldap does not take the layer");
  (void)layer.release();  // take_down() deletes it
  return {};
}

}  // namespace wb::ldap
