import fs from 'node:fs'
import os from 'node:os'
import { isNameAlone } from '#kernel/sysctl.ts'

/** The file of a sysctl, which looks different from within another network namespace. */
export const sysctlFile = (name: string): string => `/proc/sys/${name.replaceAll('.', '/')}`

/** Linux 5.10 and 6.1 keep all of net.core from user namespaces, and with it what clamps every backlog; 6.12 does not. */
const hidden = /^net\.core\./

/** Whether this kernel goes by a sysctl of this name. */
export const hasSysctl = (name: string): boolean => fs.existsSync(sysctlFile(name)) && !isNameAlone(name)

/** Why a sysctl that is to be had is not: a clause. */
export const lacks = (name: string): string =>
  fs.existsSync(sysctlFile(name))
    ? `this kernel (${os.release()}) has ${name} without what it does`
    : `this kernel (${os.release()}) has no sysctl ${name}`

const isReadOnly = (name: string): boolean =>
  ((fs.statSync(sysctlFile(name), { throwIfNoEntry: false })?.mode ?? 0o222) & 0o222) === 0

/**
 * Why a lab of namespaces cannot set a sysctl that is missing there, or may not be written: a clause without a full stop.
 * `there` is whether the host itself has it.
 */
export function unsettable(name: string, there = fs.existsSync(sysctlFile(name))): string {
  const kernel = `Linux ${os.release()}`
  if (!name.startsWith('net.'))
    return `a lab has only network settings of its own, and ${name} belongs to the whole machine`
  if (!there) return `this kernel (${os.release()}) has no sysctl ${name}`
  if (isNameAlone(name)) return lacks(name)
  if (isReadOnly(name)) return `${name} is read-only, and cannot be set in a lab`
  return hidden.test(name)
    ? `${kernel} does not let unprivileged users set ${name} in their network namespaces: this needs root on the host, or Linux 6.12`
    : `on ${kernel} ${name} cannot be set in a network namespace: it belongs to the whole machine`
}
