// Whose request it is, behind reverse proxies that are configured as trusted. Pure.
#pragma once
#include <string>
#include <string_view>
#include <vector>

namespace wb::link {

// `peer`: the connection's address. From anybody but a trusted proxy that is the answer, whatever its headers say. A trusted one has
// added the address that it saw at the end of X-Forwarded-For, or of Forwarded where there is no other (RFC 7239 section 4: `for=`);
// what stands before it was said by others, and is followed only as long as it names trusted proxies itself. The rightmost address
// that is none of them; `peer` where that can't be told: malformed, "unknown" or an obfuscated name on the way (RFC 7239 section 6: no
// addresses), over 64 entries followed, or trusted proxies alone.
// Malformed means, in X-Forwarded-For, what is followed: a stranger's nonsense before it changes nothing. In Forwarded it means the whole
// header, because quotes may hold what looks like an element: a proxy's `host` is what a stranger sent.
// Where there are both they must name the same address. Each: the values of all lines of the header, joined by commas; empty: none. `trusted`: addresses and networks in CIDR form.
std::string client_address(const std::string& peer, std::string_view x_forwarded_for, std::string_view forwarded, const std::vector<std::string>& trusted);

}  // namespace wb::link
