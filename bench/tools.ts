import { execFileSync, spawnSync } from 'node:child_process'
import fs from 'node:fs'
import path from 'node:path'

/** What the bench measures against, and the Debian package that has it. */
const packages = {
  cc: 'gcc libc6-dev',
  ss: 'iproute2',
  hping3: 'hping3',
  unshare: 'util-linux',
  'prometheus-node-exporter': 'prometheus-node-exporter',
  ip: 'iproute2',
  chromium: 'chromium',
} as const
export type Tool = keyof typeof packages

/** True if the tool can be started; if not, says so in one line on standard error. */
export function has(tool: Tool): boolean {
  const folders = (process.env.PATH ?? '').split(':')
  if (folders.some((folder) => fs.existsSync(path.join(folder, tool)))) return true
  console.error(`${tool} is missing, and what needs it is not measured: apt install ${packages[tool]}`)
  return false
}

/** Compiles a C program of this folder into `folder` and gives its path. */
export function compile(name: string, folder: string): string {
  const output = path.join(folder, name)
  execFileSync('cc', ['-O2', '-Wall', '-o', output, path.join(import.meta.dirname, `${name}.c`)])
  return output
}

/** The first line of what a program says about itself. */
export const versionOf = (command: string, flag: string): string => {
  const { stdout, error } = spawnSync(command, [flag], { encoding: 'utf8' })
  return error === undefined ? (stdout.split('\n')[0] ?? '') : 'missing'
}
