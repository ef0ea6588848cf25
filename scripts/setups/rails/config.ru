# ActionController::Live in one file; Debian's gems need neither Bundler nor a Gemfile.
#
# GET /ready             200, "ready TOKEN"
# GET /live/PLAN         the stream as tutorials write it: without Last-Modified, Rack::ETag holds the whole body back
# GET /live/PLAN?lm=1    with Last-Modified: shows what the server itself does
#
# PLAN: small (20 events of 60 bytes at 100 ms), kib (200 of 1,024 at 20 ms), lone (one, then 5 s of silence), long (150 of 60 at 100 ms).
# Each event has its number as id and in its data the time it was emitted, in nanoseconds since the Unix epoch.
%w[rails action_controller/railtie logger].each { |f| require f }

# A module, because a method defined at the top of this file is not visible in controllers.
module Feed
  PLANS = { 'small' => [20, 0.1, 60, 0], 'kib' => [200, 0.02, 1024, 0], 'lone' => [1, 0, 60, 5], 'long' => [150, 0.1, 60, 0] }.freeze
  GONE = [ActionController::Live::ClientDisconnected, IOError, Errno::EPIPE, Errno::ECONNRESET].freeze

  def self.now_ns = Process.clock_gettime(Process::CLOCK_REALTIME, :nanosecond)

  def self.event(number, size)
    head = "id: #{number}\ndata: {\"emitted\":#{now_ns},\"p\":\""
    head + 'x' * [0, size - head.bytesize - 4].max + "\"}\n\n"
  end

  def self.run(plan, out)
    count, gap, size, tail = PLANS.fetch(plan)
    count.times do |number|
      sleep gap if gap > 0
      yield number, size
    end
    sleep tail if tail > 0
    warn "done #{plan}"
  rescue *GONE => e
    warn "gone #{plan} #{e.class}"
  ensure
    out.close # or the response never ends
  end
end

class SetupApp < Rails::Application
  config.load_defaults 6.1
  config.root = __dir__
  config.eager_load = config.cache_classes = true
  config.secret_key_base = 'x' * 64
  config.hosts.clear
  config.logger = Logger.new($stderr)
  config.log_level = :warn
  config.action_controller.allow_forgery_protection = false
  routes.append do
    get '/ready' => 'feed#ready'
    match '/live/:plan' => 'feed#live', via: %i[get post]
  end
end

class FeedController < ActionController::Base
  include ActionController::Live

  # A plan is played once: 204 is how a server tells an EventSource that reconnects to stop (WHATWG HTML, 9.2.3).
  before_action(only: :live) { head :no_content if request.headers['Last-Event-ID'] }

  def ready = render(plain: "ready #{ENV['SETUP_TOKEN']}\n")

  def live
    response.headers['Content-Type'] = 'text/event-stream'
    response.headers['Cache-Control'] = 'no-cache'
    response.headers['Last-Modified'] = Time.now.httpdate if params[:lm]
    Feed.run(params[:plan], response.stream) { |number, size| response.stream.write Feed.event(number, size) }
  end
end
SetupApp.initialize!

run SetupApp
