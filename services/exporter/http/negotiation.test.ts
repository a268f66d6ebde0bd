import assert from 'node:assert/strict'
import test from 'node:test'
import { takesEncoding } from '#common/edge/encoding.ts'
import { formatFor } from './negotiation.ts'

const prometheus3 =
  'application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.6,application/openmetrics-text;version=0.0.1;q=0.5,' +
  'text/plain;version=1.0.0;escaping=allow-utf-8;q=0.4,text/plain;version=0.0.4;q=0.3,*/*;q=0.2'
const protobufFirst =
  'application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited;q=0.6,' +
  'application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.5,text/plain;version=0.0.4;q=0.3,*/*;q=0.2'
const prometheus2 =
  'application/openmetrics-text;version=1.0.0,application/openmetrics-text;version=0.0.1;q=0.75,text/plain;version=0.0.4;q=0.5,*/*;q=0.1'

test('whoever wants OpenMetrics at least as much as the text gets it', () => {
  for (const accept of [
    prometheus2,
    prometheus3,
    protobufFirst,
    'application/openmetrics-text',
    'Application/OpenMetrics-Text; Version=1.0.0; Charset=UTF-8',
    'application/openmetrics-text; version="1.0.0"',
    'text/plain, application/openmetrics-text',
    '*/*, application/openmetrics-text',
    ' , application/openmetrics-text ;q=0.001,',
  ])
    assert.equal(formatFor(accept), 'openmetrics', accept)
})

test('whoever prefers the text, takes anything, or says nothing that makes sense gets the text', () => {
  for (const accept of [
    undefined,
    '',
    '*/*',
    'text/plain',
    'text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8',
    'text/plain;version=0.0.4;q=0.6,application/openmetrics-text;version=1.0.0;q=0.5',
    'application/openmetrics-text;q=0.5, text/*;q=0.7',
    'application/openmetrics-text;q=0.5, */*',
    'application/openmetrics-text;q=0',
    'application/openmetrics-text;q=0.000, */*;q=0.1',
    'application/openmetrics-text;q=high',
    'application/openmetrics-text;q=2',
    'application/openmetrics-text;version=2.0.0',
    'application/openmetrics-text;charset=iso-8859-1',
    'application/*',
    'openmetrics-text',
    ';;;',
    '*/*;q=x',
  ])
    assert.equal(formatFor(accept), 'prometheus', accept)
})

test('gzip is sent to those who take it', () => {
  for (const accepted of ['gzip', 'deflate, GZIP;q=0.5', 'br, gzip', '*', 'identity, *;q=0.1'])
    assert.equal(takesEncoding(accepted, 'gzip'), true, accepted)
  for (const accepted of [undefined, '', 'identity', 'gzip;q=0', 'gzip; q=0.000, *', '*;q=0', 'x-gzip', 'br'])
    assert.equal(takesEncoding(accepted, 'gzip'), false, accepted)
})
