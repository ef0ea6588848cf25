# cure: config.ru
run Array(Rack::Builder.parse_file(File.expand_path('../rails/config.ru', __dir__))).first
