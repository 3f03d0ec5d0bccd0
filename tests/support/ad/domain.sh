# shellcheck shell=bash
# shellcheck disable=SC2034  # the scripts that source this use them
# What our domain controllers are made of; sourced by ad-lab and golden, inside the namespaces.
# Expects ROOTFS (the root file system), GOLD (the images) and FAST_SO (the preload, or empty).
#
# Everything of a DC lives in $ROOTFS/run/ad/NAME on a private tmpfs: no fsync, several labs at once on one root file
# system, and gone with the namespace. All DCs share one loopback: dc1 is 127.0.0.53, dc2 is 127.0.0.54.

R=/run/ad  # as seen from inside the root file system
REALM=CORP.EXAMPLE
DNS=corp.example
BASE=DC=corp,DC=example
ADMIN_PW='Adm1n-Passw0rd!'
SVC_PW='Svc-Passw0rd-1!'
USER_PW='Start-Passw0rd!'
HELPDESK_PW='Helpdesk-Passw0rd-1!'
# Another forest, which knows nothing of the first: its one controller is `other`, and has a CA of its own.
OTHER_DNS=other.example
OTHER_BASE=DC=other,DC=example
OTHER_SVC_PW='Other-Svc-Passw0rd-1!'
OTHER_ADMIN_PW='Other-Adm1n-Passw0rd!'
declare -A IP=([dc1]=127.0.0.53 [dc2]=127.0.0.54 [other]=127.0.0.63)
declare -A HOST=([dc1]=dc1.$DNS [dc2]=dc2.$DNS [other]=dc.$OTHER_DNS)
declare -A PID=()

ALONE="ldap, cldap, kdc, rpc"             # the least that answers LDAP and Kerberos: one process
REPLICATING="$ALONE, drepl, dns, kcc"     # what a pair needs

say() { echo "ad-lab: $*" >&2; }

enter_world() {
  ip link set lo up
  mount -t tmpfs -o size=1g,mode=755 tmpfs "$ROOTFS/run"
  mkdir -p "$ROOTFS$R" "$ROOTFS/run/samba"
  # A new /proc so that process ids mean what they say. Where a container masks parts of /proc an ordinary user may
  # not mount one; the outer one then serves, and only reading other processes' state suffers.
  mount -t proc proc /proc 2>/dev/null || true
  mount --rbind /proc "$ROOTFS/proc"
  mount --rbind /dev "$ROOTFS/dev"
  cat > "$ROOTFS$R/hosts" <<X
127.0.0.1 localhost
127.0.0.53 dc1.$DNS dc1
127.0.0.54 dc2.$DNS dc2
127.0.0.63 dc.$OTHER_DNS
X
  cat > "$ROOTFS$R/resolv.conf" <<X
nameserver 127.0.0.53
nameserver 127.0.0.54
search $DNS
options timeout:1 attempts:1
X
  cat > "$ROOTFS$R/krb5.conf" <<X
[libdefaults]
 default_realm = $REALM
 dns_lookup_kdc = false
 dns_lookup_realm = false
 rdns = false
 dns_canonicalize_hostname = false
[realms]
 $REALM = {
  kdc = 127.0.0.53
  kdc = 127.0.0.54
 }
 ${OTHER_DNS^^} = {
  kdc = 127.0.0.63
 }
[domain_realm]
 .$OTHER_DNS = ${OTHER_DNS^^}
 $OTHER_DNS = ${OTHER_DNS^^}
 .$DNS = $REALM
 $DNS = $REALM
X
  local file
  for file in hosts resolv.conf; do
    mount --bind "$ROOTFS$R/$file" "$ROOTFS/etc/$file"
    mount --bind "$ROOTFS$R/$file" "/etc/$file"
  done
}

# Runs a command in the root file system with a clean environment.
in_root() {
  chroot "$ROOTFS" /usr/bin/env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LC_ALL=C.UTF-8 KRB5_CONFIG=$R/krb5.conf "$@"
}

use_fast() {
  if [ -n "$FAST_SO" ]; then cp "$FAST_SO" "$ROOTFS$R/fastpbkdf2.so"; fi
}

write_conf() { # NAME SERVICES
  local dir=$R/$1 netbios=${1^^} workgroup=CORP realm=$REALM dns=$DNS
  if [ "$1" = other ]; then netbios=DC workgroup=OTHER realm=${OTHER_DNS^^} dns=$OTHER_DNS; fi
  mkdir -p "$ROOTFS$dir"/{etc,private,state/sysvol/$dns/scripts,cache,lock,run/ncalrpc,run/winbindd,log,bind-dns,tls}
  # The /8 matters: with a host mask Samba finds no interface. LDAP's ports cannot be configured, hence the addresses.
  # The old password must stop working at once, or no test could tell that a reset has happened (default: 60 minutes).
  cat > "$ROOTFS$dir/etc/smb.conf" <<X
[global]
	netbios name = $netbios
	workgroup = $workgroup
	realm = $realm
	server role = active directory domain controller
	server services = $2
	interfaces = ${IP[$1]}/8
	bind interfaces only = yes
	private dir = $dir/private
	state directory = $dir/state
	cache directory = $dir/cache
	lock directory = $dir/lock
	pid directory = $dir/run
	binddns dir = $dir/bind-dns
	ncalrpc dir = $dir/run/ncalrpc
	winbindd socket directory = $dir/run/winbindd
	ntp signd socket directory = $dir/run/ntp_signd
	log file = $dir/log/log.%m
	logging = file
	load printers = no
	printcap name = /dev/null
	disable spoolss = yes
	dns forwarder = 127.0.0.254
	tls enabled = yes
	tls keyfile = $dir/tls/key.pem
	tls certfile = $dir/tls/cert.pem
	tls cafile = $dir/tls/ca.pem
	old password allowed period = 0
	dreplsrv:periodic_startup_interval = 1
	dreplsrv:periodic_interval = 5
	dreplsrv:notify_interval = 1
	kccsrv:periodic_startup_interval = 1
	kccsrv:periodic_interval = 10
[sysvol]
	path = $dir/state/sysvol
	read only = no
[netlogon]
	path = $dir/state/sysvol/$dns/scripts
	read only = no
X
}

make_ca() { # [PREFIX]
  openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 3650 -subj "/O=${1:-CORP}/CN=${1:-CORP} Test Root CA" \
    -keyout "$GOLD/${1:-}ca.key" -out "$GOLD/${1:-}ca.pem" 2>/dev/null
  chmod 644 "$GOLD/${1:-}ca.key"  # any user may run a lab, and this CA vouches for nothing else
}

# Our own certificate: Samba's has no subject alternative names. 127.0.0.1 is there for `serve`.
make_cert() { # NAME [CA-PREFIX]
  local tls=$ROOTFS$R/$1/tls host=${HOST[$1]} ca=$GOLD/${2:-}ca
  openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj "/CN=$host" \
    -keyout "$tls/key.pem" -out "$tls/csr.pem" 2>/dev/null
  openssl x509 -req -in "$tls/csr.pem" -CA "$ca.pem" -CAkey "$ca.key" -set_serial "0x$(openssl rand -hex 8)" -days 3650 -out "$tls/cert.pem" \
    -extfile <(printf 'subjectAltName=DNS:%s,DNS:%s,IP:%s,IP:127.0.0.1\nextendedKeyUsage=serverAuth\n' \
      "$host" "${host#*.}" "${IP[$1]}") 2>/dev/null
  cp "$ca.pem" "$tls/ca.pem"
  chmod 600 "$tls/key.pem"  # Samba refuses anything wider
}

start_dc() { # NAME single|prefork
  # `single` is one process: stopping or killing it hits the whole DC. Two replicating DCs hang with it: `prefork`.
  setsid chroot "$ROOTFS" /usr/bin/env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LC_ALL=C.UTF-8 \
    KRB5_CONFIG=$R/krb5.conf ${FAST_SO:+LD_PRELOAD=$R/fastpbkdf2.so} \
    samba -s "$R/$1/etc/smb.conf" -F --no-process-group -M "$2" --debug-stdout \
    >"$ROOTFS$R/$1/log/stdout" 2>&1 </dev/null &
  PID[$1]=$!
  echo "${PID[$1]}" > "$ROOTFS$R/$1/main.pid"
}

# A DC listens only after it has opened its database: a connection that is accepted will be answered.
wait_up() { # NAME
  local deadline=$((SECONDS + 60))
  until (exec 3<>"/dev/tcp/${IP[$1]}/636") 2>/dev/null; do
    if ! kill -0 "${PID[$1]}" 2>/dev/null || [ $SECONDS -ge $deadline ]; then
      say "$1 did not come up:"
      tail -n 20 "$ROOTFS$R/$1/log/stdout" >&2
      return 1
    fi
    sleep 0.02
  done
}

stop_dc() { # NAME: returns when the last process of its group is gone
  local deadline=$((SECONDS + 20))
  kill "${PID[$1]}"
  wait "${PID[$1]}" || true
  while kill -0 -- "-${PID[$1]}" 2>/dev/null; do
    [ $SECONDS -lt $deadline ] || { say "$1 does not stop"; return 1; }
    sleep 0.05
  done
}

pack() { # NAME IMAGE
  tar -C "$ROOTFS$R/$1" --exclude='./log/*' --exclude='*.sock' --exclude=./main.pid --warning=no-file-ignored -cf - . |
    zstd -q -3 -o "$GOLD/$2.tar.zst"
}

restore() { # IMAGE NAME
  mkdir -p "$ROOTFS$R/$2"
  zstd -dqc "$GOLD/$1.tar.zst" | tar -C "$ROOTFS$R/$2" --no-same-owner -xf -
  mkdir -p "$ROOTFS$R/$2/log"
}
