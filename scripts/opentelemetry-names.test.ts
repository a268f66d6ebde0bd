import assert from 'node:assert/strict'
import test from 'node:test'
import { catalogue, metrics } from '#services/exporter/catalogue.ts'
import { counterparts, openTelemetrySection } from './opentelemetry-names.ts'

test('what has a counterpart in OpenTelemetry is in the catalogue, and stands in one line only', () => {
  const known = new Set(metrics.map(({ name }) => name))
  const ours = counterparts.flatMap((counterpart) => counterpart.ours)
  for (const name of ours) assert.ok(known.has(name), name)
  assert.equal(new Set(ours).size, ours.length)
})

test('every metric of the queues stands in the section, with its counterpart or among those without one', () => {
  const section = openTelemetrySection(catalogue)
  const own = metrics.map(({ name }) => name).filter((name) => /^(tcp|unix|udp)_/.test(name))
  assert.ok(own.length > 40)
  for (const name of own)
    assert.equal(section.split(`\`${name}\`,`).length + section.split(`\`${name}\` |`).length, 3, name)
})
