/**
 * A stranger that tries to listen on a port: `listen.ts ADDRESS PORT [--reuse-port] [--user UID] [--backlog N]`.
 * Prints the name of the error, or `listening` and the id of a process that holds the socket until it is ended and closes
 * every connection to it.
 */
import { fork } from 'node:child_process'
import net from 'node:net'
import { parseArgs } from 'node:util'

if (process.send === undefined) {
  // The caller waits for this process to end, so a separate process holds the socket.
  const keeper = fork(import.meta.filename, process.argv.slice(2), { detached: true, stdio: 'ignore' })
  keeper.once('message', (answer) => {
    console.log(answer)
    process.exit()
  })
  keeper.once('exit', () => process.exit(1))
} else {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      'reuse-port': { type: 'boolean', default: false },
      user: { type: 'string' },
      backlog: { type: 'string', default: '5' },
    },
  })
  const [host, port] = positionals
  // A socket belongs to the user that creates it.
  if (values.user !== undefined) process.setuid?.(Number(values.user))
  const server = net.createServer((client) => client.destroy())
  server.once('error', (error: NodeJS.ErrnoException) => process.send?.(error.code, () => process.exit()))
  server.listen({ host, port: Number(port), backlog: Number(values.backlog), reusePort: values['reuse-port'] }, () =>
    process.send?.(`listening ${process.pid}`),
  )
}
