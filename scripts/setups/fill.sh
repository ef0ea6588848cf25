# Sourced by a `start` whose server reads a configuration file.

setup=$(cd "$(dirname "$0")" && pwd)

# Writes FILE to SETUP_RUN, its placeholders replaced; @SETUP@ is the directory of the setup.
fill() {
    sed -e "s|@RUN@|$SETUP_RUN|g" -e "s|@PORT@|$SETUP_PORT|g" -e "s|@TLS_PORT@|${SETUP_TLS_PORT-}|g" -e "s|@ORIGIN@|${SETUP_ORIGIN-}|g" -e "s|@SETUP@|$setup|g" \
        "$1" >"$SETUP_RUN/$(basename "$1")"
}

# Makes key.pem and cert.pem in SETUP_RUN, and both.pem of both.
certificate() {
    # No CA: rustls refuses a CA certificate as a server's own.
    openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 \
        -config "$setup/../nginx-buffering-off/openssl.cnf" -keyout "$SETUP_RUN/key.pem" -out "$SETUP_RUN/cert.pem"
    cat "$SETUP_RUN/cert.pem" "$SETUP_RUN/key.pem" >"$SETUP_RUN/both.pem"
}
