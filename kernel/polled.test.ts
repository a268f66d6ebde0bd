/** With texts and bytes that Linux 6.18 gave. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { polledIn, selectedIn, sleepingCall, sleepsElsewhere, waitingIn, watchedBy } from './polled.ts'

test('a thread that sleeps for something else waits at no socket; one in poll(), or in what is not known, may', () => {
  for (const place of [
    'ep_poll',
    'do_epoll_wait',
    'futex_wait_queue_me',
    'futex_wait_queue',
    'futex_do_wait',
    'hrtimer_nanosleep',
    'do_wait',
    'pipe_read',
    'anon_pipe_read',
    '__do_sys_pause',
    'sigsuspend.isra.0',
  ])
    assert.ok(sleepsElsewhere(place), place)
  for (const place of ['inet_csk_accept', 'poll_schedule_timeout.constprop.0', 'do_select', 'do_signal_stop', '0', ''])
    assert.ok(!sleepsElsewhere(place), place)
})

test('what an epoll instance watches is read by number and inode; older kernels give no inode', () => {
  const text =
    'pos:\t0\nflags:\t02000002\nmnt_id:\t17\nino:\t1038\n' +
    'tfd:        3 events: 10000019 data:                3  pos:0 ino:5280c2 sdev:9\n' +
    'tfd:       12 events:       19 data:     7ff400000005  pos:0 ino:5280c3 sdev:9\n' +
    'tfd:      105 events:       19 data: ffffffff00000069 \n'
  assert.deepEqual(
    [...watchedBy(text)],
    [
      { descriptor: 3, inode: 0x5280c2 },
      { descriptor: 12, inode: 0x5280c3 },
      { descriptor: 105, inode: undefined },
    ],
  )
  assert.deepEqual([...watchedBy('pos:\t0\nflags:\t02000002\n')], [])
})

test('a socket that is left in the epoll instance of a server that takes no more for now is not waited for', () => {
  // lighttpd at its server.max-connections: EPOLLERR and EPOLLHUP alone.
  const text =
    'tfd:        4 events:       18 data:                4  pos:0 ino:5280c2 sdev:9\n' +
    'tfd:        5 events:       40 data:                5  pos:0 ino:5280c3 sdev:9\n'
  assert.deepEqual([...watchedBy(text)], [{ descriptor: 5, inode: 0x5280c3 }])
})

test('requests that wait in a ring are told by their operations', () => {
  const ring = (list: string): string =>
    `pos:\t0\nSqMask:\t0x7\nUserFiles:\t0\nUserBufs:\t0\nPollList:\n${list}CqOverflowList:\n`
  assert.deepEqual(waitingIn(ring('  op=13, task_works=0\n')), { accepts: true, polls: false })
  assert.deepEqual(waitingIn(ring('  op=6, task_works=0\n  op=10, task_works=0\n')), { accepts: false, polls: true })
  assert.deepEqual(waitingIn(ring('')), { accepts: false, polls: false })
})

test('the call in which a thread sleeps is told by its number, which depends on the machine', () => {
  const accept = '288 0x3 0x7f1e7beafa10 0x7f1e7beafa04 0x80000 0x0 0x7f1e7cb4e6e8 0x7f1e7beaf9b0 0x7f1e7c528fa8\n'
  assert.deepEqual(sleepingCall(accept, 'x64'), { call: 'accept', descriptor: 3 })
  assert.deepEqual(sleepingCall(accept, 'arm64'), { call: 'other' })
  assert.equal(sleepingCall(accept, 'riscv64'), undefined)
  assert.deepEqual(sleepingCall('270 0x4 0x7f1e7b6a28f0 0x0 0x0 0x0 0x0 0x7f1e7b6a2810 0x7f1e7c51c9ec', 'x64'), {
    call: 'select',
    address: 0x7f1e7b6a28f0,
    count: 4,
  })
  assert.deepEqual(sleepingCall('7 0x7f1e7c3a4770 0x1 0xffffffff 0x1 0x0 0x0 0x7f1e7aeada30 0x7f1e7c51a26f', 'x64'), {
    call: 'poll',
    address: 0x7f1e7c3a4770,
    count: 1,
  })
  for (const line of ['running\n', '-1 0x7ffd 0x7f1e\n', ''])
    assert.deepEqual(sleepingCall(line, 'x64'), { call: 'other' })
})

test('of an array of descriptors those count that are waited for to read from', () => {
  const array = Buffer.alloc(3 * 8 + 4)
  array.writeInt32LE(7, 0)
  array.writeInt16LE(1, 4)
  array.writeInt32LE(8, 8)
  array.writeInt16LE(4, 12) // POLLOUT
  array.writeInt32LE(-1, 16)
  array.writeInt16LE(3, 20)
  assert.deepEqual([...polledIn(array)], [7, -1])
})

test('the bits of a set are descriptors', () => {
  assert.deepEqual([...selectedIn(Buffer.from([0b1000_0001, 0, 0b10]))], [0, 7, 17])
})
