// Express with the compression middleware.
//
// GET /ready                     200, "ready TOKEN"
// GET /feed                      300 events of about 300 bytes, 20 ms apart; with FLUSH=1 in the environment each is flushed
//
// The data of each event begins with target-server's stamps, in its order: {"seq":N,"due":NS,"emitted":NS,"instance":PID, and times are
// nanoseconds since the Unix epoch.
'use strict';
const express = require('express');
const compression = require('compression');
const { performance } = require('node:perf_hooks');

const EVENTS = 300;
const GAP_MS = 20;
const flushes = process.env.FLUSH === '1';

// Nanoseconds since the epoch. A double holds today's microseconds exactly; the last three digits are rounded.
const wallNs = (ms) => BigInt(Math.round((performance.timeOrigin + ms) * 1e3)) * 1000n;

function feed(request, response) {
  // A feed is played once: 204 ends an EventSource that reconnects.
  if ('last-event-id' in request.headers) return response.status(204).end();
  response.set({ 'Content-Type': 'text/event-stream', 'Cache-Control': 'no-cache' });
  const start = performance.now();
  let seq = 0;
  let timer;
  const tick = () => {
    const due = start + (seq + 1) * GAP_MS;
    // Node's timers count whole milliseconds and may fire early; an event must not leave before it is due.
    if (performance.now() >= due) {
      seq += 1;
      const stamps = `{"seq":${seq},"due":${wallNs(due)},"emitted":${wallNs(performance.now())},"instance":${process.pid}`;
      response.write(`id: ${seq}\ndata: ${stamps},"p":"${'x'.repeat(170)}"}\n\n`);
      if (flushes) response.flush();
      if (seq === EVENTS) return response.end();
    }
    timer = setTimeout(tick, Math.max(0, Math.ceil(start + (seq + 1) * GAP_MS - performance.now())));
  };
  response.on('close', () => clearTimeout(timer));
  tick();
}

const app = express();
app.use(compression());
app.get('/ready', (request, response) => response.type('text').send(`ready ${process.env.SETUP_TOKEN}\n`));
app.get('/feed', feed);
app.listen(Number(process.env.SETUP_PORT), '127.0.0.1');
