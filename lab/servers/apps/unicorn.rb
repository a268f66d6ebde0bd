# unicorn -c unicorn.rb config.ru: without a file of its own, SIGHUP starts a second Unicorn beside the first
worker_processes 2
