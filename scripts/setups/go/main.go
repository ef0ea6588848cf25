// A handler of Go's net/http that writes a stream.
//
// GET /ready      200, "ready TOKEN"
// GET /feed/PLAN  the events of a plan; with FLUSH=1 in the environment each is flushed
//
// The data of each event begins with target-server's stamps, in its order: {"seq":N,"due":NS,"emitted":NS,"instance":PID, and times are
// nanoseconds since the Unix epoch.
package main

import (
	"fmt"
	"net/http"
	"os"
	"path"
	"strings"
	"time"
)

type plan struct {
	count   int
	gap     time.Duration
	padding int
	tail    time.Duration
}

var plans = map[string]plan{
	"check":  {300, 20 * time.Millisecond, -1, 0},
	"small":  {20, 100 * time.Millisecond, 0, 0},
	"large":  {200, 20 * time.Millisecond, 900, 0},
	"lone":   {1, 0, 0, 5 * time.Second},
	"long":   {150, 100 * time.Millisecond, 0, 0},
	"silent": {1, 0, 0, 10 * time.Minute},
}

func feed(w http.ResponseWriter, r *http.Request) {
	// How a server tells an EventSource that reconnects to stop.
	if r.Header.Get("Last-Event-ID") != "" {
		w.WriteHeader(http.StatusNoContent)
		return
	}
	p, ok := plans[path.Base(r.URL.Path)]
	if !ok {
		http.NotFound(w, r)
		return
	}
	w.Header().Set("Content-Type", "text/event-stream")
	w.Header().Set("Cache-Control", "no-cache")
	flushes := os.Getenv("FLUSH") == "1"
	start := time.Now()
	for seq := 1; seq <= p.count; seq++ {
		// From the start, not from the last event: a late event must not move those after it.
		due := start.Add(time.Duration(seq) * p.gap)
		select {
		case <-time.After(time.Until(due)):
		case <-r.Context().Done():
			fmt.Fprintln(os.Stderr, "gone")
			return
		}
		letters := p.padding
		if letters < 0 {
			// Of sizes that grow and shrink slowly, so that a block of bytes can be told from a span of time.
			letters = seq % 120 - 60
			if letters < 0 {
				letters = -letters
			}
			letters = letters * 4
		}
		fmt.Fprintf(w, "id: %d\ndata: {\"seq\":%d,\"due\":%d,\"emitted\":%d,\"instance\":%d,\"p\":\"%s\"}\n\n",
			seq, seq, due.UnixNano(), time.Now().UnixNano(), os.Getpid(), strings.Repeat("x", letters))
		if flushes {
			w.(http.Flusher).Flush()
		}
	}
	select {
	case <-time.After(p.tail):
	case <-r.Context().Done():
		fmt.Fprintln(os.Stderr, "gone")
	}
}

func main() {
	http.HandleFunc("/ready", func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprintf(w, "ready %s\n", os.Getenv("SETUP_TOKEN"))
	})
	http.HandleFunc("/feed/", feed)
	fmt.Fprintln(os.Stderr, http.ListenAndServe("127.0.0.1:"+os.Getenv("SETUP_PORT"), nil))
	os.Exit(1)
}
