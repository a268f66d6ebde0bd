/** A kernel that lacks a kind of socket diagnostics: as on this one, with that one call refused. */
import assert from 'node:assert/strict'
import test from 'node:test'
import { KernelError } from '#kernel/errors.ts'
import { SockDiag } from '#kernel/sock-diag.ts'
import { defaultPace } from './pace.ts'
import { Sampler } from './sampler.ts'

const ENTRY = { cpuSeconds: 0, late: 0, answers: 0 }

test('where the kernel has no unix_diag that is said once, UNIX listeners are absent, and everything else goes on', (context) => {
  const lacking = context.mock.method(SockDiag.prototype, 'dumpUnixListeners', () => {
    throw new KernelError('sock_diag', 'ENOENT', 'Asking the kernel for its UNIX sockets')
  })
  const lines: string[] = []
  let nowMs = 0
  const orders = {
    pace: defaultPace,
    namespaces: [{ kind: 'self' } as const],
    proc: '/proc',
    again: false,
    firstSequence: 1,
    discoveries: new MessageChannel().port2,
  }
  const sampler = new Sampler(
    orders,
    () => nowMs,
    () => 0,
    (line) => lines.push(line),
  )
  try {
    sampler.start()
    for (let ticks = 0; ticks < 500; ticks++) {
      nowMs += defaultPace.sampleIntervalMs
      sampler.tick(nowMs)
    }
    const { namespaces, errors } = sampler.snapshot(ENTRY)
    const [namespace] = namespaces
    assert.equal(namespace?.unixListeners, undefined)
    assert.equal(namespace?.costs.unix.readMs, null)
    assert.ok(namespace?.udpSockets && namespace.limits && namespace.sockstat, 'the others are read')
    assert.ok(namespace.costs.listeners.count >= 500)
    assert.deepEqual(
      errors.map(({ kind, code }) => `${kind} ${code}`),
      ['unix ENOENT'],
    )
    assert.ok(lacking.mock.callCount() <= 2, 'each question may make the kernel look for a module')
    const told = lines.filter((line) => line.startsWith('UNIX listeners'))
    assert.equal(told.length, 1)
    assert.match(told[0]!, /are not read: .*modprobe .*unix_diag/)

    lacking.mock.restore() // the module is loaded
    nowMs += 60_000
    for (let ticks = 0; ticks < 10; ticks++) sampler.tick(nowMs)
    assert.ok(sampler.snapshot(ENTRY).namespaces[0]?.unixListeners, 'they are read once the kernel answers')
  } finally {
    sampler.close()
  }
})
