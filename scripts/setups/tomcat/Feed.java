// A servlet in an embedded Tomcat, as one writes a stream with it.
//
// GET /ready      200, "ready TOKEN"
// GET /feed/PLAN  the events of a plan; with FLUSH=1 in the environment each is flushed
//
// The data of each event begins with target-server's stamps, in its order: {"seq":N,"due":NS,"emitted":NS,"instance":PID, and times are
// nanoseconds since the Unix epoch.

import jakarta.servlet.http.HttpServlet;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.Map;
import org.apache.catalina.Context;
import org.apache.catalina.startup.Tomcat;

public class Feed extends HttpServlet {
    /** Events, milliseconds before each one, letters of padding, milliseconds of silence at the end. */
    private static final Map<String, int[]> PLANS = Map.of(
        "check", new int[] {400, 20, 300, 0},
        "small", new int[] {20, 100, 0, 0},
        "large", new int[] {200, 20, 900, 0},
        "lone", new int[] {1, 0, 0, 5000},
        "long", new int[] {150, 100, 0, 0},
        "silent", new int[] {1, 0, 0, 600000});

    public static void main(String[] arguments) throws Exception {
        Tomcat tomcat = new Tomcat();
        tomcat.setBaseDir(System.getenv("SETUP_RUN"));
        tomcat.setPort(Integer.parseInt(System.getenv("SETUP_PORT")));
        tomcat.getConnector().setProperty("address", "127.0.0.1");
        Context context = tomcat.addContext("", System.getenv("SETUP_RUN"));
        Tomcat.addServlet(context, "feed", new Feed());
        context.addServletMappingDecoded("/*", "feed");
        tomcat.start();
        tomcat.getServer().await();
    }

    @Override
    protected void doGet(HttpServletRequest request, HttpServletResponse response) throws IOException {
        if (request.getRequestURI().equals("/ready")) {
            response.setContentType("text/plain");
            response.getWriter().println("ready " + System.getenv("SETUP_TOKEN"));
            return;
        }
        if (request.getHeader("Last-Event-ID") != null) {
            response.setStatus(204); // How a server tells an EventSource that reconnects to stop.
            return;
        }
        String path = request.getRequestURI();
        int[] plan = PLANS.get(path.substring(path.lastIndexOf('/') + 1));
        response.setContentType("text/event-stream");
        response.setHeader("Cache-Control", "no-cache");
        try {
            play(plan, response);
            System.err.println("done");
        } catch (IOException gone) {
            System.err.println("gone");
        } catch (InterruptedException stopped) {
            Thread.currentThread().interrupt();
        }
    }

    private static void play(int[] plan, HttpServletResponse response) throws IOException, InterruptedException {
        boolean flushes = "1".equals(System.getenv("FLUSH"));
        long start = nanos();
        for (int seq = 1; seq <= plan[0]; seq++) {
            // From the start, not from the last event: a late event must not move those after it.
            long due = start + seq * plan[1] * 1_000_000L;
            Thread.sleep(Math.max(0, (due - nanos()) / 1_000_000));
            // Of sizes that grow and shrink slowly, so that a block of bytes can be told from a span of time.
            int letters = plan[2] == 300 ? 40 + Math.abs(seq % 120 - 60) * 8 : plan[2];
            String event = "id: " + seq + "\ndata: {\"seq\":" + seq + ",\"due\":" + due + ",\"emitted\":" + nanos() + ",\"instance\":"
                + ProcessHandle.current().pid() + ",\"p\":\"" + "x".repeat(letters) + "\"}\n\n";
            response.getOutputStream().write(event.getBytes(StandardCharsets.UTF_8));
            // cure: the servlet, after each event
            if (flushes) {
                response.flushBuffer();
            }
        }
        Thread.sleep(plan[3]);
    }

    private static long nanos() {
        Instant now = Instant.now();
        return now.getEpochSecond() * 1_000_000_000L + now.getNano();
    }
}
