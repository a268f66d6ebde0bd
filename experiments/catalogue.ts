/** Every experiment, in teaching order. */
import anyOrder from './any-order.ts'
import backlogClamp from './backlog-clamp.ts'
import configTestJoinsTheGroup from './config-test-joins-the-group.ts'
import cookiesHideOverflow from './cookies-hide-overflow.ts'
import deadInTheQueue from './dead-in-the-queue.ts'
import deferAccept from './defer-accept.ts'
import falseEstablished from './false-established.ts'
import finalAckOrSyn from './final-ack-or-syn.ts'
import forkShared from './fork-shared.ts'
import handshake from './handshake.ts'
import heardBeforeAccept from './heard-before-accept.ts'
import killedWhileClientsWait from './killed-while-clients-wait.ts'
import knee from './knee.ts'
import microBurst from './micro-burst.ts'
import noAck from './no-ack.ts'
import nodeDefault511 from './node-default-511.ts'
import oneSlowShard from './one-slow-shard.ts'
import portExhaustion from './port-exhaustion.ts'
import portTaken from './port-taken.ts'
import retryStaircase from './retry-staircase.ts'
import rollingRestart from './rolling-restart.ts'
import sharding from './sharding.ts'
import slowAccept from './slow-accept.ts'
import slowClient from './slow-client.ts'
import slowReader from './slow-reader.ts'
import smallBacklog from './small-backlog.ts'
import smallerWhileTheyWait from './smaller-while-they-wait.ts'
import stalledLoop from './stalled-loop.ts'
import steering from './steering.ts'
import synQueuePerShard from './syn-queue-per-shard.ts'
import synacksAreRepeated from './synacks-are-repeated.ts'
import udpReceiveQueue from './udp-receive-queue.ts'
import unixSocketFull from './unix-socket-full.ts'
import uringHidesTheStall from './uring-hides-the-stall.ts'
import type { Experiment } from './vocabulary/experiment.ts'

export const experiments: readonly Experiment[] = [
  handshake,
  anyOrder,
  backlogClamp,
  smallBacklog,
  smallerWhileTheyWait,
  slowAccept,
  stalledLoop,
  deadInTheQueue,
  uringHidesTheStall,
  heardBeforeAccept,
  falseEstablished,
  finalAckOrSyn,
  killedWhileClientsWait,
  synacksAreRepeated,
  noAck,
  cookiesHideOverflow,
  retryStaircase,
  portTaken,
  forkShared,
  sharding,
  oneSlowShard,
  rollingRestart,
  configTestJoinsTheGroup,
  steering,
  synQueuePerShard,
  microBurst,
  slowReader,
  slowClient,
  deferAccept,
  portExhaustion,
  unixSocketFull,
  udpReceiveQueue,
  nodeDefault511,
  knee,
]
