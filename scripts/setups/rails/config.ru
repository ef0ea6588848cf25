# ActionController::Live in one file; Debian's gems need neither Bundler nor a Gemfile.
#
# GET /ready              200, "ready TOKEN"
# GET /live/PLAN          events as tutorials write them: without Last-Modified, Rack::ETag holds the whole body back
# GET /live/PLAN?lm=1     with Last-Modified: shows what the server itself does
# GET /helper/PLAN?lm=1   the same through ActionController::Live::SSE, with `event: prices`
# GET /lines/PLAN?lm=1    one JSON object a line and no content type of a stream, as in the first example of ActionController::Live
# GET /hijack/PLAN        past Rails, through Rack's partial hijack
#
# PLAN is a row of Feed::PLANS. The data of each event begins with target-server's stamps, in its order:
# {"seq":N,"due":NS,"emitted":NS,"instance":PID,"p":"xxx"}, seq from 1, times in nanoseconds since the Unix epoch.
%w[rails action_controller/railtie json logger].each { |f| require f }

# A module, because a method defined at the top of this file is not visible in controllers.
module Feed
  Plan = Struct.new(:count, :gap, :size, :tail, keyword_init: true)

  # Events, seconds before each one, their bytes where the stamps leave that choice (they need about 110), seconds of silence at the end.
  PLANS = {
    'small' => Plan.new(count: 20, gap: 0.1, size: 60, tail: 0),
    'large' => Plan.new(count: 200, gap: 0.02, size: 1024, tail: 0),
    'lone' => Plan.new(count: 1, gap: 0, size: 60, tail: 5),
    'long' => Plan.new(count: 150, gap: 0.1, size: 60, tail: 0),
    'silent' => Plan.new(count: 1, gap: 0, size: 60, tail: 600),
    'check' => Plan.new(count: 60, gap: 0.1, size: 130, tail: 0),
    'five' => Plan.new(count: 5, gap: 1, size: 130, tail: 0)
  }.freeze
  GONE = [ActionController::Live::ClientDisconnected, IOError, Errno::EPIPE, Errno::ECONNRESET].freeze

  def self.now_ns = Process.clock_gettime(Process::CLOCK_REALTIME, :nanosecond)

  # Yields number, due time and size of each event when it is due, and closes `out`, or the response would never end.
  def self.run(name, out)
    plan = PLANS.fetch(name)
    start = now_ns
    plan.count.times do |index|
      # From the start, not from the last event: a late event must not move those after it.
      due = start + ((index + 1) * plan.gap * 1_000_000_000).round
      wait = due - now_ns
      sleep wait / 1e9 if wait > 0
      yield index + 1, due, plan.size
    end
    sleep plan.tail
    warn "done #{name}"
  rescue *GONE => e
    warn "gone #{name} #{e.class}"
  ensure
    out.close
  end

  def self.stamps(number, due) = { seq: number, due: due, emitted: now_ns, instance: Process.pid }

  # `around` is what the format adds to the data.
  def self.data(number, due, size, around)
    open = "#{JSON.generate(stamps(number, due)).chomp('}')},\"p\":\""
    open + 'x' * [0, size - around - open.bytesize - 2].max + '"}'
  end

  def self.event(number, due, size)
    id = "id: #{number}\n"
    "#{id}data: #{data(number, due, size, id.bytesize + 8)}\n\n"
  end

  def self.line(number, due, size) = "#{data(number, due, size, 1)}\n"
end

class SetupApp < Rails::Application
  config.load_defaults Rails::VERSION::STRING.to_f
  config.root = __dir__
  config.eager_load = config.cache_classes = true
  config.secret_key_base = 'x' * 64
  config.hosts.clear
  config.allow_concurrency = false if ENV['SETUP_LOCK'] # Rack::Lock
  config.logger = Logger.new($stderr)
  config.log_level = :warn
  config.action_controller.allow_forgery_protection = false
  routes.append do
    get '/ready' => 'feed#ready'
    %w[live helper lines].each { |action| match "/#{action}/:plan" => "feed##{action}", via: %i[get post] }
  end
end

class FeedController < ActionController::Base
  include ActionController::Live

  # A plan is played once: 204 is how a server tells an EventSource that reconnects to stop (WHATWG HTML, 9.2.3).
  before_action(except: :ready) { head :no_content if request.headers['Last-Event-ID'] }
  before_action(except: :ready) { response.headers['Last-Modified'] = Time.now.httpdate if params[:lm] }
  before_action(only: %i[live helper]) do
    response.headers['Content-Type'] = 'text/event-stream'
    response.headers['Cache-Control'] = 'no-cache'
  end

  def ready = render(plain: "ready #{ENV['SETUP_TOKEN']}\n")

  def live
    # cure: the controller action, before the first write
    Feed.run(params[:plan], response.stream) { |*event| response.stream.write Feed.event(*event) }
  end

  def helper
    sse = SSE.new(response.stream, retry: 300, event: 'prices')
    Feed.run(params[:plan], sse) { |number, due, _| sse.write(Feed.stamps(number, due), id: number) }
  end

  def lines
    Feed.run(params[:plan], response.stream) { |*event| response.stream.write Feed.line(*event) }
  end
end
SetupApp.initialize!

map('/hijack') do
  run(lambda do |env|
    play = lambda do |io|
      Thread.new do
        Feed.run(env['PATH_INFO'][/\w+\z/], io) do |*event|
          io.write Feed.event(*event)
          io.flush
        end
      end
    end
    # Lower case, as Rack 3 wants them.
    [200, { 'content-type' => 'text/event-stream', 'cache-control' => 'no-cache', 'connection' => 'close', 'rack.hijack' => play }, []]
  end)
end
map('/') { run SetupApp }
