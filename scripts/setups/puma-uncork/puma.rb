# TCP_CORK holds an event until a segment is full or 200 ms are over.
Puma::Server.class_eval { def cork_socket(*) = nil; def uncork_socket(*) = nil }
