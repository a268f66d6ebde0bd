/** The board of a host of its own, as the real commands serve it: they run in the host's namespace, a relay leads the browser in. */
import type { ChildProcess } from 'node:child_process'
import fs from 'node:fs'
import net from 'node:net'
import os from 'node:os'
import path from 'node:path'
import type { TestContext } from 'node:test'
import { eventually } from '#common/waiting.ts'
import { type CheckHost, spillway } from './check-host.ts'

/** A folder for sockets, which goes with the test. */
export function socketFolder(context: TestContext): string {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'board-host-'))
  context.after(() => fs.rmSync(folder, { recursive: true, force: true }))
  return folder
}

/** An address on loopback that leads to a UNIX socket. */
export async function relayTo(context: TestContext, socket: string): Promise<string> {
  const open = new Set<net.Socket>()
  const server = net.createServer((near) => {
    const far = net.connect(socket)
    for (const [one, other] of [
      [near, far],
      [far, near],
    ] as const) {
      open.add(one)
      one.on('error', () => other.destroy()).on('close', () => other.destroy() && open.delete(one))
      one.pipe(other)
    }
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  context.after(() => {
    for (const one of open) one.destroy()
    server.close()
  })
  const address = server.address()
  if (typeof address !== 'object' || address === null) throw new Error('No port on loopback')
  return `http://127.0.0.1:${address.port}`
}

const listens = (socket: string): Promise<boolean> =>
  new Promise((resolve) => {
    const client = net.connect(socket)
    client.on('connect', () => resolve(true)).on('error', () => resolve(false))
    client.on('connect', () => client.destroy())
  })

/** An exporter in the host, at a UNIX socket; resolves when it answers. */
export async function exporterIn(host: CheckHost, socket: string): Promise<ChildProcess> {
  const exporter = host.start(spillway, ['exporter', '--listen', `unix:${socket}`])
  await eventually('the exporter answers', () => listens(socket))
  return exporter
}

/** `spillway top --web` in the host; gives the page's address. */
export async function topOnTheWeb(context: TestContext, host: CheckHost): Promise<string> {
  const socket = path.join(socketFolder(context), 'board')
  host.start(spillway, ['top', `--web=unix:${socket}`])
  await eventually('the board is served', () => listens(socket))
  return relayTo(context, socket)
}
