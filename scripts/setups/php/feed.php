<?php
// Events written as PHP scripts write them.
//
// GET /ready              200, "ready TOKEN"
// GET /feed?plan=PLAN     the events of a row of PLANS, each followed by ob_flush() and flush()
//     &flush=1            by flush() alone, which does not empty PHP's own buffer where php.ini sets output_buffering
//     &xab=1              say X-Accel-Buffering: no
//
// The data of each event begins with target-server's stamps, in its order: {"seq":N,"due":NS,"emitted":NS,"instance":PID, and times are
// nanoseconds since the Unix epoch.
// Events, nanoseconds before each one, letters of padding, seconds of silence at the end. Those of `check` grow and
// shrink slowly, so that a block of bytes can be told from a span of time.
const PLANS = [
    'check' => [300, 20000000, 40, 0],
    'small' => [20, 100000000, 0, 0],
    'large' => [200, 20000000, 900, 0],
    'lone' => [1, 0, 0, 5],
    'long' => [150, 100000000, 0, 0],
    'silent' => [1, 0, 0, 600],
];

if (strtok($_SERVER['REQUEST_URI'], '?') === '/ready') {
    header('Content-Type: text/plain');
    exit('ready ' . getenv('SETUP_TOKEN') . "\n");
}
if (isset($_SERVER['HTTP_LAST_EVENT_ID'])) {
    http_response_code(204); // How a server tells an EventSource that reconnects to stop.
    exit;
}
set_time_limit(0);
$plan = $_GET['plan'] ?? 'check';
[$events, $gap, $padding, $tail] = PLANS[$plan];
header('Content-Type: text/event-stream');
header('Cache-Control: no-cache');
if (isset($_GET['xab'])) {
    header('X-Accel-Buffering: no');
}

// cure: the PHP script, before the first echo

// The wall clock in nanoseconds: PHP has it in microseconds only.
$epoch = (int) (microtime(true) * 1e6) * 1000 - hrtime(true);
$start = hrtime(true);
for ($seq = 1; $seq <= $events; $seq++) {
    $due = $start + $seq * $gap; // From the start, not from the last event: a late event must not move those after it.
    usleep((int) max(0, ($due - hrtime(true)) / 1000));
    $stamps = sprintf('{"seq":%d,"due":%d,"emitted":%d,"instance":%d', $seq, $epoch + $due, $epoch + hrtime(true), getmypid());
    $letters = $padding + ($plan === 'check' ? abs($seq % 120 - 60) * 5 : 0);
    echo "id: $seq\ndata: $stamps,\"p\":\"", str_repeat('x', $letters), "\"}\n\n";
    if (!isset($_GET['flush']) && ob_get_level()) {
        ob_flush();
    }
    flush();
}
sleep($tail);
