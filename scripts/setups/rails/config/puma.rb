# Puma reads this by itself.
# cure: config/puma.rb
