import assert from 'node:assert/strict'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { test } from 'node:test'
import { cgroupFolders } from './cgroups.ts'

test('each folder below a root is given with its number and its path', (context) => {
  const root = fs.mkdtempSync(path.join(os.tmpdir(), 'spillway-cgroups-'))
  context.after(() => fs.rmSync(root, { recursive: true }))
  const numberOf = (name: string): bigint => fs.statSync(path.join(root, name), { bigint: true }).ino
  fs.mkdirSync(path.join(root, 'system.slice/inner.scope'), { recursive: true })
  fs.writeFileSync(path.join(root, 'system.slice/cgroup.procs'), '')
  assert.deepEqual(
    new Map(cgroupFolders(root)),
    new Map([
      [numberOf('.'), '/'],
      [numberOf('system.slice'), '/system.slice'],
      [numberOf('system.slice/inner.scope'), '/system.slice/inner.scope'],
    ]),
  )
  assert.deepEqual([...cgroupFolders(path.join(root, 'missing'))], [])
})
