/** Finds what a lab of namespaces would lack, before anything starts. */
import { spawnSync } from 'node:child_process'
import fs from 'node:fs'
import os from 'node:os'
import { UsageError } from '#common/errors.ts'
import { Unsettable } from '../driver.ts'
import { server } from '../topology.ts'
import { refusedName } from './sysctls.ts'
import { sysctlFile, unsettable } from './unsettable.ts'

const compose = 'Or, with Docker: docker compose up'

/**
 * The options of util-linux's `unshare` for a lab. Root with CAP_SYS_ADMIN needs no user namespace; everybody else gets
 * one, in which they are root. Node has threads, so it cannot make its own user namespace: that is why unshare starts it.
 */
export function unshareOptions(privileged = mayMakeNamespaces()): string[] {
  const options = ['--net', '--mount', '--pid', '--fork', '--kill-child', '--mount-proc']
  return privileged ? options : ['--user', '--map-root-user', ...options]
}

/** CAP_SYS_ADMIN is bit 21 of the effective set. */
function mayMakeNamespaces(): boolean {
  const effective = /^CapEff:\s*([0-9a-f]+)$/m.exec(fs.readFileSync('/proc/self/status', 'utf8'))?.[1] ?? '0'
  return ((BigInt(`0x${effective}`) >> 21n) & 1n) === 1n
}

/** Prints those of the files named as its arguments that cannot be written. */
const LIST_UNWRITABLE = 'for file; do [ -w "$file" ] || echo "$file"; done'

/**
 * Throws a UsageError with one line on what is missing and one on what to do, or an Unsettable if a lab cannot set one of
 * `sysctls`. Takes about 20 ms, starts nothing.
 */
export function preflight(sysctls: readonly string[] = []): void {
  if (os.platform() !== 'linux')
    throw new UsageError(
      `The lab needs Linux network namespaces, but this is ${os.platform()}`,
      'Use: docker compose up',
    )
  const [major = 0, minor = 0] = os.release().split('.').map(Number)
  if (major < 5 || (major === 5 && minor < 10))
    throw new UsageError(`Linux ${os.release()} is too old: the lab needs 5.10 or later`, 'Boot a current kernel')
  requireProgram('ip', 'iproute2')
  requireProgram('unshare', 'util-linux')
  const strangers = sysctls.filter((name) => !/^net(\.[\w-]+)+$/.test(name.replaceAll('/', '.')))
  if (strangers.length > 0) throw refusedSettings(strangers)
  // In a lab's own namespaces, where /proc/sys shows what they have; their devices are still to come.
  const present = sysctls.filter((name) => !name.includes(server.device))
  const files = new Map(present.map((name) => [sysctlFile(name), name]))
  const look = ['sh', '-c', LIST_UNWRITABLE, 'sh', ...files.keys()]
  const { status, stdout, stderr } = spawnSync('unshare', [...unshareOptions(), ...look], { encoding: 'utf8' })
  if (status !== 0) throw refusal(stderr.trim())
  const refused = stdout.split('\n').flatMap((file) => files.get(file) ?? [])
  if (refused.length > 0) throw refusedSettings(refused)
}

/** Of several names the reasons alone are given; a single one may be misspelt, or a group. */
function refusedSettings(names: readonly string[]): UsageError {
  const [name, ...others] = names
  return name !== undefined && others.length === 0
    ? refusedName(name)
    : new Unsettable(names.map((one) => unsettable(one)).join('; '), 'Leave these settings out, or choose others')
}

function requireProgram(name: string, debianPackage: string): void {
  const folders = `${process.env.PATH ?? ''}:/usr/sbin:/sbin`.split(':')
  if (folders.some((folder) => folder !== '' && mayRun(`${folder}/${name}`))) return
  throw new UsageError(`The program ${name} is missing`, `Install it: apt install ${debianPackage}`)
}

function mayRun(file: string): boolean {
  try {
    fs.accessSync(file, fs.constants.X_OK)
    return true
  } catch {
    return false
  }
}

/** Why the kernel refused the namespaces, as far as its settings show. */
function refusal(message: string): UsageError {
  if (setting('kernel/apparmor_restrict_unprivileged_userns') === '1')
    return new UsageError(
      'AppArmor does not let unprivileged users create user namespaces (Ubuntu 23.10 and later)',
      `Allow it: sudo sysctl kernel.apparmor_restrict_unprivileged_userns=0, or run as root. ${compose}`,
    )
  if (setting('kernel/unprivileged_userns_clone') === '0')
    return new UsageError(
      'This kernel does not let unprivileged users create user namespaces',
      `Allow it: sudo sysctl kernel.unprivileged_userns_clone=1, or run as root. ${compose}`,
    )
  if (setting('user/max_user_namespaces') === '0')
    return new UsageError(
      'User namespaces are switched off here',
      `Allow them: sudo sysctl user.max_user_namespaces=10000, or run as root. ${compose}`,
    )
  if (/mount.*proc/i.test(message))
    return new UsageError(
      'The lab cannot mount its own /proc: this container hides parts of it',
      'Run the container with --security-opt systempaths=unconfined, or run Spillway on the host',
    )
  return new UsageError(
    `Namespaces cannot be created here: ${message}`,
    `Run as root, or allow user namespaces. ${compose}`,
  )
}

const setting = (name: string): string | undefined => {
  try {
    return fs.readFileSync(`/proc/sys/${name}`, 'utf8').trim()
  } catch {
    return undefined // this kernel has no such setting
  }
}
