# shellcheck shell=bash
# shellcheck disable=SC2154  # what scripts/demo, which sources this, has set
# The demo's part that people see: mail that stays on this machine, who may use self-service, and what a newcomer clicks.

MAIL_READER=/usr/bin/python3  # Debian's: aiosmtpd is one of its packages

# Where codes arrive; the service's configuration names its port.
mail_up() {
  rm -f "$D/mail.json"
  start mail "$MAIL_READER" "$TOP/tests/support/demo/post_office.py" --links "$URL" --told "$D/mail.json"
  wait_for 20 "mail-box" mail test -e "$D/mail.json"
  local told
  told=$(python3 -c 'import json, sys; told = json.load(open(sys.argv[1])); print(told["smtp"], told["page"])' "$D/mail.json")
  read -r SMTP_PORT MAILBOX <<<"$told"
}

mail_config() {
  cat <<X
mail:
  host: 127.0.0.1
  port: $SMTP_PORT
  security: none
  sender_address: no-reply@corp.example
  sender_name: Writeback demo
X
}

service_tool() { "$BIN/reset-service" "$@" --config "$D/service.yaml" >>"$D/self-service.log" 2>&1 || { tail -n 5 "$D/self-service.log" >&2; die "reset-service ${*:1:2} failed"; }; }

# carol's group; its other name in the settings makes her an SSPR administrator.
administrators() {
  local carol='CN=Carol Müller,OU=Köln,OU=People,DC=corp,DC=example'
  printf 'dn: %s\nobjectClass: group\nsAMAccountName: sspr-admins\nmember:: %s\n' "$ADMINISTRATORS" "$(printf %s "$carol" | base64 -w0)" |
    LDAPTLS_CACERT=$D/ca-bundle.pem ldapadd -x -H "ldaps://127.0.0.1:$LDAP_PORT" -D CN=Administrator,CN=Users,DC=corp,DC=example -y "$D/secrets/administrator" >>"$D/self-service.log" 2>&1 ||
    { tail -n 3 "$D/self-service.log" >&2; die "the administrators' group could not be made"; }
}

# What an administrator does once, by command line: who may, how, and an address for alice, who has registered none.
self_service() {
  : >"$D/self-service.log"
  ADMINISTRATORS=CN=SSPR-Admins,CN=Users,DC=corp,DC=example
  administrators
  service_tool settings set scope=all methods=email,app_code,questions,pass contact_attributes=otherMailbox \
    "administrator_groups+=$ADMINISTRATORS" "brand_name=Corp Example" --domain corp.example
  service_tool routes add corp.example --domain corp.example
  service_tool client create --domain corp.example --scope helpdesk --out "$D/secrets/helpdesk.json"
  authorization "$D/secrets/helpdesk.json" >"$D/secrets/authorization"
  # An address is for somebody whom the service knows: an agent looks them up.
  curl -fsS -m 20 --cacert "$D/tls/ca.pem" -H "@$D/secrets/authorization" -H 'Content-Type: application/json' -d '{"name": "alice@corp.example"}' "$URL/api/v1/people" \
    >>"$D/self-service.log" 2>&1 || { tail -n 3 "$D/self-service.log" >&2; die "alice was not found"; }
  rm -f "$D/secrets/authorization"
  service_tool people add-email alice@corp.example alice@home.example --domain corp.example
  ROOT=$(python3 -c 'import json, sys; print(json.load(open(sys.argv[1]))["dr"])' "$D/client.json")
}

# The page's way without a browser: pia has registered nothing, and the directory has addresses of hers.
prove_self_service() {
  local line
  step "pia forgot hers, too, and asks nobody: a code to the address that the directory has of her, and a new password, by the portal's API"
  line=$(printf '%s' "$NEW_PW" | WB_CLIENT_FILE=$D/client.json WB_CA_FILE=$D/ca-bundle.pem node "$TOP/tests/support/demo/forgot.mjs" pia@corp.example pia@ "$MAILBOX") || die "pia's reset was not done"
  say "           $line"
  binds pia "$NEW_PW" || die "pia's new password does not bind: $(cat "$D/bind.log")"
  step "proof: pia's new password binds at the domain controller"
}

click_through() {
  cat <<X

Click through it (two minutes; the certificate is by the demo's own CA, $D/tls/ca.pem: tell the browser to go on):
  mail-box      $MAILBOX   (codes and letters to everybody arrive here)
  forgotten     $URL/#dr=$ROOT
  own methods   $URL/register#dr=$ROOT
  change        $URL/change#dr=$ROOT
  administrate  $URL/admin#dr=$ROOT
  1. "forgotten": alice@corp.example, a mailed code, copied from the mail-box, a new password. Then sign in with it at "own methods".
  2. "own methods": bob@corp.example registers an app or bob@home.example.
  3. "own methods": carol@corp.example registers an app; "administrate" asks her for a code of it, the next one. No app at hand: scripts/demo code KEY

  who                  password            what for
  alice@corp.example   $NEW_PW   has an address registered: alice@home.example
  bob@corp.example     $USER_PW     has registered nothing yet
  pia@corp.example     $NEW_PW   the directory has pia@home.example of her
  erik@corp.example    $USER_PW     must change his password
  carol@corp.example   $USER_PW     is an administrator of self-service
X
}

# An authenticator app, for who has none at hand (RFC 6238).
app_code() { # KEY, in base32
  python3 - "$1" <<'X'
import base64, hmac, struct, sys, time
try:
    key = base64.b32decode(sys.argv[1].replace(" ", "").upper())
except ValueError:
    sys.exit("demo: a key is what the page shows: letters and the digits 2 to 7")
mac = hmac.new(key, struct.pack(">Q", int(time.time()) // 30), "sha1").digest()
at = mac[-1] & 15
print(f"{(struct.unpack('>I', mac[at:at + 4])[0] & 0x7fffffff) % 1_000_000:06}")
X
}
