# Sourced by each `start` of a setup with PHP-FPM: starts PHP-FPM, to end with the web server that takes the place of this shell. It leaves
# the process group by itself (setsid), so the kernel is asked to end it.
. "$(dirname "$0")/../fill.sh"
fill "$setup/../php/fpm.conf"
# Where workers of another user may read it.
cp "$setup/../php/feed.php" "$SETUP_RUN/"
setpriv --pdeathsig TERM -- php-fpm8.2 -F -y "$SETUP_RUN/fpm.conf" &
