/**
 * The servers that are recognised. Default backlogs were read from the kernel at running servers with somaxconn at 65535:
 * nginx 1.22, HAProxy 2.6, Apache 2.4, lighttpd 1.4, Redis 7.0, memcached 1.6, PgBouncer 1.18, PostgreSQL 15, MariaDB
 * 10.11, PHP 8.2, Varnish 7.1, Squid 5.7, OpenSSH 9.2, stunnel 5, dnsmasq 2.90, gunicorn 27, uvicorn 0.54, Hypercorn 0.18,
 * Daphne 4.2, Granian 2.8, Sanic 25.12, waitress 3.0, uWSGI 2.0, Python 3.11, Tornado 6.6, aiohttp 3.14, Werkzeug 3.1,
 * gevent 26.9, eventlet 0.41, Node 24, Bun, Deno 2.9, Java 17, Puma 5.6, Unicorn 6.0.
 */
import type { Endpoint, Server, Setting } from './server.ts'

const setting = (line: string, where: string, after: string): Setting => ({ line, where, after })
const option =
  (name: string, after = 'restart it') =>
  (backlog: number): Setting =>
    setting(`${name} ${backlog}`, 'on its command line', after)

/** As nginx, HAProxy and others write it. */
const address = (at: Endpoint): string => {
  if ('path' in at) return `unix:${at.path}`
  const host = at.address.includes(':') ? `[${at.address}]` : at.address
  return at.address === '0.0.0.0' ? String(at.port) : `${host}:${at.port}`
}
const port = (at: Endpoint): number | string => ('path' in at ? at.path : at.port)

/** The more telling come first: gunicorn is also Python, Tomcat also Java. */
export const servers: readonly Server[] = [
  {
    name: 'nginx',
    ownSockets: '`reuseport` in the same listen',
    programs: ['nginx', 'openresty', 'angie'],
    defaultBacklog: 511,
    backlog: (n, at) =>
      setting(`listen ${address(at)} backlog=${n};`, 'in one listen of that address', 'nginx -s reload'),
    pool: { line: 'worker_connections 4096;', what: 'connections of a worker', fills: 'refuses' },
    files: { setting: (n) => setting(`worker_rlimit_nofile ${n};`, 'beside worker_processes', 'nginx -s reload') },
  },
  {
    name: 'HAProxy',
    ownSockets: '`shards by-thread` on its bind line',
    programs: ['haproxy'],
    backlog: (n) => setting(`backlog ${n}`, 'in that frontend, or in defaults', 'reload it'),
    bound: 'Its backlog is its maxconn unless one is set',
    pool: { line: 'maxconn 10000', what: 'connections of a frontend', fills: 'connections' },
    files: { setting: (n) => setting(`ulimit-n ${n}`, 'in global', 'restart it'), counts: true },
  },
  {
    name: 'Apache',
    programs: ['apache2', 'httpd'],
    defaultBacklog: 511,
    backlog: (n) => setting(`ListenBacklog ${n}`, 'beside its Listen', 'restart it'),
    pool: { line: 'MaxRequestWorkers 400', what: 'requests at the same time', fills: 'requests' },
  },
  {
    name: 'lighttpd',
    programs: ['lighttpd'],
    defaultBacklog: 1024,
    backlog: (n) => setting(`server.listen-backlog = ${n}`, 'in lighttpd.conf', 'restart it'),
    pool: { line: 'server.max-connections = 4096', what: 'connections', fills: 'connections' },
    files: { setting: (n) => setting(`server.max-fds = ${n}`, 'in lighttpd.conf', 'restart it'), counts: true },
  },
  {
    name: 'PHP-FPM',
    programs: ['php-fpm', 'php-fpm7.4', 'php-fpm8.1', 'php-fpm8.2', 'php-fpm8.3', 'php-fpm8.4', 'php-fpm8.5'],
    backlog: (n) => setting(`listen.backlog = ${n}`, 'in its pool', 'restart it'),
    pool: { line: 'pm.max_children = 50', what: 'requests at the same time', fills: 'requests' },
  },
  {
    name: 'Varnish',
    programs: ['varnishd', 'cache-main'],
    defaultBacklog: 1024,
    backlog: (n) => setting(`-p listen_depth=${n}`, 'on its command line', 'restart it'),
    pool: { line: '-p thread_pool_max=5000', what: 'threads of a pool', fills: 'requests' },
  },
  {
    name: 'Squid',
    programs: ['squid'],
    bound: 'Its backlog is a quarter of max_filedescriptors',
    backlog: (n) => setting(`max_filedescriptors ${n * 4}`, 'in squid.conf', 'restart it'),
    files: { setting: (n) => setting(`max_filedescriptors ${n}`, 'in squid.conf', 'restart it'), counts: true },
  },
  {
    name: 'Envoy',
    ownSockets: 'enable_reuse_port, which is on unless it is turned off',
    programs: ['envoy'],
    backlog: (n) => setting(`tcp_backlog_size: ${n}`, 'in that listener', 'restart it'),
  },
  {
    name: 'Redis',
    programs: ['redis-server', 'redis-sentinel', 'valkey-server', 'keydb-server'],
    defaultBacklog: 511,
    backlog: (n) => setting(`tcp-backlog ${n}`, 'in redis.conf', 'restart it'),
    pool: { line: 'maxclients 10000', what: 'clients', fills: 'refuses' },
  },
  {
    name: 'memcached',
    programs: ['memcached'],
    defaultBacklog: 1024,
    backlog: option('-b'),
    pool: { line: '-c 4096', what: 'clients', fills: 'refuses' },
    files: { setting: option('-c'), counts: true },
  },
  {
    name: 'PgBouncer',
    programs: ['pgbouncer'],
    defaultBacklog: 128,
    backlog: (n) => setting(`listen_backlog = ${n}`, 'in its [pgbouncer]', 'restart it'),
    pool: { line: 'max_client_conn = 1000', what: 'clients', fills: 'refuses', clientsEnd: true },
  },
  {
    name: 'PostgreSQL',
    programs: ['postgres', 'postmaster'],
    bound: 'Its backlog is twice the processes that it may start: raise max_connections, or put PgBouncer in front',
    pool: {
      line: 'max_connections = 200',
      what: 'clients',
      fills: 'refuses',
      clientsEnd: true,
      // Of the processes that it may start as many as this are no clients' unless it is told otherwise, or are kept for superusers.
      refusesFrom: (limit) => Math.floor(limit / 2) - 25,
    },
  },
  {
    name: 'MariaDB or MySQL',
    programs: ['mariadbd', 'mysqld'],
    backlog: (n) => setting(`back_log = ${n}`, 'in [mysqld]', 'restart it'),
    bound: 'Its backlog follows max_connections unless one is set',
    pool: { line: 'max_connections = 500', what: 'clients', fills: 'refuses' },
    files: { setting: (n) => setting(`open_files_limit = ${n}`, 'in [mysqld]', 'restart it') },
  },
  { name: 'MongoDB', programs: ['mongod', 'mongos'], defaultBacklog: 'somaxconn' },
  {
    name: 'RabbitMQ',
    programs: [],
    line: /\brabbit\b/,
    defaultBacklog: 128,
    backlog: (n) => setting(`tcp_listen_options.backlog = ${n}`, 'in rabbitmq.conf', 'restart it'),
  },
  {
    name: 'OpenSSH',
    programs: ['sshd'],
    defaultBacklog: 128,
    bound: 'Its backlog is fixed when it is compiled',
    pool: {
      line: 'MaxStartups 100:30:1000',
      what: 'connections that have not logged in yet',
      fills: 'refuses',
      clientsEnd: true,
      // `sshd: /usr/sbin/sshd -D [listener] 3 of 10-100 startups`
      told(title) {
        const [, taken, someFrom, allFrom] = /\[listener\] (\d+) of (\d+)-(\d+) startups/.exec(title) ?? []
        return taken === undefined
          ? undefined
          : { taken: Number(taken), someFrom: Number(someFrom), allFrom: Number(allFrom) }
      },
    },
  },
  {
    name: 'Mosquitto',
    programs: ['mosquitto'],
    defaultBacklog: 100,
    bound: 'Its backlog is fixed when it is compiled',
    pool: { line: 'max_connections 10000', what: 'clients of a listener', fills: 'refuses', clientsEnd: true },
  },
  {
    name: 'stunnel',
    programs: ['stunnel', 'stunnel4'],
    defaultBacklog: 4096,
    bound: 'Its backlog is fixed when it is compiled',
  },
  { name: 'dnsmasq', programs: ['dnsmasq'], defaultBacklog: 32, bound: 'Its backlog is fixed when it is compiled' },
  {
    name: 'systemd',
    programs: ['systemd'],
    backlog: (n) =>
      setting(`[Socket]\nBacklog=${n}`, 'by systemctl edit of that .socket unit', 'systemctl restart of that unit'),
  },
  // Python
  {
    name: 'gunicorn',
    ownSockets: '--reuse-port',
    programs: ['gunicorn'],
    defaultBacklog: 2048,
    backlog: option('--backlog'),
    pool: { line: '--workers 8 --threads 4', what: 'requests at the same time', fills: 'requests' },
  },
  {
    name: 'uvicorn',
    programs: ['uvicorn'],
    defaultBacklog: 2048,
    backlog: option('--backlog'),
    pool: { line: '--workers 4', what: 'processes', fills: 'requests' },
  },
  { name: 'Hypercorn', programs: ['hypercorn'], defaultBacklog: 100, backlog: option('--backlog') },
  {
    name: 'Daphne',
    programs: ['daphne'],
    defaultBacklog: 50,
    backlog: (n, at) => setting(`-e tcp:port=${port(at)}:backlog=${n}`, 'on its command line', 'restart it'),
  },
  { name: 'Granian', programs: ['granian'], defaultBacklog: 1024, backlog: option('--backlog') },
  {
    name: 'Sanic',
    programs: ['sanic'],
    defaultBacklog: 100,
    backlog: (n) => setting(`app.run(backlog=${n})`, 'in its program', 'restart it'),
  },
  {
    name: 'waitress',
    programs: ['waitress-serve', 'waitress'],
    defaultBacklog: 1024,
    backlog: (n) => setting(`--backlog=${n}`, 'on its command line', 'restart it'),
    pool: { line: '--threads=8', what: 'requests at the same time', fills: 'requests' },
  },
  {
    name: 'uWSGI',
    ownSockets: '--reuse-port, and a socket of its own for each process (--map-socket)',
    programs: ['uwsgi', 'uwsgi-core'],
    defaultBacklog: 100,
    backlog: option('--listen'),
    bound: 'It does not start with a --listen above somaxconn: raise that first',
    pool: { line: '--processes 8 --threads 4', what: 'requests at the same time', fills: 'requests' },
  },
  {
    name: "Python's http.server",
    programs: ['http.server'],
    defaultBacklog: 5,
    backlog: (n) => setting(`request_queue_size = ${n}`, 'in its server class', 'restart it'),
  },
  // Ruby
  {
    name: 'Puma',
    programs: ['puma'],
    defaultBacklog: 1024,
    backlog: (n, at) =>
      setting(
        `bind 'tcp://${'path' in at ? at.path : `${at.address}:${at.port}`}?backlog=${n}'`,
        'in config/puma.rb',
        'restart it',
      ),
    pool: { line: 'workers 4; threads 5, 5', what: 'requests at the same time', fills: 'requests' },
  },
  {
    name: 'Unicorn',
    programs: ['unicorn', 'unicorn_rails'],
    defaultBacklog: 1024,
    backlog: (n, at) =>
      setting(
        `listen ${typeof port(at) === 'number' ? port(at) : `'${port(at)}'`}, backlog: ${n}`,
        'in its configuration file',
        'restart it',
      ),
    pool: { line: 'worker_processes 8', what: 'requests at the same time', fills: 'requests' },
  },
  // Java
  {
    name: 'Tomcat',
    programs: [],
    line: /\borg\.apache\.catalina\b|\btomcat\d*\b/,
    defaultBacklog: 100,
    backlog: (n) => setting(`acceptCount="${n}"`, 'in that <Connector> of server.xml', 'restart it'),
    pool: { line: 'maxThreads="400" maxConnections="10000"', what: 'requests and connections', fills: 'connections' },
  },
  {
    name: 'Jetty',
    programs: [],
    line: /\bjetty\b/,
    backlog: (n) => setting(`jetty.http.acceptQueueSize=${n}`, 'in start.d/http.ini', 'restart it'),
    pool: { line: 'jetty.threadPool.maxThreads=400', what: 'threads', fills: 'threads' },
  },
  {
    name: 'Kafka',
    programs: [],
    line: /\bkafka\.Kafka\b/,
    defaultBacklog: 50,
    backlog: (n) => setting(`socket.listen.backlog.size=${n}`, 'in server.properties', 'restart it'),
  },
  {
    name: 'Java',
    programs: ['java'],
    defaultBacklog: 50,
    backlog: (n, at) =>
      setting(
        `new ServerSocket(${port(at)}, ${n})`,
        'in its program; server.tomcat.accept-count in Spring Boot',
        'restart it',
      ),
  },
  // Go: all of them ask for what somaxconn was when they started.
  {
    name: 'Go',
    programs: [
      'caddy',
      'traefik',
      'prometheus',
      'grafana',
      'grafana-server',
      'dockerd',
      'docker-proxy',
      'containerd',
      'etcd',
      'consul',
      'vault',
      'nomad',
      'minio',
      'kubelet',
      'kube-proxy',
      'kube-apiserver',
      'coredns',
      'cloudflared',
      'node_exporter',
      'alertmanager',
      'loki',
      'influxd',
      'nats-server',
      'cockroach',
      'tailscaled',
    ],
    defaultBacklog: 'somaxconn',
    bound: 'Go asks for what net.core.somaxconn was when the program started: raise it, then restart the program',
  },
  // JavaScript
  {
    name: 'Bun',
    programs: ['bun'],
    defaultBacklog: 512,
    bound: 'Bun listens with 512 whatever its program asks for',
  },
  {
    name: 'Deno',
    programs: ['deno'],
    defaultBacklog: 511,
    backlog: (n) => setting(`Deno.serve({ tcpBacklog: ${n} }, …)`, 'in its program; Deno 2.5 or later', 'restart it'),
  },
  {
    name: 'Node',
    ownSockets: '`reusePort: true` in the same listen(), and a process each',
    programs: ['node', 'nodejs', 'pm2'],
    defaultBacklog: 511,
    backlog: (n, at) =>
      setting(
        'path' in at
          ? `server.listen({ path: '${at.path}', backlog: ${n} })`
          : `server.listen({ port: ${at.port}, backlog: ${n} })`,
        'in its program',
        'restart it',
      ),
  },
  {
    name: 'PHP',
    programs: ['php'],
    defaultBacklog: 4096,
    bound: "PHP's own server is meant for development and serves one request at a time",
  },
  {
    name: 'Python',
    programs: ['python', 'python2', 'python3', 'pypy3'],
    backlog: (n) =>
      setting(
        `backlog=${n}`,
        'in its call of asyncio.start_server(), run_app() or socket.create_server()',
        'restart it',
      ),
    bound: 'asyncio asks for 100, aiohttp, Tornado, Flask and gevent for 128, eventlet for 50, http.server for 5',
  },
  {
    name: '.NET',
    programs: ['dotnet'],
    defaultBacklog: 512,
    backlog: (n) => setting(`UseSockets(options => options.Backlog = ${n})`, 'in its program', 'restart it'),
  },
]
