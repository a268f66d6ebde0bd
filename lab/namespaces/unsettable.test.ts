import assert from 'node:assert/strict'
import test from 'node:test'
import { Unsettable } from '../driver.ts'
import { preflight } from './preflight.ts'
import { unsettable } from './unsettable.ts'

test('what a kernel does not let ordinary users set, what it does not have, and what belongs to the whole machine are told apart', () => {
  assert.match(
    unsettable('net.core.somaxconn', true),
    /does not let unprivileged users set net\.core\.somaxconn in their network namespaces/,
  )
  assert.match(unsettable('net.ipv4.tcp_new', false), /^this kernel \(.+\) has no sysctl net\.ipv4\.tcp_new$/)
  assert.match(unsettable('net.ipv4.tcp_mem', true), /net\.ipv4\.tcp_mem cannot be set in a network namespace/)
  assert.match(unsettable('vm.swappiness', true), /only network settings of its own, and vm\.swappiness/)
})

test('what only the kernel sets is called read-only, and a misspelt name gets a suggestion', () => {
  assert.throws(
    () => preflight(['net.ipv4.tcp_available_congestion_control']),
    /is read-only, and cannot be set in a lab$/,
  )
  assert.throws(
    () => preflight(['net.ipv4.tcp_syncookie']),
    /has no sysctl .*; did you mean net\.ipv4\.tcp_syncookies\?$/,
  )
  assert.throws(() => preflight(['net.ipv4']), /^UsageError: net\.ipv4 is a group of sysctls$/)
})

test('settings that a lab cannot have are found before anything starts, and the others are not named', () => {
  preflight(['net.ipv4.tcp_syncookies', 'net.ipv4.tcp_max_syn_backlog'])
  for (const name of ['net.ipv4.no_such_thing', 'vm.swappiness', 'net/../vm/swappiness', 'net.core.rmem_max'])
    assert.throws(
      () => preflight(['net.ipv4.tcp_syncookies', name]),
      (error) => {
        assert.ok(error instanceof Unsettable)
        assert.ok(error.message.includes(name))
        assert.doesNotMatch(error.message, /syncookies/)
        return true
      },
    )
})
