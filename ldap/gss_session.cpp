#include "ldap/gss_session.hpp"

#include <gssapi/gssapi.h>
#include <gssapi/gssapi_ext.h>
#include <gssapi/gssapi_krb5.h>

#include "ldap/kerberos_fault.hpp"

namespace wb::ldap {
namespace {

constexpr OM_uint32 wanted_flags = GSS_C_MUTUAL_FLAG | GSS_C_CONF_FLAG | GSS_C_INTEG_FLAG | GSS_C_REPLAY_FLAG | GSS_C_SEQUENCE_FLAG;

gss_buffer_desc borrowed(std::string_view bytes) { return {bytes.size(), const_cast<char*>(bytes.data())}; }

std::string taken(gss_buffer_desc& buffer) {
  std::string bytes(static_cast<const char*>(buffer.value), buffer.length);
  OM_uint32 minor = 0;
  gss_release_buffer(&minor, &buffer);
  return bytes;
}

std::string said(OM_uint32 status, int type) {
  OM_uint32 minor = 0, more = 0;
  gss_buffer_desc text = GSS_C_EMPTY_BUFFER;
  gss_display_status(&minor, status, type, const_cast<gss_OID>(gss_mech_krb5), &more, &text);
  return taken(text);
}

}  // namespace

struct GssSession::Handles {
  Handles() = default;
  Handles(const Handles&) = delete;
  Handles& operator=(const Handles&) = delete;
  ~Handles() {
    OM_uint32 minor = 0;
    gss_delete_sec_context(&minor, &context, GSS_C_NO_BUFFER);
    gss_release_name(&minor, &target);
    gss_release_cred(&minor, &credential);
  }
  gss_cred_id_t credential = GSS_C_NO_CREDENTIAL;
  gss_name_t target = GSS_C_NO_NAME;
  gss_ctx_id_t context = GSS_C_NO_CONTEXT;
};

GssSession::GssSession(Ticket ticket, std::unique_ptr<Handles> handles) : ticket_(std::move(ticket)), handles_(std::move(handles)) {}
GssSession::~GssSession() = default;

Result<std::unique_ptr<GssSession>> GssSession::begin(Ticket ticket) {
  auto handles = std::make_unique<Handles>();
  gss_key_value_element_desc element{"ccache", ticket.cache_name.c_str()};
  const gss_key_value_set_desc store{1, &element};
  gss_OID_set_desc kerberos{1, const_cast<gss_OID>(gss_mech_krb5)};
  OM_uint32 minor = 0;
  auto major = gss_acquire_cred_from(&minor, GSS_C_NO_NAME, GSS_C_INDEFINITE, &kerberos, GSS_C_INITIATE, &store, &handles->credential, nullptr, nullptr);
  if (GSS_ERROR(major)) return fault(Fault::Kind::internal, "kerberos.session", said(minor, GSS_C_MECH_CODE));
  // By the whole principal: a host-based name would be looked up in DNS first, and changed.
  auto name = borrowed(ticket.service);
  major = gss_import_name(&minor, &name, const_cast<gss_OID>(GSS_KRB5_NT_PRINCIPAL_NAME), &handles->target);
  if (GSS_ERROR(major)) return fault(Fault::Kind::internal, "kerberos.session", said(minor, GSS_C_MECH_CODE));
  return std::unique_ptr<GssSession>(new GssSession(std::move(ticket), std::move(handles)));
}

Result<std::string> GssSession::step(std::string_view token) {
  auto in = borrowed(token);
  gss_buffer_desc out = GSS_C_EMPTY_BUFFER;
  OM_uint32 minor = 0, flags = 0;
  const auto major = gss_init_sec_context(&minor, handles_->credential, &handles_->context, handles_->target, const_cast<gss_OID>(gss_mech_krb5), wanted_flags, 0,
      GSS_C_NO_CHANNEL_BINDINGS, &in, nullptr, &out, &flags, nullptr);
  auto next = taken(out);
  if (GSS_ERROR(major)) return kerberos_fault(static_cast<std::int32_t>(minor), said(minor, GSS_C_MECH_CODE), ticket_.service);
  established_ = major == GSS_S_COMPLETE;
  constexpr OM_uint32 needed = GSS_C_MUTUAL_FLAG | GSS_C_CONF_FLAG | GSS_C_INTEG_FLAG;
  if (established_ && (flags & needed) != needed) return fault(Fault::Kind::refused, "kerberos.seal", ticket_.service + ": the controller does not seal");
  return next;
}

int GssSession::strength() const {
  OM_uint32 minor = 0;
  gss_buffer_set_t found = GSS_C_NO_BUFFER_SET;
  int bits = 0;
  const auto major = gss_inquire_sec_context_by_oid(&minor, handles_->context, GSS_C_SEC_CONTEXT_SASL_SSF, &found);
  if (!GSS_ERROR(major) && found && found->count == 1 && found->elements[0].length == 4) {
    for (int i = 0; i < 4; ++i) bits = bits << 8 | static_cast<const unsigned char*>(found->elements[0].value)[i];  // network order
  }
  gss_release_buffer_set(&minor, &found);
  return bits;
}

Result<std::string> GssSession::wrap(std::string_view plain, bool sealed) const {
  auto in = borrowed(plain);
  gss_buffer_desc out = GSS_C_EMPTY_BUFFER;
  OM_uint32 minor = 0;
  int is_sealed = 0;
  const auto major = gss_wrap(&minor, handles_->context, sealed ? 1 : 0, GSS_C_QOP_DEFAULT, &in, &is_sealed, &out);
  auto wrapped = taken(out);
  if (GSS_ERROR(major) || (sealed && is_sealed == 0)) return fault(Fault::Kind::internal, "kerberos.seal", "the GSSAPI does not seal");
  return wrapped;
}

Result<std::string> GssSession::unwrap(std::string_view wrapped, bool sealed) const {
  auto in = borrowed(wrapped);
  gss_buffer_desc out = GSS_C_EMPTY_BUFFER;
  OM_uint32 minor = 0;
  int was_sealed = 0;
  const auto major = gss_unwrap(&minor, handles_->context, &in, &out, &was_sealed, nullptr);
  auto plain = taken(out);
  // A token that is old, repeated or out of order is no error to gss_unwrap(), but it is one to a stream.
  if (major != GSS_S_COMPLETE || (sealed && was_sealed == 0)) return fault(Fault::Kind::malformed, "kerberos.seal", "not sealed by the controller");
  return plain;
}

std::uint32_t GssSession::largest_plain(std::uint32_t largest_wrapped) const {
  OM_uint32 minor = 0, most = 0;
  const auto major = gss_wrap_size_limit(&minor, handles_->context, 1, GSS_C_QOP_DEFAULT, largest_wrapped, &most);
  return GSS_ERROR(major) ? 0 : most;
}

}  // namespace wb::ldap
