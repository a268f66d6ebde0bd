/** A Prometheus of the tests' own, on loopback and in a folder of its own. */
import { type ChildProcess, spawn } from 'node:child_process'
import fs from 'node:fs'
import net from 'node:net'
import os from 'node:os'
import path from 'node:path'
import { eventually } from '#common/waiting.ts'
import { findProgram } from './tools.ts'

/** A series of an answer: its labels, and its value now. */
export interface Series {
  labels: Record<string, string>
  value: number
}

/** A rule as Prometheus holds it. */
export interface Rule {
  name: string
  type: 'recording' | 'alerting'
  query: string
  health: string
  lastError?: string
}

interface Answer<Data> {
  status: string
  data: Data
  error?: string
}

interface InstantVector {
  resultType: string
  result: { metric: Record<string, string>; value: [number, string]; histogram?: [number, { count: string }] }[]
}

export class Prometheus {
  readonly url: string
  readonly #process: ChildProcess
  readonly #folder: string

  private constructor(url: string, process: ChildProcess, folder: string) {
    this.url = url
    this.#process = process
    this.#folder = folder
  }

  /** Starts one with this configuration (JSON is YAML) and waits until it is ready. It takes what is written to it. */
  static async start(config: Record<string, unknown>): Promise<Prometheus> {
    const program = findProgram('prometheus')
    if (program === undefined) throw new Error('There is no prometheus on the PATH')
    const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'spillway-prometheus-'))
    fs.writeFileSync(path.join(folder, 'prometheus.yml'), JSON.stringify(config))
    const address = `127.0.0.1:${await freePort()}`
    const child = spawn(
      program,
      [
        `--config.file=${folder}/prometheus.yml`,
        `--storage.tsdb.path=${folder}/data`,
        `--web.listen-address=${address}`,
        '--web.enable-remote-write-receiver',
      ],
      { stdio: 'ignore' },
    )
    const prometheus = new Prometheus(`http://${address}`, child, folder)
    try {
      await eventually(
        'Prometheus is ready',
        () => fetch(`${prometheus.url}/-/ready`).catch(() => undefined),
        (response) => {
          if (response?.ok !== true) throw new Error('Prometheus is not ready')
        },
      )
    } catch (error) {
      await prometheus[Symbol.asyncDispose]()
      throw error
    }
    return prometheus
  }

  /** The answer to an instant query. Throws what Prometheus says of a wrong one. */
  async query(expression: string): Promise<Series[]> {
    const { result } = await this.#ask<InstantVector>(`query?query=${encodeURIComponent(expression)}`)
    return result.map(({ metric, value, histogram }) => ({
      labels: metric,
      value: Number(histogram === undefined ? value[1] : histogram[1].count),
    }))
  }

  /** The rules it evaluates. */
  async rules(): Promise<Rule[]> {
    const { groups } = await this.#ask<{ groups: { rules: Rule[] }[] }>('rules')
    return groups.flatMap(({ rules }) => rules)
  }

  async #ask<Data>(what: string): Promise<Data> {
    const response = await fetch(`${this.url}/api/v1/${what}`)
    const answer = (await response.json()) as Answer<Data>
    if (answer.status !== 'success') throw new Error(answer.error ?? `Prometheus answers ${response.status}`)
    return answer.data
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const ended = new Promise((resolve) => this.#process.once('exit', resolve))
    if (this.#process.exitCode === null && this.#process.signalCode === null) {
      this.#process.kill('SIGKILL')
      await ended
    }
    fs.rmSync(this.#folder, { recursive: true, force: true })
  }
}

async function freePort(): Promise<number> {
  const server = net.createServer().listen(0, '127.0.0.1')
  await new Promise((resolve) => server.once('listening', resolve))
  const address = server.address()
  await new Promise((resolve) => server.close(resolve))
  if (typeof address !== 'object' || address === null) throw new Error('No free port on loopback')
  return address.port
}
