/** Ends processes of a lab behind its back, as a crash or the kernel's memory killer would. */
import assert from 'node:assert/strict'
import fs from 'node:fs'
import type { Lab } from '#lab/lab.ts'

const entries = { exporter: 'services/exporter/main.ts', agent: 'load/agent/main.ts' } as const

type Killable = keyof typeof entries

/** A command for a host of the lab that SIGKILLs one service: the lab's process namespace has nothing else of that name. */
export function killing(part: Killable): string[] {
  const script = `
    const fs = require('node:fs')
    const pids = fs.readdirSync('/proc').filter((name) => /^\\d+$/.test(name) && Number(name) !== process.pid)
    const wanted = ${JSON.stringify(entries[part])}
    const found = pids.filter((pid) => fs.readFileSync('/proc/' + pid + '/cmdline', 'utf8').includes(wanted))
    for (const pid of found) process.kill(Number(pid), 'SIGKILL')
    process.exitCode = found.length === 1 ? 0 : 1`
  return ['node', '--eval', script]
}

export async function endPart(lab: Lab, part: Killable): Promise<void> {
  const { status, stderr } = await lab.run(killing(part))
  assert.equal(status, 0, `one process is the ${part}: ${stderr}`)
}

/** The first process of the lab that `pid` has started: number 1 of the lab's process namespace. */
export function initOf(pid: number): number {
  const children = (parent: number): number[] =>
    fs.readFileSync(`/proc/${parent}/task/${parent}/children`, 'utf8').trim().split(' ').filter(Boolean).map(Number)
  const [unshare] = children(pid).filter((child) => fs.readFileSync(`/proc/${child}/comm`, 'utf8') === 'unshare\n')
  assert.ok(unshare !== undefined, 'a lab is a child of whoever started it')
  const [init] = children(unshare)
  assert.ok(init !== undefined, 'unshare has started it')
  return init
}
