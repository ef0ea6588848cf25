// npm eventsource: holds streams and counts their events. node client.mjs URL CONNECTIONS RAMP_SECONDS FOR_SECONDS
import { EventSource } from "eventsource";

const [url, connections, ramp, hold] = process.argv.slice(2);
const count = Number(connections);
let events = 0;
let opened = 0;

function open() {
  const source = new EventSource(url);
  source.addEventListener("price", () => { events += 1; });
  opened += 1;
}

if (Number(ramp) === 0) {
  while (opened < count) open();
} else {
  // As many as are due by now, a hundred times a second.
  const began = performance.now();
  const pace = setInterval(() => {
    const share = (performance.now() - began) / (Number(ramp) * 1000);
    while (opened < Math.min(count, share * count)) open();
    if (opened === count) clearInterval(pace);
  }, 10);
}

setTimeout(() => {
  console.log(`${events} events`);
  process.exit(0);
}, (Number(ramp) + Number(hold)) * 1000);
