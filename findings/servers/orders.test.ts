import assert from 'node:assert/strict'
import test from 'node:test'
import { ordersOf } from './orders.ts'

test('a known server is stopped and reloaded in its own way, however it was started', () => {
  assert.deepEqual(ordersOf(['/usr/sbin/nginx', '-c', 'my.conf']), {
    name: 'nginx',
    stop: 'kill -QUIT {pid}',
    reload: 'kill -HUP {pid}',
  })
  assert.equal(ordersOf(['python3', '-m', 'gunicorn', 'app:app']).reload, 'kill -HUP {pid}')
  assert.equal(ordersOf(['uwsgi', '--http-socket', '{address}:{port}']).stop, 'kill -INT {pid}')
})

test('only a HAProxy with a master can be reloaded by a signal', () => {
  assert.equal(ordersOf(['haproxy', '-db', '-f', 'x.cfg']).reload, undefined)
  assert.equal(ordersOf(['haproxy', '-W', '-db', '-f', 'x.cfg']).reload, 'kill -USR2 {pid}')
})

test('a server that nobody knows ends by SIGTERM, has the name of its program, and no reload is made up', () => {
  assert.deepEqual(ordersOf(['./build/my-server', '--port', '{port}']), { name: 'my-server' })
  assert.equal(ordersOf(['python3', '-m', 'http.server']).name, 'http.server')
  assert.equal(ordersOf(['php', '-S', '{address}:{port}', '-t', 'public']).name, 'php')
  assert.equal(ordersOf(['php8.2', '-d', 'x=y', '-S', 'localhost:80', 'router.php']).name, 'router')
  assert.equal(ordersOf(['./a\u001b[31mb']).name, 'a?[31mb')
})
