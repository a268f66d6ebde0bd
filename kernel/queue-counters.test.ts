import assert from 'node:assert/strict'
import { test } from 'node:test'
import { CounterFile, type Counters } from './counters.ts'
import { fullName, meanings, tcp, tcpExt } from './queue-counters.ts'

test('every counter of the list has a meaning and is named once', () => {
  const names = [...tcpExt, ...tcp]
  assert.equal(new Set(names).size, names.length)
  for (const name of names) assert.match(meanings.get(fullName(name)) ?? '', /\.$/, name)
  assert.equal(meanings.size, names.length)
})

test('this kernel has the counters of the list, but for those that came later than it', () => {
  const later = new Set(['TcpExt_TCPMigrateReqSuccess', 'TcpExt_TCPMigrateReqFailure'])
  const counters: Counters = new Map()
  for (const file of ['netstat', 'snmp']) {
    const open = new CounterFile(`/proc/self/net/${file}`)
    open.read(counters)
    open.close()
  }
  const missing = [...tcpExt, ...tcp].map(fullName).filter((name) => !counters.has(name) && !later.has(name))
  assert.deepEqual(missing, [])
})
