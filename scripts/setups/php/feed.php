<?php
// Events written as PHP scripts write them.
//
// GET /ready           200, "ready TOKEN"
// GET /feed            300 events of 230 to 380 bytes, 20 ms apart, each followed by ob_flush() and flush()
// GET /feed?flush=1    by flush() alone, which does not empty PHP's own buffer where php.ini sets output_buffering
//     &xab=1           say X-Accel-Buffering: no
//
// The data of each event begins with target-server's stamps, in its order: {"seq":N,"due":NS,"emitted":NS,"instance":PID, and times are
// nanoseconds since the Unix epoch.
const EVENTS = 300;
const GAP_NS = 20000000;

if (strtok($_SERVER['REQUEST_URI'], '?') === '/ready') {
    header('Content-Type: text/plain');
    exit('ready ' . getenv('SETUP_TOKEN') . "\n");
}
if (isset($_SERVER['HTTP_LAST_EVENT_ID'])) {
    http_response_code(204); // How a server tells an EventSource that reconnects to stop.
    exit;
}
set_time_limit(0);
header('Content-Type: text/event-stream');
header('Cache-Control: no-cache');
if (isset($_GET['xab'])) {
    header('X-Accel-Buffering: no');
}

// The wall clock in nanoseconds: PHP has it in microseconds only.
$epoch = (int) (microtime(true) * 1e6) * 1000 - hrtime(true);
$start = hrtime(true);
for ($seq = 1; $seq <= EVENTS; $seq++) {
    $due = $start + $seq * GAP_NS; // From the start, not from the last event: a late event must not move those after it.
    usleep((int) max(0, ($due - hrtime(true)) / 1000));
    $stamps = sprintf('{"seq":%d,"due":%d,"emitted":%d,"instance":%d', $seq, $epoch + $due, $epoch + hrtime(true), getmypid());
    // Of different sizes, so that a block of bytes can be told from a span of time.
    echo "id: $seq\ndata: $stamps,\"p\":\"", str_repeat('x', 100 + $seq * 7919 % 150), "\"}\n\n";
    if (!isset($_GET['flush'])) {
        ob_flush();
    }
    flush();
}
