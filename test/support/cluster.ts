import { execFile, spawnSync } from 'node:child_process'
import { promisify } from 'node:util'
import { parseAllDocuments } from 'yaml'
import { findProgram, skipWithout } from './tools.ts'

const run = promisify(execFile)

/** An object of Kubernetes, as far as tests look into it. */
export interface KubernetesObject {
  kind: string
  apiVersion: string
  metadata: { name: string; namespace?: string; labels?: Record<string, string>; annotations?: Record<string, string> }
}

/** The objects of a stream of YAML documents. */
export const objectsIn = <Each extends KubernetesObject>(text: string): Each[] =>
  parseAllDocuments(text).flatMap((document) => {
    if (document.errors.length > 0) throw document.errors[0]
    const object: Each | null = document.toJS()
    return object === null ? [] : [object]
  })

/** Whoever starts the tests says by SPILLWAY_CLUSTER that KUBECONFIG names a cluster of theirs, which may be changed. */
const isGiven = (): boolean => (process.env.SPILLWAY_CLUSTER ?? '') !== ''

/** For tests that need helm alone. Where no cluster is given, helm is not asked for either. */
export const skipWithoutHelm = (): string | false =>
  isGiven() || process.env.SPILLWAY_NO_SKIP === undefined
    ? skipWithout('helm')
    : findProgram('helm') === undefined && 'no cluster is given (SPILLWAY_CLUSTER), and helm is not on the PATH'

/**
 * For a test's `skip`: false if a cluster is given that answers, else the reason. A cluster that is given and does not answer
 * is an error: nothing passes by not running.
 */
export function skipWithoutCluster(): string | false {
  if (!isGiven()) return 'no cluster is given: SPILLWAY_CLUSTER=1, with KUBECONFIG and the image spillway:latest in it'
  for (const program of ['kubectl', 'helm']) {
    const reason = skipWithout(program)
    if (reason !== false) throw new Error(`${reason}, and SPILLWAY_CLUSTER is set`)
  }
  if (spawnSync('kubectl', ['get', '--raw', '/readyz'], { stdio: 'ignore' }).status !== 0)
    throw new Error('SPILLWAY_CLUSTER is set, and no cluster answers at KUBECONFIG')
  return false
}

/** What kubectl prints. Throws what it complains of. */
export async function kubectl(...words: string[]): Promise<string> {
  const { stdout } = await run('kubectl', words, { maxBuffer: 64 * 1024 * 1024 })
  return stdout
}

/** What kubectl prints of what it is given. */
export function kubectlWith(input: string, ...words: string[]): string {
  const { status, stdout, stderr } = spawnSync('kubectl', words, { input, encoding: 'utf8' })
  if (status !== 0) throw new Error(`kubectl ${words.join(' ')}: ${stderr}`)
  return stdout
}

/** What helm prints. Throws what it complains of. */
export async function helm(...words: string[]): Promise<string> {
  const { stdout } = await run('helm', words, { maxBuffer: 64 * 1024 * 1024 })
  return stdout
}

/** A namespace that exists until it is disposed of, with all that is in it. */
export async function clusterNamespace(
  name: string,
  labels: Record<string, string> = {},
): Promise<AsyncDisposable & { name: string }> {
  const metadata = { name, labels }
  kubectlWith(JSON.stringify({ apiVersion: 'v1', kind: 'Namespace', metadata }), 'apply', '-f', '-')
  await untilAccounts(name)
  return {
    name,
    async [Symbol.asyncDispose]() {
      await kubectl('delete', 'namespace', name, '--ignore-not-found', '--timeout=120s')
    },
  }
}

/** Pods are refused until the controllers have made the default account of a namespace. */
async function untilAccounts(namespace: string): Promise<void> {
  await kubectl('wait', '--for=create', 'serviceaccount/default', '-n', namespace, '--timeout=60s')
}
