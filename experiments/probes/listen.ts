/**
 * A stranger that wants to listen on a port: `listen.ts ADDRESS PORT [--reuse-port] [--user UID] [--backlog N]`.
 * Prints the name of the error, or `listening` and the number of a process that keeps the socket until it is ended, and
 * closes whoever connects to it.
 */
import { fork } from 'node:child_process'
import net from 'node:net'
import { parseArgs } from 'node:util'

if (process.send === undefined) {
  // Whoever runs this waits for its end, so that a process of its own keeps the socket.
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
  // Sockets belong to the user who makes them.
  if (values.user !== undefined) process.setuid?.(Number(values.user))
  const server = net.createServer((client) => client.destroy())
  server.once('error', (error: NodeJS.ErrnoException) => process.send?.(error.code, () => process.exit()))
  server.listen({ host, port: Number(port), backlog: Number(values.backlog), reusePort: values['reuse-port'] }, () =>
    process.send?.(`listening ${process.pid}`),
  )
}
