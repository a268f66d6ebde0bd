import assert from 'node:assert/strict'
import test from 'node:test'
import type { Container } from './engine.ts'
import { givenUp } from './restart.ts'

const FAILED =
  'cannot join network namespace of container: Container 6b53 is restarting, wait until the container is running'

const container = (Id: string, state: Partial<Container['State']>, NetworkMode = 'container:net'): Container => ({
  ...{ Id, Name: `/lab-${Id}-1`, HostConfig: { NetworkMode } },
  State: { Status: 'exited', Running: false, Restarting: false, Error: '', ...state },
})

async function revived(holder: Partial<Container['State']>, ...exited: Container[]): Promise<string[]> {
  const engine = { exited: async () => exited, inspect: async () => container('net', holder, 'lab') }
  return (await givenUp(engine, 'lab')).map(({ Id }) => Id)
}

test('a container that failed to join a namespace can start again once the holder of the namespace runs', async () => {
  const exporter = container('exporter', { Error: FAILED })
  assert.deepEqual(await revived({ Running: true }, exporter), ['exporter'])
  assert.deepEqual(await revived({ Running: true, Restarting: true }, exporter), [])
  assert.deepEqual(await revived({ Running: false }, exporter), [])
})

test('a container that a person stopped stays down, and one with namespaces of its own is left to Docker', async () => {
  const stopped = container('backend-2', {})
  const own = container('prometheus', { Error: 'failed to bind host port' }, 'lab')
  assert.deepEqual(await revived({ Running: true }, stopped, own), [])
})
