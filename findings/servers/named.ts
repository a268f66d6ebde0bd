/** Servers by the names that people give them. */
import { servers } from './known.ts'
import type { Server } from './server.ts'

const plain = (text: string): string => text.toLowerCase().replaceAll(/[^a-z0-9.]+/g, '-')

/** Short ones, where another name is what its makers write. */
const aliases: Readonly<Record<string, string>> = {
  postgres: 'PostgreSQL',
  rabbit: 'RabbitMQ',
  mongo: 'MongoDB',
  fpm: 'PHP-FPM',
  mariadb: 'MariaDB or MySQL',
  mysql: 'MariaDB or MySQL',
  redis: 'Redis',
  valkey: 'Redis',
  ssh: 'OpenSSH',
  golang: 'Go',
}

/** As they can be written, one for each: `php-fpm`. */
export const serverNames: readonly string[] = [
  ...new Set([
    ...servers.map(({ name }) => plain(name)).filter((name) => !name.includes('-or-')),
    ...Object.keys(aliases),
  ]),
].sort()

/** The server of that name, or of a program's; undefined where none is known. */
export function serverNamed(word: string): Server | undefined {
  const wanted = plain(word)
  const alias = aliases[wanted]
  return (
    servers.find(({ name }) => plain(name) === wanted || name === alias) ??
    servers.find(({ programs }) => programs.some((program) => plain(program) === wanted))
  )
}
