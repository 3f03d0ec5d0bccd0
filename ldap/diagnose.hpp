// What a directory's answer to a write means: one pure table, for Samba's texts and Windows' codes.
#pragma once
#include <optional>
#include <string>
#include <string_view>

#include "core/result.hpp"
#include "ldap/directory.hpp"

namespace wb::ldap {

enum class WriteKind { reset,
  change,
  unlock };

struct Diagnosis {
  Refusal refusal = Refusal::none;
  std::string detail;  // "ldap 53, 0000052D, too_short": codes and names only, never the directory's own text
};

// `code` is the LDAP result code, `text` the diagnostic message, which in AD starts with the Win32 error in 8 hex
// digits. Fault unreachable: the DC answered that it is too busy or going down; nothing was written.
//
// Sources: MS-ADTS 3.1.1.3.1.5 (passwords), what Samba 4.17 and 4.24 answer (measured; the tests hold their texts), and
// Windows' answers as published.
Result<Diagnosis> diagnose(int code, std::string_view text, WriteKind kind);

// What a sign-in came to. nullopt: an answer that says nothing about the password (busy, no encryption, a wrong name form).
std::optional<SignIn> diagnose_sign_in(int code, std::string_view text);

// Why a simple bind was refused (result 49 carries "data 52e" and the like), for the operator.
std::string bind_refusal(int code, std::string_view text);

}  // namespace wb::ldap
