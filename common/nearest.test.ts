import assert from 'node:assert/strict'
import { test } from 'node:test'
import { nearest, orNearest } from './nearest.ts'

const options = ['backends', 'backlog', 'board', 'mode', 'rate', 'sample-interval', 'up']

test('what is misspelt, doubled, swapped, cut short or in capitals is found', () => {
  for (const [word, meant] of [
    ['backlogs', 'backlog'],
    ['bord', 'board'],
    ['mdoe', 'mode'],
    ['raet', 'rate'],
    ['BACKENDS', 'backends'],
    ['sample_interval', 'sample-interval'],
    ['sample', 'sample-interval'],
    ['ub', 'up'],
  ] as const)
    assert.equal(nearest(word, options), meant, word)
})

test('what is far from everything, or near to nothing in particular, has no near miss', () => {
  for (const word of ['', 'x', 'elephant', 'surprise', 'back']) assert.equal(nearest(word, options), undefined, word)
  assert.equal(nearest('word', []), undefined)
})

test('a near miss is asked for as it is written', () => {
  assert.equal(
    orNearest('raet', options, (option) => `--${option}`),
    '; did you mean --rate?',
  )
  assert.equal(orNearest('elephant', options), '')
})
