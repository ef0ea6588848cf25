# Sourced by each `start` of a Rails setup: goes to the application, in an environment that decides nothing.
cd "$(dirname "$0")/../rails"
unset RACK_ENV RAILS_ENV
