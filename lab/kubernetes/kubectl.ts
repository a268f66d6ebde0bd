/** Runs kubectl and helm, and turns what can go wrong into words. Which cluster is meant, kubectl's own settings say. */
import { UsageError } from '#common/errors.ts'
import type { CommandResult } from '../driver.ts'
import { lastLines, tryProgram } from '../program.ts'

const missing = (program: string): UsageError =>
  new UsageError(
    `The program ${program} is not on the PATH`,
    'Install kubectl and helm, or use the lab in network namespaces: leave --driver out',
  )

/** The namespace of the labs; kubectl's own where it is not named. */
const inNamespace = (): string[] => {
  const name = process.env.SPILLWAY_KUBERNETES_NAMESPACE
  return name === undefined || name === '' ? [] : ['--namespace', name]
}

/** Words for kubectl, as a process that somebody else starts. */
export const kubectlWords = (...words: string[]): string[] => [...inNamespace(), ...words]

/** Runs `kubectl …` and gives its outcome; a status other than 0 is not an error here. */
export const tryKubectl = (words: readonly string[], input?: string): Promise<CommandResult> =>
  tryProgram('kubectl', kubectlWords(...words), missing('kubectl'), input === undefined ? {} : { input })

/** Runs `kubectl …` and gives what it printed. Throws a UsageError with its own words. */
export async function kubectl(words: readonly string[], input?: string): Promise<string> {
  const { status, stdout, stderr } = await tryKubectl(words, input)
  if (status === 0) return stdout.trim()
  throw new UsageError(`kubectl ${words.slice(0, 2).join(' ')} … failed: ${lastLines(stderr)}`, adviceOn(stderr))
}

/** Runs `helm …` with values on its standard input, and gives what it printed. Throws a UsageError with its own words. */
export async function helm(words: readonly string[], values: string): Promise<string> {
  const { status, stdout, stderr } = await tryProgram('helm', words, missing('helm'), { input: values })
  if (status === 0) return stdout
  throw new UsageError(`helm ${words[0]} … failed: ${lastLines(stderr)}`, 'Correct SPILLWAY_KUBERNETES_VALUES')
}

function adviceOn(complaint: string): string {
  if (/connection to the server .* refused|no such host|was refused|i\/o timeout|current-context/i.test(complaint))
    return 'Check that the cluster runs and that KUBECONFIG names it: kubectl get nodes'
  if (/forbidden/i.test(complaint))
    return 'Ask for the right to make pods in this namespace, or name another one: SPILLWAY_KUBERNETES_NAMESPACE'
  return 'kubectl get pods shows what is there, and kubectl describe pod NAME what became of one'
}
