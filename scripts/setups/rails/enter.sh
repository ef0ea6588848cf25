# Sourced by each `start` of a Rails setup: goes to the application, in an environment that decides nothing. `here` is the setup.
here=$(cd "$(dirname "$0")" && pwd)
cd "$here/../rails"
unset RACK_ENV RAILS_ENV
