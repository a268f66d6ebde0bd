/** `spillway doctor` where everything is there, where user namespaces are forbidden, and where a port is taken. */
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import test from 'node:test'
import { type Examination, lineOf, notesOf } from '#cli/doctor/examination.ts'
import { powerOf } from '#cli/doctor/power.ts'

const spillway = path.resolve(import.meta.dirname, '../bin/spillway')

interface Said {
  code: number
  stdout: string
  stderr: string
}

/** In a user and network namespace of its own, whose ports are all free: `before` is done there first. */
function doctorAfter(before: string, ...args: string[]): Promise<Said> {
  const script = `ip link set lo up; ${before} "$0" doctor "$@"`
  const inside = ['--user', '--map-root-user', '--net', 'sh', '-c', script, spillway, ...args]
  return new Promise((resolve) =>
    execFile('unshare', inside, (error, stdout, stderr) => {
      const code = error === null ? 0 : typeof error.code === 'number' ? error.code : -1
      resolve({ code, stdout, stderr })
    }),
  )
}

test('where a lab can run it says so in one line, having started one and taken it down', async () => {
  const { code, stdout, stderr } = await doctorAfter('')
  assert.match(stdout, /^ready: \d+ cores?, lateness [\d.]+ (µs|ms|s), Linux \d+\.\d+\n(note: .+\n)*$/, stderr)
  assert.deepEqual([code, stderr], [0, ''])
})

test('as JSON it prints everything that it looked at, and nothing else', async () => {
  const { code, stdout } = await doctorAfter('', '--json')
  const found: Examination & { ready: boolean; notes: string[] } = JSON.parse(stdout)
  assert.equal(code, 0)
  assert.deepEqual([found.ready, found.missing, found.cores], [true, null, os.availableParallelism()])
  assert.ok((found.labStartMs ?? 0) > 0 && found.latenessMs >= 0)
  assert.ok(found.ports.length > 5 && found.ports.every(({ free }) => free))
  assert.deepEqual([found.kernel, found.node], [os.release(), process.version])
})

test('where user namespaces are forbidden it says so, with the remedy, and ends with status 1', async () => {
  const forbidden = 'echo 0 > /proc/sys/user/max_user_namespaces; exec setpriv --bounding-set -all --inh-caps -all'
  const { code, stdout, stderr } = await doctorAfter(forbidden)
  const [problem, remedy] = stdout.split('\n')
  assert.equal(problem, 'not ready: User namespaces are switched off here', stderr)
  assert.match(remedy ?? '', /sudo sysctl user\.max_user_namespaces=\d+/)
  assert.equal(code, 1)
  const json: { ready: boolean; missing: { problem: string } } = JSON.parse(
    (await doctorAfter(forbidden, '--json')).stdout,
  )
  assert.deepEqual([json.ready, json.missing.problem], [false, 'User namespaces are switched off here'])
})

const TAKES = `require('node:net').createServer().listen(Number(process.argv[1]), '127.0.0.1', function () {
  const { status } = require('node:child_process').spawnSync(process.argv[2], process.argv.slice(3), { stdio: 'inherit' })
  process.exit(status)
})`
const taking = (port: number): string => `exec '${process.execPath}' -e '${TAKES.replaceAll("'", `'"'"'`)}' ${port}`

test('where the port of the board is taken it names the port, and what to do', async () => {
  const { code, stdout, stderr } = await doctorAfter(taking(10510))
  const [problem, remedy] = stdout.split('\n')
  assert.equal(
    problem,
    'not ready: 127.0.0.1:10510 is taken by another process, and the board would be served there',
    stderr,
  )
  assert.match(remedy ?? '', /^Stop it \(`ss -Hltnp sport = :10510` names it/)
  assert.equal(code, 1)
})

test('a port that only other uses need is a note', async () => {
  const { code, stdout, stderr } = await doctorAfter(taking(8080))
  assert.match(stdout, /^ready: .*\n(note: .*\n)*note: 127\.0\.0\.1:8080 is taken/, stderr)
  assert.equal(code, 0)
})

const well: Examination = {
  kernel: '6.8.0-45-generic',
  cores: 8,
  node: 'v24.21.0',
  processor: 'x',
  memoryBytes: 1e10,
  power: { battery: null, frequency: null },
  ports: [],
  latenessMs: 0.4,
  load: 0.5,
  labStartMs: 900,
  missing: null,
}

test('the line is one to read out; a battery, a slow core and a busy machine are notes', () => {
  assert.equal(lineOf(well), 'ready: 8 cores, lateness 400 µs, Linux 6.8')
  assert.deepEqual(notesOf(well), [])
  const battery = { discharging: true, percent: 43 }
  const frequency = { governor: 'powersave', nowGigahertz: 0.8, mostGigahertz: 4.2 }
  assert.deepEqual(notesOf({ ...well, cores: 1, latenessMs: 35, load: 3.2, power: { battery, frequency } }), [
    'One core is few: experiments that compare processes are not judged here',
    'A timer was 35 ms late: close what keeps this machine busy, or times are not judged',
    'It runs on its battery (43 %): plug it in, or it slows down',
    'Its first core runs at 0.8 of 4.2 GHz (powersave)',
    '3.2 processes on average want to run on 1 core',
  ])
})

test('battery and frequency are what sysfs says, and absent where it says nothing', (context) => {
  const root = fs.mkdtempSync(path.join(os.tmpdir(), 'spillway-sys-'))
  context.after(() => fs.rmSync(root, { recursive: true }))
  assert.deepEqual(powerOf(root), { battery: null, frequency: null })
  const write = (file: string, text: string): void => {
    fs.mkdirSync(path.join(root, path.dirname(file)), { recursive: true })
    fs.writeFileSync(path.join(root, file), `${text}\n`)
  }
  write('class/power_supply/AC/type', 'Mains')
  write('class/power_supply/A-MOUSE/type', 'Battery')
  write('class/power_supply/A-MOUSE/scope', 'Device')
  assert.equal(powerOf(root).battery, null, 'that of a mouse is not ours')
  write('class/power_supply/BAT0/type', 'Battery')
  write('class/power_supply/BAT0/status', 'Discharging')
  assert.deepEqual(powerOf(root).battery, { discharging: true, percent: null })
  write('class/power_supply/BAT0/capacity', '43')
  write('devices/system/cpu/cpu0/cpufreq/scaling_cur_freq', '800000')
  assert.equal(powerOf(root).frequency, null)
  write('devices/system/cpu/cpu0/cpufreq/cpuinfo_max_freq', '4200000')
  assert.deepEqual(powerOf(root), {
    battery: { discharging: true, percent: 43 },
    frequency: { governor: null, nowGigahertz: 0.8, mostGigahertz: 4.2 },
  })
})
