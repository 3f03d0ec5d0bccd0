#include "agent/link_trouble.hpp"

#include <utility>

namespace wb::agent {

std::string_view to_string(LinkTrouble trouble) {
  switch (trouble) {
    case LinkTrouble::dns: return "dns";
    case LinkTrouble::tcp: return "tcp";
    case LinkTrouble::proxy_settings: return "proxy_settings";
    case LinkTrouble::proxy_unreachable: return "proxy_unreachable";
    case LinkTrouble::proxy_refused: return "proxy_refused";
    case LinkTrouble::proxy_auth: return "proxy_auth";
    case LinkTrouble::tls_settings: return "tls_settings";
    case LinkTrouble::tls_issuer: return "tls_issuer";
    case LinkTrouble::tls_name: return "tls_name";
    case LinkTrouble::tls_time: return "tls_time";
    case LinkTrouble::tls: return "tls";
    case LinkTrouble::upgrade: return "upgrade";
    case LinkTrouble::web_page: return "web_page";
    case LinkTrouble::intercepted: return "intercepted";
    case LinkTrouble::channel_binding: return "channel_binding";
    case LinkTrouble::refused: return "refused";
    case LinkTrouble::revoked: return "revoked";
    case LinkTrouble::contract: return "contract";
    case LinkTrouble::idle_timeout: return "idle_timeout";
    case LinkTrouble::lost: return "lost";
    case LinkTrouble::other: return "other";
  }
  return "other";
}

LinkTrouble trouble_of(const Fault& why) {
  using enum LinkTrouble;
  constexpr std::pair<std::string_view, LinkTrouble> by_place[] = {{"link.resolve", dns}, {"link.connect", tcp}, {"proxy.settings", proxy_settings}, {"proxy.password_file", proxy_settings},
      {"proxy.sign_in", proxy_auth}, {"tls.ca", tls_settings}, {"link.tls_issuer", tls_issuer}, {"link.tls_name", tls_name}, {"link.tls_time", tls_time}, {"link.tls", tls},
      {"link.upgrade", upgrade}, {"link.web_page", web_page}, {"proxy.web_page", web_page}, {"link.idle", idle_timeout}, {"session.intercepted", intercepted}};
  for (const auto& [place, trouble] : by_place)
    if (why.where == place) return trouble;
  if (why.where == "proxy.connect") return why.kind == Fault::Kind::refused ? proxy_refused : proxy_unreachable;
  if (why.where == "session.challenge" && why.kind == Fault::Kind::refused) return channel_binding;  // else: it did not come
  if (why.where == "session.refused" && why.detail == "revoked") return revoked;
  if (why.where == "session.refused") return why.detail == "channel_binding" ? channel_binding : refused;
  if (why.kind == Fault::Kind::malformed || why.where == "session.version") return contract;
  return why.where.starts_with("link.") || why.kind == Fault::Kind::timed_out ? lost : other;
}

}  // namespace wb::agent
