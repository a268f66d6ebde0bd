import assert from 'node:assert/strict'
import test from 'node:test'
import { UsageError } from '#common/errors.ts'
import { hiddenLine, refuseToBeBlind, unreadNamespaces } from './sight.ts'

const own = { source: 'self', inode: 1 }
const other = { source: '/proc/7/ns/net', inode: 2 }
const SYS_ADMIN = 1n << 21n
const SYS_PTRACE = 1n << 19n

test('what is found and not read is counted, and so are processes that may not be looked at', () => {
  const found = [1, 2, 3].map((inode) => ({ inode, path: `/proc/${inode}/ns/net` }))
  assert.deepEqual(unreadNamespaces({ found }, 4, [own, other]), { namespaces: 1, processes: 4 })
  assert.deepEqual(unreadNamespaces({ found }, 0, [own, other, { inode: 3 }]), { namespaces: 0, processes: 0 })
})

test('nothing is said of namespaces where none are looked for, or where the search failed', () => {
  assert.equal(unreadNamespaces(undefined, undefined, [own]), undefined)
  assert.equal(unreadNamespaces({ failed: 'EMFILE', why: 'no more files' }, 3, [own]), undefined)
})

test('an exporter that may read its own namespace alone, and was asked for all, does not start and names the capability', () => {
  assert.throws(
    () => refuseToBeBlind({ namespaces: 0, processes: 57 }, [own], SYS_ADMIN),
    (error: unknown) => {
      assert.ok(error instanceof UsageError)
      assert.match(error.message, /^--netns all needs CAP_SYS_PTRACE: .* 57 processes may not be looked at$/)
      assert.match(error.remedy ?? '', /^Give it CAP_SYS_PTRACE besides CAP_SYS_ADMIN/)
      return true
    },
  )
})

test('an exporter to which only other user namespaces are hidden lacks no capability, and starts', () => {
  assert.doesNotThrow(() => refuseToBeBlind({ namespaces: 0, processes: 57 }, [own], SYS_ADMIN | SYS_PTRACE))
})

test('an exporter starts that reads another namespace too, or to which nothing is hidden', () => {
  for (const [unread, read] of [
    [{ namespaces: 1, processes: 57 }, [own, other]],
    [{ namespaces: 0, processes: 0 }, [own]],
    [undefined, [own]],
  ] as const)
    assert.doesNotThrow(() => refuseToBeBlind(unread, read, SYS_ADMIN))
})

test('a capability that is there is not asked for again', () => {
  assert.match(hiddenLine(1, SYS_ADMIN), /^1 process may not be looked at, .* give the exporter CAP_SYS_PTRACE/)
  assert.match(
    hiddenLine(2, SYS_ADMIN | SYS_PTRACE),
    /^2 processes .* CAP_SYS_PTRACE does not reach them, since they belong to/,
  )
})
