# Puma reads this by itself; what stands on its command line goes before it.
bind "tcp://127.0.0.1:#{ENV['SETUP_PORT']}" if ENV['SETUP_PORT']
# cure: config/puma.rb
