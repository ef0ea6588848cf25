# Sourced by a `start` whose server reads a configuration file.

setup=$(cd "$(dirname "$0")" && pwd)

# Writes FILE to SETUP_RUN, its placeholders replaced; @SETUP@ is the directory of the setup.
fill() {
    sed -e "s|@RUN@|$SETUP_RUN|g" -e "s|@PORT@|$SETUP_PORT|g" -e "s|@TLS_PORT@|${SETUP_TLS_PORT-}|g" -e "s|@ORIGIN@|${SETUP_ORIGIN-}|g" -e "s|@SETUP@|$setup|g" \
        "$1" >"$SETUP_RUN/$(basename "$1")"
}
