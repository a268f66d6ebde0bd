/** `spillway top` at a host with real servers, as an SVG: one worker of nginx is stopped, and gunicorn is overloaded. */
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { eventually } from '#common/waiting.ts'
import { CheckHost, CLIENTS, NODE_SERVER, run, spillway } from '../../test/support/check-host.ts'
import type { RealServer } from '../../test/support/real-servers.ts'
import * as servers from '../../test/support/real-servers.ts'
import { terminalSvg } from './terminal-svg.ts'

const COLUMNS = 112
const ROWS = 19
const WORKERS = 4
const GET = 'GET / HTTP/1.1\r\nHost: x\r\n\r\n'
const node: RealServer = { needs: {}, command: (port) => [process.execPath, ['-e', NODE_SERVER, String(port), '-']] }

/** Draws it into a file. */
export async function drawTop(file: string): Promise<void> {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'spillway-top-'))
  try {
    await using host = await CheckHost.start()
    const lines = await viewOfTrouble(host, folder)
    fs.writeFileSync(file, terminalSvg(lines, COLUMNS, 'spillway top: the queues of a host, the full one first'))
  } finally {
    fs.rmSync(folder, { recursive: true, force: true })
  }
}

async function viewOfTrouble(host: CheckHost, folder: string): Promise<string[]> {
  const start = async (port: number, server: RealServer, sockets = 1): Promise<number> => {
    const own = fs.mkdtempSync(path.join(folder, 'server-'))
    const [command, words] = server.command(port, own)
    const { pid = 0 } = host.start(command, words, {}, own)
    await host.listens(port, sockets)
    return pid
  }
  const clients = (port: number, count: number, say: string): void => {
    host.start(process.execPath, ['-e', CLIENTS, String(port), String(count), ...(say === '' ? [] : [say])])
  }
  const master = await start(8080, servers.nginx('reuseport backlog=64', WORKERS), WORKERS)
  await start(8000, servers.gunicorn(600, '--backlog', '64', '--workers', '2'))
  await start(6379, servers.redis())
  await start(9000, servers.haproxy())
  await start(3000, node)
  const { stdout } = await run('pgrep', ['-P', String(master)])
  process.kill(Number(stdout.split('\n')[1]), 'SIGSTOP')
  clients(8080, 480, GET)
  clients(8000, 80, GET)
  return frameOf(
    host,
    (frame) => /2 full/.test(frame) && /gunicorn[\s\S]*nobody/.test(frame) && /read every 4 ms/.test(frame),
  )
}

/** A frame of the view, as soon as one is as wanted. */
async function frameOf(host: CheckHost, isWanted: (frame: string) => boolean): Promise<string[]> {
  const command = `stty rows ${ROWS} cols ${COLUMNS}; exec ${spillway} top --netns self`
  const view = host.start('script', ['-qefc', command, '/dev/null'], { TERM: 'xterm-256color', NO_COLOR: '' })
  let output = ''
  view.stdout?.setEncoding('utf8').on('data', (text: string) => {
    output += text
  })
  // biome-ignore lint/suspicious/noControlCharactersInRegex: the escape character is what it looks for
  const frames = /\x1b\[H((?:(?!\x1b\[J)[\s\S])*)\x1b\[J/g
  const frame = await eventually(
    'the view shows the trouble',
    () => [...output.matchAll(frames)].at(-1)?.[1] ?? '',
    isWanted,
    { withinMs: 60_000 },
  )
  return frame.replaceAll('\x1b[K', '').split(/\r+\n/)
}
