// Express with the compression middleware.
//
// GET /ready         200, "ready TOKEN"
// GET /feed/PLAN     the events of a row of PLANS; with FLUSH=1 in the environment each is flushed
//
// The data of each event begins with target-server's stamps, in its order: {"seq":N,"due":NS,"emitted":NS,"instance":PID, and times are
// nanoseconds since the Unix epoch.
'use strict';
const express = require('express');
const compression = require('compression');
const { performance } = require('node:perf_hooks');

// Events, milliseconds before each one, letters of padding, milliseconds of silence at the end.
const PLANS = {
  check: [300, 20, 170, 0],
  small: [20, 100, 0, 0],
  large: [200, 20, 900, 0],
  lone: [1, 0, 0, 5000],
  long: [150, 100, 0, 0],
  silent: [1, 0, 0, 600000],
};
const flushes = process.env.FLUSH === '1';

// Nanoseconds since the epoch. A double holds today's microseconds exactly; the last three digits are rounded.
const wallNs = (ms) => BigInt(Math.round((performance.timeOrigin + ms) * 1e3)) * 1000n;

function feed(request, res) {
  // A feed is played once: 204 ends an EventSource that reconnects.
  if ('last-event-id' in request.headers) return res.status(204).end();
  const [events, gap, padding, tail] = PLANS[request.params.plan];
  res.set({ 'Content-Type': 'text/event-stream', 'Cache-Control': 'no-cache' });
  // cure: the handler, before the first write
  const start = performance.now();
  let seq = 0;
  let timer;
  const tick = () => {
    const due = start + (seq + 1) * gap;
    // Node's timers count whole milliseconds and may fire early; an event must not leave before it is due.
    if (performance.now() >= due) {
      seq += 1;
      const stamps = `{"seq":${seq},"due":${wallNs(due)},"emitted":${wallNs(performance.now())},"instance":${process.pid}`;
      res.write(`id: ${seq}\ndata: ${stamps},"p":"${'x'.repeat(padding)}"}\n\n`);
      if (flushes) res.flush();
      if (seq === events) return (timer = setTimeout(() => res.end(), tail));
    }
    timer = setTimeout(tick, Math.max(0, Math.ceil(start + (seq + 1) * gap - performance.now())));
  };
  res.on('close', () => {
    clearTimeout(timer);
    console.error(res.writableFinished ? 'done' : 'gone');
  });
  tick();
}

const app = express();
app.use(compression());
app.get('/ready', (request, response) => response.type('text').send(`ready ${process.env.SETUP_TOKEN}\n`));
app.get('/feed/:plan', feed);
app.listen(Number(process.env.SETUP_PORT), '127.0.0.1');
