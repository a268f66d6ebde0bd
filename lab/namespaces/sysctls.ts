/** Sets sysctls of a network namespace, and says what a refusal means: the names and values are a person's. */
import fs from 'node:fs'
import { UsageError } from '#common/errors.ts'
import { nearest } from '#common/nearest.ts'
import { KernelError } from '#kernel/errors.ts'
import { isNameAlone, readSysctl, writeSysctl } from '#kernel/sysctl.ts'
import { Unsettable } from '../driver.ts'
import { sysctlFile, unsettable } from './unsettable.ts'

/**
 * Sets a sysctl in the calling thread's network namespace. Throws an Unsettable where this namespace has none of that name
 * or it cannot be set, and a UsageError where the kernel does not accept the value.
 */
export function setSysctl(name: string, value: string | number): void {
  // Off it is anyway.
  if (Number(value) !== 0 && isNameAlone(name)) throw refusedName(name)
  try {
    writeSysctl(name, value)
  } catch (error) {
    throw error instanceof KernelError ? refusal(name, value, error) : error
  }
}

function refusal(name: string, value: string | number, { code, message }: KernelError): UsageError {
  switch (code) {
    case 'ENOENT':
    case 'ENOTDIR':
    case 'EISDIR':
    case 'EACCES':
    case 'EPERM':
    case 'EROFS':
      return refusedName(name)
    case 'EINVAL':
    case 'ERANGE':
    case 'EOVERFLOW':
      return new UsageError(
        `The kernel does not accept '${value}' for ${name}`,
        `Give a value like the current one: ${current(name)}`,
      )
    default:
      return new UsageError(message, `Leave ${name} out`)
  }
}

/** Why no value of a sysctl can be set here: a clause, with what to do. */
export function refusedName(name: string): UsageError {
  if (fs.statSync(sysctlFile(name), { throwIfNoEntry: false })?.isDirectory())
    return new UsageError(`${name} is a group of sysctls`, `\`sysctl ${name}\` lists those in it: name one`)
  const why = unsettable(name)
  if (fs.existsSync(sysctlFile(name))) return new Unsettable(why, 'Leave it out')
  const near = nearSysctl(name)
  return near === undefined
    ? new Unsettable(why, 'Leave it out; `sysctl -a --pattern ^net` lists those of this machine')
    : new Unsettable(`${why}; did you mean ${near}?`, 'Correct its name')
}

/** As text on one line; some hold several numbers. */
function current(name: string): string {
  try {
    return (readSysctl(name) ?? '').replaceAll(/\s+/g, ' ')
  } catch {
    return 'it cannot be read' // some can only be written
  }
}

/** The sysctl that was meant where one part of a name is misspelt. */
function nearSysctl(name: string): string | undefined {
  const parts = name.split(/[./]/)
  for (const [at, part] of parts.entries()) {
    const before = parts.slice(0, at)
    const there = entriesOf(`/proc/sys/${before.join('/')}`)
    if (there.includes(part)) continue
    const near = nearest(part, there)
    return near === undefined ? undefined : [...before, near, ...parts.slice(at + 1)].join('.')
  }
  return undefined
}

function entriesOf(folder: string): string[] {
  try {
    return fs.readdirSync(folder)
  } catch {
    return [] // a sysctl, not a group of them
  }
}
