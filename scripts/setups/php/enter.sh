# Sourced by each `start` of a setup with PHP-FPM: starts PHP-FPM, in the process group of the web server that follows.
. "$(dirname "$0")/../fill.sh"
fill "$setup/../php/fpm.conf"
# Where workers of another user may read it.
cp "$setup/../php/feed.php" "$SETUP_RUN/"
php-fpm8.2 -F -y "$SETUP_RUN/fpm.conf" &
