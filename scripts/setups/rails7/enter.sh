# Sourced by each `start` of a Rails 7 setup: runs a command inside the newer Debian that ./install made, in the application of ../rails.
root=$(cd "$(dirname "$0")/../rails7/debian" && pwd -P)
rails=$(cd "$(dirname "$0")/../rails" && pwd -P)

# A mount namespace of its own: the application and SETUP_RUN are seen inside, nothing is written there, and nothing is left behind.
inside() {
    if [ "$(id -u)" -eq 0 ]; then own=-m; else own=-rm; fi
    exec unshare "$own" sh -eu -c '
        root=$1 rails=$2
        shift 2
        mount --bind "$rails" "$root/srv"
        mkdir -p "$root/run/setup"
        mount --bind "$SETUP_RUN" "$root/run/setup"
        mount --rbind /proc "$root/proc"
        mount --rbind /dev "$root/dev"
        unset RACK_ENV RAILS_ENV
        export SETUP_RUN=/run/setup PATH=/usr/sbin:/usr/bin:/sbin:/bin
        exec chroot "$root" sh -c "cd /srv && exec \"\$@\"" inside "$@"
    ' inside "$root" "$rails" "$@"
}
