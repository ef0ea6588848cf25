worker_processes 1
Rainbows! do
  use :Coolio
  worker_connections 100
  keepalive_timeout 5
end
