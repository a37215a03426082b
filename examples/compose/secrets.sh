#!/bin/sh
# Makes, once, what docker-compose.yml's Elasticsearch is known by and entered with: secrets.sh CA_FOLDER FOLDER
# The certificate authority signs this one certificate; its key is not kept.
set -eu
umask 077
public=$1 private=$2
[ -s "$public/ca.crt" ] && exit 0 # written last, so all the rest is there
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

certificate() { # openssl tells its progress in dots; they are worth reading only if it fails
  openssl req -x509 -newkey rsa:2048 -noenc -days 3650 "$@" 2>"$work/said" || { cat "$work/said" >&2; exit 1; }
}
certificate -subj "/CN=driftlog compose CA" -addext "keyUsage=critical,keyCertSign,cRLSign" \
  -keyout "$work/ca.key" -out "$work/ca.crt"
certificate -subj "/CN=elasticsearch" -CA "$work/ca.crt" -CAkey "$work/ca.key" \
  -addext "basicConstraints=critical,CA:FALSE" -addext "keyUsage=critical,digitalSignature" \
  -addext "extendedKeyUsage=serverAuth" \
  -addext "subjectAltName=DNS:elasticsearch,DNS:localhost,IP:127.0.0.1" \
  -keyout "$private/http.key" -out "$private/http.crt"
openssl rand -hex 20 >"$private/password"
cp "$work/ca.crt" "$private/ca.crt" # for Elasticsearch's own health check
cp "$work/ca.crt" "$public/ca.crt.new"
mv "$public/ca.crt.new" "$public/ca.crt"
