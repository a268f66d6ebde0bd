/** Servers as Debian has them, each with the smallest configuration that makes it listen on a port of its own. */
import fs from 'node:fs'
import path from 'node:path'
import { findProgram } from './tools.ts'

export interface RealServer {
  /** The programs that it needs, and the Debian packages that bring them. */
  needs: Record<string, string>
  command(port: number, folder: string): [command: string, args: string[]]
}

const STREAM_MODULE = '/usr/lib/nginx/modules/ngx_stream_module.so'

const write = (folder: string, name: string, text: string): string => {
  const file = path.join(folder, name)
  fs.writeFileSync(file, text)
  return file
}
const program = (...names: string[]): string =>
  names.map(findProgram).find((file) => file !== undefined) ?? names[0] ?? ''

/** Answers after `sleep` seconds. */
const WSGI = (sleep: number): string => `import time
def app(environ, start):
    time.sleep(${sleep})
    start('200 OK', [('Content-Length', '1')])
    return [b'x']
`

/** `events`: settings of that part of its configuration. */
export const nginx = (listen = '', workers = 1, events = ''): RealServer => ({
  needs: { nginx: 'nginx-light' },
  command(port, folder) {
    const file = write(
      folder,
      'nginx.conf',
      `user root; daemon off; worker_processes ${workers}; pid ${folder}/nginx.pid; error_log /dev/null; events { ${events} }
http { access_log off; client_body_temp_path ${folder}/b; proxy_temp_path ${folder}/p; fastcgi_temp_path ${folder}/f; uwsgi_temp_path ${folder}/u; scgi_temp_path ${folder}/s;
server { listen 127.0.0.1:${port} ${listen}; } }`,
    )
    return [program('nginx'), ['-c', file, '-e', '/dev/null']]
  },
})

/** Passes connections on to another port, as its `stream` does; `events`: settings of that part. */
export const nginxStream = (to: number, workers = 1, events = ''): RealServer => ({
  needs: { nginx: 'nginx-light', [STREAM_MODULE]: 'libnginx-mod-stream' },
  command(port, folder) {
    const file = write(
      folder,
      'nginx.conf',
      `load_module ${STREAM_MODULE}; user root; daemon off; worker_processes ${workers}; pid ${folder}/nginx.pid; error_log /dev/null;
events { ${events} } stream { server { listen 127.0.0.1:${port}; proxy_pass 127.0.0.1:${to}; } }`,
    )
    return [program('nginx'), ['-c', file, '-e', '/dev/null']]
  },
})

export const gunicorn = (sleep: number, ...options: string[]): RealServer => ({
  needs: { gunicorn: 'gunicorn' },
  command(port, folder) {
    write(folder, 'wapp.py', WSGI(sleep))
    return [
      program('gunicorn'),
      ['--chdir', folder, '--bind', `127.0.0.1:${port}`, '--timeout', '600', ...options, 'wapp:app'],
    ]
  },
})

export const uwsgi = (sleep: number, ...options: string[]): RealServer => ({
  needs: { 'uwsgi-core': 'uwsgi-plugin-python3' },
  command(port, folder) {
    const file = write(folder, 'wapp.py', WSGI(sleep))
    const app = ['--plugin', 'python3', '--wsgi-file', file, '--callable', 'app']
    return [program('uwsgi-core', 'uwsgi'), ['--http-socket', `127.0.0.1:${port}`, ...app, ...options]]
  },
})

export const phpFpm = (socket: string, settings: string): RealServer => ({
  needs: { 'php-fpm8.2': 'php8.2-fpm' },
  command(_, folder) {
    const pool = `[www]\nlisten = ${socket}\nuser = root\ngroup = root\npm = static\n${settings}\n`
    const file = write(folder, 'fpm.conf', `[global]\nerror_log = /dev/null\n${pool}`)
    return [program('php-fpm8.2'), ['--allow-to-run-as-root', '--nodaemonize', '--fpm-config', file]]
  },
})

export const haproxy = (frontend = ''): RealServer => ({
  needs: { haproxy: 'haproxy' },
  command(port, folder) {
    const defaults = 'defaults\n mode http\n timeout client 60s\n timeout connect 5s\n timeout server 60s\n'
    const file = write(folder, 'haproxy.cfg', `${defaults}frontend web\n bind 127.0.0.1:${port}\n ${frontend}\n`)
    return [program('haproxy'), ['-db', '-f', file]]
  },
})

export const redis = (...options: string[]): RealServer => ({
  needs: { 'redis-server': 'redis-server' },
  command: (port, folder) => [
    program('redis-server'),
    ['--port', `${port}`, '--bind', '127.0.0.1', '--save', '', '--dir', folder, ...options],
  ],
})

/** A program in Python; `serve` gets the port as `port`. */
const python = (serve: string): RealServer => ({
  needs: { python3: 'python3' },
  command: (port, folder) => [program('python3'), [write(folder, 'serve.py', `port = ${port}\n${serve}`)]],
})

export const asyncio = (handler: string): RealServer =>
  python(`import asyncio, time
async def client(reader, writer):
    await reader.readline()
    ${handler}
    writer.close()
async def main():
    server = await asyncio.start_server(client, '127.0.0.1', port)
    await server.serve_forever()
asyncio.run(main())
`)

export const java = (handler: string): RealServer => ({
  needs: { javac: 'default-jdk-headless' },
  command: (port, folder) => [
    program('java'),
    [
      '-Xshare:auto',
      '-XX:TieredStopAtLevel=1',
      write(
        folder,
        'Serve.java',
        `import java.net.*;
public class Serve { public static void main(String[] a) throws Exception {
  ServerSocket server = new ServerSocket(${port}, 0, InetAddress.getByName("127.0.0.1"));
  for (;;) { Socket client = server.accept(); ${handler} client.close(); } } }`,
      ),
    ],
  ],
})

/** Compiled beforehand: see goServer(). */
export const go = (binary: string): RealServer => ({
  needs: { go: 'golang-go' },
  command: (port) => [binary, [`127.0.0.1:${port}`]],
})

export const GO_SOURCE = `package main

import ("net/http"; "os")

func main() { http.ListenAndServe(os.Args[1], nil) }
`

export const activated = (...command: string[]): RealServer => ({
  needs: { 'systemd-socket-activate': 'systemd' },
  command: (port) => [program('systemd-socket-activate'), ['--listen', `127.0.0.1:${port}`, ...command]],
})

/** `settings`: further lines of its configuration. */
export const apache = (settings = ''): RealServer => ({
  needs: { apache2: 'apache2-bin' },
  command(port, folder) {
    const modules = ['mpm_event', 'authz_core'].map(
      (name) => `LoadModule ${name}_module /usr/lib/apache2/modules/mod_${name}.so`,
    )
    const file = write(
      folder,
      'apache.conf',
      `ServerName x\nListen 127.0.0.1:${port}\nPidFile ${folder}/apache.pid\nErrorLog /dev/null\n${modules.join('\n')}\n${settings}\n`,
    )
    return [program('apache2'), ['-DFOREGROUND', '-f', file]]
  },
})

/** `settings`: further lines of its configuration. */
export const lighttpd = (settings = ''): RealServer => ({
  needs: { lighttpd: 'lighttpd' },
  command: (port, folder) => [
    program('lighttpd'),
    [
      '-D',
      '-f',
      write(
        folder,
        'lighttpd.conf',
        `server.document-root = "${folder}"\nserver.bind = "127.0.0.1"\nserver.port = ${port}\n${settings}\n`,
      ),
    ],
  ],
})

export const memcached = (...options: string[]): RealServer => ({
  needs: { memcached: 'memcached' },
  command: (port) => [program('memcached'), ['-u', 'root', '-l', '127.0.0.1', '-p', `${port}`, ...options]],
})

/** For a server that root must not run: in a user namespace inside that of the test's host, as the user daemon, whom all systems have. */
const asSomebody = (script: string): [command: string, args: string[]] => [
  program('unshare'),
  ['--user', '--map-user=1', '--map-group=1', 'sh', '-euc', script],
]

/** `startups`: how many may be connected without having logged in. */
export const sshd = (startups = '10:30:100'): RealServer => ({
  needs: { sshd: 'openssh-server', 'ssh-keygen': 'openssh-client', unshare: 'util-linux' },
  command(port, folder) {
    const key = `${folder}/host-key`
    const settings = {
      Port: port,
      ListenAddress: '127.0.0.1',
      HostKey: key,
      PidFile: 'none',
      UsePAM: 'no',
      MaxStartups: startups,
    }
    const lines = Object.entries(settings).map(([name, value]) => `${name} ${value}`)
    const file = write(folder, 'sshd_config', `${lines.join('\n')}\n`)
    return asSomebody(`ssh-keygen -q -t ed25519 -N '' -f ${key}; exec ${program('sshd')} -D -e -f ${file}`)
  },
})

/** `settings`: further lines of its configuration. */
export const mosquitto = (settings = ''): RealServer => ({
  needs: { mosquitto: 'mosquitto' },
  command: (port, folder) => [
    program('mosquitto'),
    [
      '-c',
      write(folder, 'mosquitto.conf', `user root\nlistener ${port} 127.0.0.1\nallow_anonymous true\n${settings}\n`),
    ],
  ],
})

const TOMCAT = '/usr/share/java/tomcat10-embed-core.jar'
/** Answers after `sleep` seconds; `connector`: properties of its connector. */
export const tomcat = (sleep = 0, connector: Record<string, number> = {}): RealServer => ({
  needs: { javac: 'default-jdk-headless', [TOMCAT]: 'libtomcat10-embed-java' },
  command: (port, folder) => [
    program('java'),
    [
      '-Xshare:auto',
      '-XX:TieredStopAtLevel=1',
      '-cp',
      TOMCAT,
      write(
        folder,
        'Serve.java',
        `import jakarta.servlet.http.*;
import org.apache.catalina.startup.Tomcat;
public class Serve { public static void main(String[] a) throws Exception {
  Tomcat tomcat = new Tomcat();
  tomcat.setBaseDir("${folder}");
  tomcat.setPort(${port});
  tomcat.getConnector().setProperty("address", "127.0.0.1");
  ${Object.entries(connector)
    .map(([name, value]) => `tomcat.getConnector().setProperty("${name}", "${value}");`)
    .join('\n  ')}
  org.apache.catalina.Context context = tomcat.addContext("", null);
  Tomcat.addServlet(context, "serve", new HttpServlet() {
    protected void doGet(HttpServletRequest request, HttpServletResponse response) throws java.io.IOException {
      try { Thread.sleep(${sleep * 1000}); } catch (InterruptedException e) {}
      response.getWriter().write("ok");
    }
  });
  context.addServletMappingDecoded("/", "serve");
  tomcat.start();
  tomcat.getServer().await();
} }`,
      ),
    ],
  ],
})

export const postgres = (clients = 100): RealServer => ({
  needs: { postgres: 'postgresql', initdb: 'postgresql', unshare: 'util-linux' },
  command(port, folder) {
    const data = `${folder}/data`
    const made = `${program('initdb')} --no-sync --auth=trust --username=postgres -D ${data} > /dev/null`
    const settings = `-c listen_addresses=127.0.0.1 -c port=${port} -c max_connections=${clients} -c fsync=off`
    return asSomebody(`${made}; exec ${program('postgres')} -D ${data} -k '' ${settings}`)
  },
})

/** What a client of PostgreSQL, or of PgBouncer, sends first. */
export const postgresLogin = ((): string => {
  const words = Buffer.from('user\0postgres\0database\0postgres\0\0')
  const head = Buffer.alloc(8)
  head.writeUInt32BE(head.length + words.length)
  head.writeUInt32BE(3 << 16, 4)
  return `base64:${Buffer.concat([head, words]).toString('base64')}`
})()

export const pgbouncer = (settings = ''): RealServer => ({
  needs: { pgbouncer: 'pgbouncer', unshare: 'util-linux' },
  command(port, folder) {
    const listens = `listen_addr = 127.0.0.1\nlisten_port = ${port}\nunix_socket_dir =`
    const file = write(
      folder,
      'pgbouncer.ini',
      `[databases]\npostgres = host=127.0.0.1 port=9 user=postgres\n[pgbouncer]\n${listens}\nauth_type = any\n${settings}\n`,
    )
    return asSomebody(`exec ${program('pgbouncer')} -q ${file}`)
  },
})

const RACK = "run ->(environment) { [200, { 'content-type' => 'text/plain' }, ['x']] }\n"
export const puma = (): RealServer => ({
  needs: { puma: 'puma' },
  command: (port, folder) => [program('puma'), ['-b', `tcp://127.0.0.1:${port}`, write(folder, 'config.ru', RACK)]],
})
export const unicorn = (): RealServer => ({
  needs: { unicorn: 'unicorn' },
  command: (port, folder) => [program('unicorn'), ['-l', `127.0.0.1:${port}`, write(folder, 'config.ru', RACK)]],
})
export const httpServer = (): RealServer => ({
  needs: { python3: 'python3' },
  command: (port, folder) => [
    program('python3'),
    ['-m', 'http.server', '--bind', '127.0.0.1', '--directory', folder, `${port}`],
  ],
})
export const phpServer = (): RealServer => ({
  needs: { 'php8.2': 'php8.2-cli' },
  command: (port, folder) => [program('php8.2'), ['-S', `127.0.0.1:${port}`, '-t', folder]],
})
