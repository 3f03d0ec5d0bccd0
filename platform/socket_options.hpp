// What a connection that must notice a dead peer asks of the operating system. One implementation per platform.
#pragma once
#include <boost/asio/ip/tcp.hpp>

#include <chrono>

namespace wb::platform {

// No Nagle delay, and unacknowledged bytes fail the connection after `unacknowledged` (TCP_USER_TIMEOUT, RFC 5482).
// Failures are ignored: the link's own silence limit still holds.
void tune_connection(boost::asio::ip::tcp::socket& socket, std::chrono::milliseconds unacknowledged = std::chrono::seconds(20));

// Closes a socket that no Asio object owns.
void close_socket(boost::asio::ip::tcp::socket::native_handle_type socket);

}  // namespace wb::platform
