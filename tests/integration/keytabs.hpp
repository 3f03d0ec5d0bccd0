// Keytabs that tests make themselves, right and wrong ones.
#pragma once
#include <krb5.h>

#include <filesystem>
#include <stdexcept>
#include <string>

namespace wb::test {

// The keys of `principal` as they follow from a password and a salt: the realm and the name, as Active Directory has it, but the name
// alone for those that the lab made while no domain controller ran. Mode 0600.
inline void write_keytab(const std::filesystem::path& file, const std::string& principal, const std::string& password, const std::string& salt) {
  std::filesystem::remove(file);
  const auto must = [](krb5_error_code code) {
    if (code != 0) throw std::runtime_error("keytab: " + std::to_string(code));
  };
  krb5_context context = nullptr;
  krb5_keytab keytab = nullptr;
  krb5_principal name = nullptr;
  must(krb5_init_context(&context));
  must(krb5_parse_name(context, principal.c_str(), &name));
  must(krb5_kt_resolve(context, ("FILE:" + file.string()).c_str(), &keytab));
  krb5_data secret{0, static_cast<unsigned>(password.size()), const_cast<char*>(password.data())};
  krb5_data with{0, static_cast<unsigned>(salt.size()), const_cast<char*>(salt.data())};
  for (const krb5_enctype type : {ENCTYPE_AES256_CTS_HMAC_SHA1_96, ENCTYPE_AES128_CTS_HMAC_SHA1_96}) {
    krb5_keytab_entry entry{};
    entry.principal = name;
    entry.vno = 1;
    must(krb5_c_string_to_key(context, type, &secret, &with, &entry.key));
    must(krb5_kt_add_entry(context, keytab, &entry));
    krb5_free_keyblock_contents(context, &entry.key);
  }
  krb5_kt_close(context, keytab);
  krb5_free_principal(context, name);
  krb5_free_context(context);
  std::filesystem::permissions(file, std::filesystem::perms::owner_read | std::filesystem::perms::owner_write);
}

}  // namespace wb::test
