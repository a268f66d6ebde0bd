import assert from 'node:assert/strict'
import fs from 'node:fs'
import { test } from 'node:test'
import { KernelError } from '../errors.ts'
import { Listener } from '../fixtures/sockets.ts'
import * as libc from '../libc.ts'
import { MptcpListeners, PreparedDump, SockDiag, states } from '../sock-diag.ts'
import { dumpRequest } from './request.ts'

const inodeOf = (fd: number): number => fs.fstatSync(fd).ino
const here = import.meta.dirname

test('the number of MPTCP, which is too large for its byte in a request, is an attribute of it', () => {
  const bytes = dumpRequest({ family: libc.AF_INET, protocol: libc.IPPROTO_MPTCP, states: states.listen })
  assert.equal(bytes.readUInt32LE(0), bytes.length)
  assert.equal(bytes[16 + 1], libc.IPPROTO_RAW, 'of which none listens')
  assert.deepEqual([...bytes.subarray(16 + 56)], [8, 0, 3, 0, 262 & 0xff, 262 >> 8, 0, 0])
})

test('a listener of TCP is named as such, one without an inode is not named', () => {
  using listener = new Listener()
  using diag = new SockDiag()
  const listeners = new MptcpListeners()
  listeners.read(diag)
  assert.equal(listeners.protocolOf(0), undefined)
  assert.notEqual(listeners.protocolOf(inodeOf(listener.fd)), 'mptcp')
})

test('a kernel without MPTCP has listeners of TCP alone, and is not asked', () => {
  const listeners = new MptcpListeners('4.19.0', `${here}/no-such-folder`)
  listeners.read({ dump: () => assert.fail('asked') })
  assert.equal(listeners.protocolOf(5), 'tcp')
})

test('a kernel that dumps no listeners of MPTCP cannot tell, and is not asked', () => {
  const listeners = new MptcpListeners('5.10.0-28-amd64', here)
  listeners.read({ dump: () => assert.fail('asked') })
  assert.equal(listeners.protocolOf(5), undefined)
})

test('where MPTCP cannot be dumped nothing is named, and it is not asked twice', () => {
  const listeners = new MptcpListeners('6.1.0', here)
  let asked = 0
  const refusing = {
    dump() {
      asked++
      throw new KernelError('sock_diag', 'ENOENT', 'Asking')
    },
  }
  listeners.read(refusing)
  listeners.read(refusing)
  assert.deepEqual([asked, listeners.protocolOf(5)], [1, undefined])
})

test('the request is one that the kernel answers, with nothing where nothing listens on MPTCP', (t) => {
  if (!fs.existsSync('/proc/sys/net/mptcp')) return t.skip('this kernel has no MPTCP')
  using diag = new SockDiag()
  const inodes: number[] = []
  const request = new PreparedDump({ family: libc.AF_INET6, protocol: libc.IPPROTO_MPTCP, states: states.listen })
  using listener = new Listener({ address: '::1' })
  diag.dump(request, ({ inode }) => inodes.push(inode))
  assert.ok(!inodes.includes(inodeOf(listener.fd)))
})
