/** Servers as people have them, each as the command that they would type behind `--`. */
import { execFileSync } from 'node:child_process'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { ordersOf } from '#findings/servers/orders.ts'
import type { LabOptions } from '#lab/lab.ts'
import { GO_SOURCE } from './real-servers.ts'
import { findProgram } from './tools.ts'

export interface OwnServerRecipe {
  /** Programs that it needs, as in real-servers.ts. */
  needs: Record<string, string>
  /** Writes what it reads into `folder`. */
  command(folder: string): string[]
  /** What clients send, where it is not HTTP: Base64, empty for nothing. */
  request?: string
}

const write = (folder: string, name: string, text: string): string => {
  const file = path.join(folder, name)
  fs.writeFileSync(file, text)
  return file
}
const program = (...names: string[]): string =>
  names.map(findProgram).find((file) => file !== undefined) ?? names[0] ?? ''

const WSGI = `def app(environ, start):
    start('200 OK', [('Content-Length', '1')])
    return [b'x']
`

/** nginx as Debian configures it: it becomes a daemon and drops its privileges. */
export const nginx = (listen = '', { port = '8080', workers = 2 } = {}): OwnServerRecipe => ({
  needs: { nginx: 'nginx-light' },
  command: (folder) => [
    program('nginx'),
    '-c',
    write(
      folder,
      'nginx.conf',
      `user www-data; worker_processes ${workers}; pid ${folder}/nginx.pid; error_log stderr; events {}
http { access_log off; client_body_temp_path ${folder}/b; proxy_temp_path ${folder}/p; fastcgi_temp_path ${folder}/f; uwsgi_temp_path ${folder}/u; scgi_temp_path ${folder}/s;
server { listen ${port} ${listen}; return 200 "x"; } }`,
    ),
  ],
})

export const gunicorn = (...options: string[]): OwnServerRecipe => ({
  needs: { gunicorn: 'gunicorn' },
  command(folder) {
    write(folder, 'wapp.py', WSGI)
    return [
      program('gunicorn'),
      '--chdir',
      folder,
      '--bind',
      '{address}:{port}',
      '--timeout',
      '600',
      ...options,
      'wapp:app',
    ]
  },
})

export const uwsgi = (...options: string[]): OwnServerRecipe => ({
  needs: { 'uwsgi-core': 'uwsgi-plugin-python3' },
  command(folder) {
    const app = ['--plugin', 'python3', '--wsgi-file', write(folder, 'uapp.py', WSGI), '--callable', 'app']
    return [program('uwsgi-core', 'uwsgi'), '--http-socket', '{address}:{port}', '--master', ...app, ...options]
  },
})

export const haproxy = (): OwnServerRecipe => ({
  needs: { haproxy: 'haproxy' },
  command(folder) {
    const defaults = 'defaults\n mode http\n timeout client 60s\n timeout connect 5s\n timeout server 60s\n'
    const answers = 'http-request return status 200 content-type text/plain string x'
    return [
      program('haproxy'),
      '-W',
      '-db',
      '-f',
      write(folder, 'haproxy.cfg', `${defaults}frontend web\n bind :8080 backlog 64\n ${answers}\n`),
    ]
  },
})

export const redis = (): OwnServerRecipe => ({
  needs: { 'redis-server': 'redis-server' },
  command: (folder) => [
    program('redis-server'),
    ...['--port', '{port}', '--bind', '{address}', '--protected-mode', 'no', '--save', '', '--dir', folder],
  ],
  request: Buffer.from('PING\r\n').toString('base64'),
})

export const goServer = (): OwnServerRecipe => ({
  needs: { go: 'golang-go' },
  command: (folder) => [builtGo(folder), '{address}:{port}'],
})

function builtGo(folder: string): string {
  const binary = path.join(folder, 'go-server')
  const env = { ...process.env, GOCACHE: path.join(os.tmpdir(), 'spillway-go-cache'), GO111MODULE: 'off' }
  execFileSync(program('go'), ['build', '-o', binary, write(folder, 'serve.go', GO_SOURCE)], { env })
  return binary
}

export const nodeCluster = (): OwnServerRecipe => ({
  needs: {},
  command: (folder) => [
    process.execPath,
    write(
      folder,
      'cluster.mjs',
      `import cluster from 'node:cluster'; import http from 'node:http'
if (cluster.isPrimary) { cluster.fork(); cluster.fork() }
else http.createServer((_, response) => response.end('x')).listen({ port: Number(process.env.PORT), host: process.env.HOST })
`,
    ),
  ],
})

export const httpServer = (): OwnServerRecipe => ({
  needs: { python3: 'python3' },
  command: (folder) => [
    program('python3'),
    '-m',
    'http.server',
    '--bind',
    '{address}',
    '--directory',
    folder,
    '{port}',
  ],
})

/** What a lab is started with to have this server in place of the backends. */
export function labWith({ command, request }: OwnServerRecipe, folder: string): LabOptions {
  const typed = command(folder)
  return { server: { ...ordersOf(typed), command: typed }, ...(request === undefined ? {} : { request }) }
}
