/** The same sequence with each driver: what can be done to a lab of namespaces can be done to a lab of containers. */
import test from 'node:test'
import { compose } from '#lab/compose/driver.ts'
import { namespaces } from '#lab/namespaces/driver.ts'
import { skipWithoutEngine } from './support/engine.ts'
import { useEveryHandle } from './support/handles.ts'

for (const driver of [namespaces, compose])
  test(
    `a lab of ${driver.name}: stall, overflow, relisten, flood, settings, kill and restart`,
    {
      skip: driver === compose && skipWithoutEngine(),
    },
    () => useEveryHandle(driver),
  )
