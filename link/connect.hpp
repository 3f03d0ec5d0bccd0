// Inside link/ only: a TCP connection straight to a host, by whichever of its addresses answers first.
#pragma once
#include <boost/asio/ip/tcp.hpp>

#include <chrono>
#include <string>
#include <vector>

#include "core/async.hpp"

namespace wb::link {

using Endpoints = std::vector<asio::ip::tcp::endpoint>;

constexpr std::size_t addresses_max = 16;                     // of one name; the others are never tried
constexpr std::chrono::milliseconds next_address_after{250};  // RFC 8305 section 5

// The order of RFC 8305 section 4: the families take turns, beginning with that of the first; within one the resolver's order stays.
Endpoints interleaved(const Endpoints& ends);

// Fault where: link.resolve, link.connect; timed_out at each after `limit`.
Awaitable<Result<asio::ip::tcp::socket>> connect_straight(std::string host, unsigned short port, std::chrono::milliseconds limit);
// To the first of them that answers: each begins when the one before has failed, or 250 ms after it.
Awaitable<Result<asio::ip::tcp::socket>> connect_any(Endpoints ends, std::chrono::milliseconds limit);

}  // namespace wb::link
