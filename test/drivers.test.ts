/** The same sequence with each driver of this machine; that of Kubernetes is tried where the cluster is. */
import test from 'node:test'
import { compose } from '#lab/compose/driver.ts'
import { namespaces } from '#lab/namespaces/driver.ts'
import { stallOverflowFloodAndKill } from './support/driver-sequence.ts'
import { skipWithoutEngine } from './support/engine.ts'

for (const driver of [namespaces, compose])
  test(
    `a lab of ${driver.name}: stall, overflow, relisten, flood, kill and restart`,
    {
      skip: driver === compose && skipWithoutEngine(),
    },
    () => stallOverflowFloodAndKill(driver),
  )
