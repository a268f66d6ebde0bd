/** What an experiment needs and this machine may lack: the reason why it is not judged here. */
import fs from 'node:fs'
import os from 'node:os'
import type { Needs } from '#experiments/vocabulary/experiment.ts'
import type { Driver } from '../driver.ts'
import type { Lab } from '../lab.ts'

/** What is missing before any lab is started; undefined if nothing is. */
export function missingBefore(needs: Needs = {}, driver: Driver): string | undefined {
  const { cores = 1, programs = [], root = false, namespaces } = needs
  if (namespaces !== undefined && driver.name !== 'namespaces') return `only in network namespaces: ${namespaces}`
  const present = os.availableParallelism()
  if (present < cores) return `it needs ${cores} cores, and this machine has ${present}`
  const absent = programs.filter((name) => !onPath(name))
  if (absent.length > 0) return `it needs the program ${absent.join(', ')} on the PATH`
  for (const name of needs.sysctls ?? [])
    if (!fs.existsSync(`/proc/sys/${name.replaceAll('.', '/')}`)) return lacks(name)
  if (root && process.geteuid?.() !== 0) return 'it needs root on the host'
  return undefined
}

const lacks = (sysctl: string): string => `this kernel (${os.release()}) has no sysctl ${sysctl}`

/** What the kernel of this lab lacks; undefined if nothing. */
export async function missingInLab(needs: Needs = {}, lab: Lab): Promise<string | undefined> {
  for (const name of needs.sysctls ?? []) if ((await lab.readSysctl(name)) === undefined) return lacks(name)
  if (needs.root === true && (await usersOf(lab)) < 2)
    return 'it needs root on the host: here the lab is a user namespace with one user in it'
  return undefined
}

/** How many users there can be in a lab, by the length of its ranges of user ids. */
async function usersOf(lab: Lab): Promise<number> {
  const { stdout } = await lab.run(['cat', '/proc/self/uid_map'])
  const ranges = stdout.trim().split('\n')
  return ranges.reduce((sum, range) => sum + Number(range.trim().split(/\s+/)[2]), 0)
}

function onPath(name: string): boolean {
  const folders = `${process.env.PATH ?? ''}:/usr/sbin:/sbin`.split(':')
  return folders.some((folder) => folder !== '' && fs.existsSync(`${folder}/${name}`))
}
