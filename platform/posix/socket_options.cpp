#include "platform/socket_options.hpp"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

namespace wb::platform {

void tune_connection(boost::asio::ip::tcp::socket& socket, std::chrono::milliseconds unacknowledged) {
  boost::system::error_code ignored;
  socket.set_option(boost::asio::ip::tcp::no_delay(true), ignored);
  const auto ms = static_cast<unsigned int>(unacknowledged.count());
  (void)::setsockopt(socket.native_handle(), IPPROTO_TCP, TCP_USER_TIMEOUT, &ms, sizeof ms);
}

void close_socket(boost::asio::ip::tcp::socket::native_handle_type socket) { (void)::close(socket); }

}  // namespace wb::platform
