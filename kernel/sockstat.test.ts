import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { test } from 'node:test'
import fc from '../test/support/properties.ts'
import { parseSnmp6 } from './counters.ts'
import { mutationsOf } from './fixtures/mutations.ts'
import { capturedText } from './fixtures/unix-fixtures.ts'
import { pageBytes } from './page-size.ts'
import { ProcFile } from './proc-file.ts'
import { parseSockstat, parseTcpMem, tcpMemoryPressure } from './sockstat.ts'

test('sockstat is read under the names that node_exporter gives', () => {
  const read = parseSockstat(capturedText('sockstat6'), parseSockstat(capturedText('sockstat')))
  assert.equal(read.get('UDP_inuse'), 3)
  assert.equal(read.get('UDP6_inuse'), 1)
  assert.equal(read.get('sockets_used'), 21)
  assert.equal(read.get('TCP_mem'), 134)
})

test('the counters of IPv6 are read with their group apart', () => {
  const counters = parseSnmp6(capturedText('snmp6'))
  const lines = capturedText('snmp6').trim().split('\n')
  assert.equal(counters.size, lines.length)
  for (const name of ['Ip6_InOctets', 'Icmp6_InErrors', 'Udp6_RcvbufErrors', 'UdpLite6_InErrors'])
    assert.ok(counters.has(name), name)
})

test('whether TCP is short of memory is read from its own line, and unknown where there is none', () => {
  const text = capturedText('protocols')
  assert.equal(tcpMemoryPressure(text), false)
  assert.equal(tcpMemoryPressure(text.replace(/^(TCP\s.*?)\bno\b/m, '$1yes')), true)
  assert.equal(tcpMemoryPressure(text.replace(/^TCP\s.*\n/m, '')), undefined)
  assert.equal(tcpMemoryPressure(''), undefined)
})

test('the three limits of tcp_mem are read, and anything else is nothing', () => {
  assert.deepEqual(parseTcpMem('287898\t383866\t575796\n'), { low: 287_898, pressure: 383_866, high: 575_796 })
  for (const text of ['', '1 2', '1 2 3 4', '1 2 x', '-1 2 3']) assert.equal(parseTcpMem(text), undefined)
})

for (const name of ['sockstat', 'snmp6', 'protocols'] as const)
  test(`${name}: mutations give nothing but counts, and never an error`, () => {
    const property = fc.property(mutationsOf(Buffer.from(capturedText(name))), (bytes) => {
      const text = bytes.toString('latin1')
      for (const value of [...parseSockstat(text).values(), ...parseSnmp6(text).values()])
        assert.ok(Number.isInteger(value) && value >= 0)
      assert.ok([true, false, undefined].includes(tcpMemoryPressure(text)))
    })
    fc.assert(property, { numRuns: 1000 })
  })

test('a page is as large as getconf says', () => {
  assert.equal(pageBytes(), Number(execFileSync('getconf', ['PAGESIZE'], { encoding: 'utf8' })))
})

test('a file that is open gives what it says now, however long it has become; one that is missing is nothing', () => {
  const file = path.join(fs.mkdtempSync(path.join(os.tmpdir(), 'spillway-file-')), 'text')
  fs.writeFileSync(file, 'one')
  const open = new ProcFile(file)
  assert.equal(open.read(), 'one')
  const long = 'x'.repeat(10_000)
  fs.writeFileSync(file, long)
  assert.equal(open.read(), long)
  open.close()
  assert.equal(ProcFile.openIfAny(`${file}-missing`), undefined)
  fs.rmSync(path.dirname(file), { recursive: true })
})

test('what the kernel gives in one piece is whole after one read, and a file that it writes line by line after several', () => {
  for (const [file, inOnePiece] of [
    ['/proc/sys/net/core/somaxconn', true],
    ['/proc/sys/net/ipv4/ip_local_port_range', true],
    ['/proc/thread-self/net/snmp6', true],
    ['/proc/thread-self/net/netstat', true],
    ['/proc/thread-self/net/protocols', false],
  ] as const) {
    const open = new ProcFile(file, { inOnePiece })
    const names = (text: string): string => text.replaceAll(/-?\d+/g, '0').replaceAll(/ +/g, ' ')
    assert.equal(names(open.read()), names(fs.readFileSync(file, 'latin1')), file)
    open.close()
  }
  const long = path.join(fs.mkdtempSync(path.join(os.tmpdir(), 'spillway-file-')), 'text')
  fs.writeFileSync(long, 'x'.repeat(100_000))
  const open = new ProcFile(long, { inOnePiece: true })
  assert.equal(open.readBytes(), 100_000)
  assert.equal(ProcFile.bytes.toString('latin1', 0, 100_000), 'x'.repeat(100_000))
  open.close()
  fs.rmSync(path.dirname(long), { recursive: true })
})
