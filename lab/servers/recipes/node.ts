/** Servers of Node, which runs Spillway too. */
import type { Recipe } from '../recipe.ts'

const node = { install: 'apt install nodejs', programs: ['node'], version: ['node', '--version'] }

export const nodes: readonly Recipe[] = [
  { name: 'node-http', title: 'Node `http`', ...node, command: ['node', '{apps}/node_http.js'] },
  {
    name: 'node-cluster',
    title: 'Node `cluster`, 2 workers',
    ...node,
    command: ['node', '{apps}/node_cluster.js'],
    belief: {
      that: 'The workers of a cluster accept from the shared socket',
      seen: ({ listens }) =>
        listens?.acceptors === 1
          ? 'one process accepts, the primary, and hands each connection to a worker'
          : undefined,
    },
  },
  {
    name: 'fastify',
    title: 'Fastify',
    install: 'npm install fastify',
    programs: ['node'],
    version: ['node', '-p', `require('{apps}/../../../node_modules/fastify/package.json').version`],
    command: ['node', '{apps}/fastify.js'],
  },
]
