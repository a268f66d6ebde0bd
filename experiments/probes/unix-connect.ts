/**
 * `unix-connect.ts NAME CONNECTIONS`: connects to an abstract UNIX name without waiting, as nginx does, one connection after the
 * other; closes them when all have been tried. Prints how many came of each outcome (`connected`, or the name of the error), as JSON.
 */
import { once } from 'node:events'
import net from 'node:net'

const [name = '', connections = ''] = process.argv.slice(2)
const outcomes: Record<string, number> = {}
const sockets: net.Socket[] = []
for (let left = Number(connections); left > 0; left--) {
  const socket = net.connect(`\0${name}`)
  sockets.push(socket)
  let outcome = 'connected'
  try {
    await once(socket, 'connect')
  } catch (error) {
    outcome = error instanceof Error && 'code' in error ? String(error.code) : 'error'
  }
  outcomes[outcome] = (outcomes[outcome] ?? 0) + 1
}
for (const socket of sockets) socket.destroy()
console.log(JSON.stringify(outcomes))
