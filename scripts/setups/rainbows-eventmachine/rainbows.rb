worker_processes 1
Rainbows! do
  use :EventMachine
  worker_connections 100
  keepalive_timeout 5
end
# cure: Rainbows configuration file
