use Rack::Deflater, sync: true
run Array(Rack::Builder.parse_file(File.expand_path('../rails/config.ru', __dir__))).first
