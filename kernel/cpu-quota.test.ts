import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import fs from 'node:fs'
import path from 'node:path'
import { test } from 'node:test'
import { eventually } from '#common/waiting.ts'
import { CpuQuota, findQuotaPlace, quotaOf, quotaPlaces, removeQuota } from './cpu-quota.ts'

test('every share is granted as it was asked for, in periods as short as the kernel allows', () => {
  for (let percent = 1; percent <= 100; percent++) {
    const { quotaUs, periodUs } = quotaOf(percent)
    assert.ok(Number.isInteger(quotaUs) && Number.isInteger(periodUs))
    assert.ok(quotaUs >= 1000 && periodUs >= 1000 && periodUs <= 1_000_000, `${percent} %: ${quotaUs} of ${periodUs}`)
    assert.ok(Math.abs(quotaUs / periodUs - percent / 100) < 0.0005, `${percent} %: ${quotaUs} of ${periodUs}`)
  }
  assert.deepEqual(quotaOf(10), { quotaUs: 2000, periodUs: 20_000 })
  assert.deepEqual(quotaOf(1), { quotaUs: 1000, periodUs: 100_000 })
})

const V1 = '30 25 0:26 / /sys/fs/cgroup/cpu,cpuacct rw,nosuid - cgroup cgroup rw,cpu,cpuacct'
const CPUSET = '31 25 0:27 / /sys/fs/cgroup/cpuset rw,nosuid - cgroup cgroup rw,cpuset'
const V2 = '32 20 0:28 / /sys/fs/cgroup rw,nosuid - cgroup2 cgroup2 rw,nsdelegate'

test('in version 1 it is below the own cgroup of the CPU controller, wherever that is mounted with others', () => {
  const own = '5:cpu,cpuacct:/user.slice\n4:cpuset:/\n0::/\n'
  assert.deepEqual(quotaPlaces([CPUSET, V1].join('\n'), own), [
    { version: 1, folder: '/sys/fs/cgroup/cpu,cpuacct/user.slice' },
  ])
})

test('in version 2 it may be below any cgroup above the own, the nearest first', () => {
  assert.deepEqual(
    quotaPlaces(V2, '0::/user.slice/user-1000.slice/session-2.scope\n').map(({ folder }) => folder),
    [
      '/sys/fs/cgroup/user.slice/user-1000.slice/session-2.scope',
      '/sys/fs/cgroup/user.slice/user-1000.slice',
      '/sys/fs/cgroup/user.slice',
      '/sys/fs/cgroup',
    ],
  )
})

test('what of the hierarchy is not mounted, or has no CPU controller, is no place', () => {
  assert.deepEqual(quotaPlaces(CPUSET, '4:cpuset:/\n'), [])
  const part = '40 30 0:28 /docker/abc /sys/fs/cgroup ro - cgroup2 cgroup rw'
  assert.deepEqual(quotaPlaces(part, '0::/docker/abcdef/x\n'), [])
  assert.deepEqual(quotaPlaces(part, '0::/docker/abc/x\n'), [
    { version: 2, folder: '/sys/fs/cgroup/x' },
    { version: 2, folder: '/sys/fs/cgroup' },
  ])
  for (const text of ['', 'x', ' - cgroup2 ', '1 2 3 / - cgroup2 x']) assert.deepEqual(quotaPlaces(text, text), [])
})

test('the kernel throttles what is in the cgroup, and nothing of it is left', async (context) => {
  const name = `spillway-test-${process.pid}`
  const place = findQuotaPlace(name)
  if (typeof place === 'string') return assert.match(place, /cgroup|CPU/) // it says what is in the way
  const child = spawn(process.execPath, ['-e', 'for (;;);'])
  context.after(() => child.kill('SIGKILL'))
  const quota = new CpuQuota(place, name)
  quota.set(5)
  assert.ok(child.pid !== undefined)
  quota.hold([child.pid, 4_194_303]) // the other does not exist
  assert.ok(quota.held().has(child.pid))
  const folder = path.join(place.folder, name)
  const throttled = (): number =>
    Number(/^nr_throttled (\d+)$/m.exec(fs.readFileSync(path.join(folder, 'cpu.stat'), 'utf8'))?.[1])
  await eventually('the kernel has throttled it', throttled, (count) => count >= 3)
  assert.equal(removeQuota(name), false, 'a cgroup with a process stays')
  quota.set(undefined)
  child.kill('SIGKILL')
  await eventually('the cgroup is gone', () => removeQuota(name), Boolean)
  assert.equal(fs.existsSync(folder), false)
})
