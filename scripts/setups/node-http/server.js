// A plain Node.js http server of event streams, written the way most people write one.
//
// GET /ready                     200, "ready TOKEN"
// GET /prices?interval=100ms     endless; all subscribers of an interval share one ticker
//            &count=N            end cleanly after N events; a reconnection is answered 204, which ends an EventSource
//            &size=BYTES         pad the data to at least this size
//            &xab=1              say X-Accel-Buffering: no
// GET /stats                     what the server really did: {"opened":…,"open":…,"written":…}
//
// The data of each event begins with target-server's stamps, in its order: {"seq":N,"due":NS,"emitted":NS,"instance":PID, and times are
// nanoseconds since the Unix epoch.
'use strict';
const http = require('node:http');
const { performance } = require('node:perf_hooks');

const token = process.env.SETUP_TOKEN ?? '';
const stats = { opened: 0, open: 0, written: 0 };
const tickers = new Map();

// Nanoseconds since the epoch. A double holds today's microseconds exactly; the last three digits are rounded.
const wallNs = (ms) => BigInt(Math.round((performance.timeOrigin + ms) * 1e3)) * 1000n;

class Ticker {
  constructor(intervalMs, size) {
    this.intervalMs = intervalMs;
    this.size = size;
    this.startMs = performance.now();
    this.seq = 0;
    this.subscribers = new Map();
    this.arm();
  }

  // Due times come from the start, not from the last tick: a late tick must not move those after it.
  dueMs() {
    return this.startMs + (this.seq + 1) * this.intervalMs;
  }

  arm() {
    setTimeout(() => this.tick(), Math.max(0, Math.ceil(this.dueMs() - performance.now())));
  }

  tick() {
    const due = this.dueMs();
    // Node's timers count whole milliseconds and may fire early; an event must not leave before it is due.
    if (performance.now() < due) return this.arm();
    this.seq += 1;
    const frame = this.frame(due);
    for (const [response, left] of this.subscribers) {
      response.write(frame);
      stats.written += 1;
      if (left === 1) response.end();
      else this.subscribers.set(response, left - 1);
    }
    this.arm();
  }

  frame(due) {
    const data = `{"seq":${this.seq},"due":${wallNs(due)},"emitted":${wallNs(performance.now())},"instance":${process.pid},"p":"`;
    return `id: ${this.seq}\ndata: ${data}${'x'.repeat(Math.max(0, this.size - data.length - 2))}"}\n\n`;
  }

  add(response, count) {
    this.subscribers.set(response, count);
    stats.opened += 1;
    stats.open += 1;
    response.on('close', () => {
      this.subscribers.delete(response);
      stats.open -= 1;
      console.error(response.writableFinished ? 'done' : 'gone');
    });
  }
}

function intervalMs(text) {
  const match = /^(\d+)(us|ms|s|m|h)$/.exec(text);
  return match ? match[1] * { us: 1e-3, ms: 1, s: 1e3, m: 6e4, h: 3.6e6 }[match[2]] : NaN;
}

function prices(request, response, query) {
  const interval = intervalMs(query.get('interval') ?? '100ms');
  const count = Number(query.get('count') ?? 0);
  const size = Number(query.get('size') ?? 0);
  if (!(interval >= 1) || !(count >= 0) || !(size >= 0 && size <= 1 << 20)) {
    return response.writeHead(400).end('interval is like 100ms, count and size are numbers\n');
  }
  if (count > 0 && 'last-event-id' in request.headers) return response.writeHead(204).end();
  if (query.get('xab')) response.setHeader('X-Accel-Buffering', 'no');
  response.writeHead(200, { 'Content-Type': 'text/event-stream', 'Cache-Control': 'no-cache' });
  response.flushHeaders();
  if (count > 0) response.write('retry: 200\n\n');
  const key = `${interval} ${size}`;
  if (!tickers.has(key)) tickers.set(key, new Ticker(interval, size));
  tickers.get(key).add(response, count > 0 ? count : Infinity);
}

const server = http.createServer((request, response) => {
  const url = new URL(request.url, 'http://localhost');
  if (url.pathname === '/ready') return response.end(`ready ${token}\n`);
  if (url.pathname === '/stats') return response.end(JSON.stringify(stats));
  if (url.pathname === '/prices') return prices(request, response, url.searchParams);
  response.writeHead(404).end('not here\n');
});
// The default backlog of 511 would drop handshakes when thousands of subscribers arrive at once.
server.listen({ host: '127.0.0.1', port: Number(process.env.SETUP_PORT), backlog: 8192 });
