# puma config.ru, unicorn config.ru
run ->(_environment) { [200, { 'content-type' => 'text/plain', 'content-length' => '1' }, ['x']] }
