/** Ruby and PHP, databases and caches. */
import { fastCgi } from '../fast-cgi.ts'
import type { Recipe } from '../recipe.ts'

/** SSLRequest, the shortest first message of a client: postgresql.org/docs/current/protocol-message-formats.html */
const sslRequest = Buffer.from('0000000804d2162f', 'hex')

export const others: readonly Recipe[] = [
  {
    name: 'puma',
    title: 'Puma',
    install: 'apt install puma',
    programs: ['puma'],
    version: ['puma', '--version'],
    command: ['puma', '-b', 'tcp://{address}:{port}', '{apps}/config.ru'],
  },
  {
    name: 'unicorn',
    title: 'Unicorn, 2 workers',
    install: 'apt install unicorn',
    programs: ['unicorn'],
    version: ['unicorn', '--version'],
    command: ['unicorn', '-c', '{apps}/unicorn.rb', '-l', '{address}:{port}', '{apps}/config.ru'],
  },
  {
    name: 'php-fpm',
    title: 'PHP-FPM over TCP, 2 children',
    install: 'apt install php-fpm',
    programs: ['php-fpm8.2'],
    // Its children, who have another user, need not reach the folder of the apps.
    prepare: [['cp', '{apps}/index.php', '{folder}']],
    version: ['php-fpm8.2', '--version'],
    command: ['php-fpm8.2', '--nodaemonize', '--fpm-config', '{apps}/php-fpm.conf'],
    request: (folder) => fastCgi(`${folder}/index.php`),
  },
  {
    name: 'redis',
    title: 'Redis',
    install: 'apt install redis-server',
    programs: ['redis-server'],
    version: ['redis-server', '--version'],
    command: ['redis-server', '--bind', '{address}', '--port', '{port}', '--protected-mode', 'no', '--save', ''],
    request: () => Buffer.from('PING\r\n'),
  },
  {
    name: 'memcached',
    title: 'memcached',
    install: 'apt install memcached',
    programs: ['memcached'],
    version: ['memcached', '--version'],
    command: ['memcached', '-u', 'nobody', '-l', '{address}', '-p', '{port}'],
    request: () => Buffer.from('version\r\n'),
  },
  {
    name: 'postgresql',
    title: 'PostgreSQL',
    install: 'apt install postgresql',
    programs: ['postgres', 'initdb'],
    version: ['postgres', '--version'],
    command: ['sh', '{apps}/postgresql.sh'],
    options: ['--reload', 'kill -HUP {pid}'],
    request: () => sslRequest,
  },
  {
    name: 'pgbouncer',
    title: 'PgBouncer',
    install: 'apt install pgbouncer',
    programs: ['pgbouncer'],
    version: ['pgbouncer', '--version'],
    command: ['pgbouncer', '{apps}/pgbouncer.ini'],
    request: () => sslRequest,
  },
]
