/** The live board in a real browser, before a real lab. */
import assert from 'node:assert/strict'
import { before, test } from 'node:test'
import axe from 'axe-core'
import type { Browser, Page } from 'playwright-core'
import { type ShownBoard, showBoard } from '#cli/board/shown.ts'
import { Latest } from '#common/latest.ts'
import { eventually } from '#common/waiting.ts'
import { Lab } from '#lab/lab.ts'
import { namespaces } from '#lab/namespaces/driver.ts'
import { Loads } from '#live/loads.ts'
import { observe } from '#live/observer.ts'
import type { LabView } from '#live/view.ts'
import { takenDownAfter } from './support/beside-lab.ts'
import { keepPicture, launch, open } from './support/browser.ts'
import { skipWithout } from './support/tools.ts'

const skip = skipWithout('chromium')
const BACKLOG = 32

let lab: Lab
let loads: Loads
let views: Latest<LabView>
let board: ShownBoard
let browser: Browser
const over = new AbortController()

before(async () => {
  if (skip !== false) return
  lab = await Lab.start({ backends: Array.from({ length: 3 }, () => ({ backlog: BACKLOG })) })
  loads = new Loads(lab)
  views = new Latest(observe(lab, over.signal))
  board = await showBoard({ host: '127.0.0.1', port: 0 }, namespaces)
  board.begin({ lab, loads }, views)
  await loads.start('gentle', 300)
  browser = await launch()
})

takenDownAfter(() => ({ over, browser, board, lab }))

/** The queue of a shard as it is drawn, all of one sample. */
interface Drawn {
  sequence: number
  classes: string
  length: string
  water: string
  fall: number
}

function drawn(page: Page, shard: number): Promise<Drawn> {
  return page.evaluate(`(() => {
    const lane = document.querySelector('.lane[data-shard="${shard}"]')
    return {
      sequence: Number(document.documentElement.dataset.sequence),
      classes: lane.getAttribute('class'),
      length: lane.querySelector('.length').textContent,
      water: lane.querySelector('.water').getAttribute('d') ?? '',
      fall: Number(getComputedStyle(lane.querySelector('.fall')).opacity),
    }
  })()`)
}

/** Units between the tank's rim and the water in it. */
const roomAbove = ({ water }: Drawn): number => {
  const [, top, bottom] = /^M\S+ (\S+)h\S+V(\S+)h/.exec(water) ?? []
  return top === undefined ? Number.POSITIVE_INFINITY : Number(top) - (Number(bottom) - TANK_HEIGHT)
}
const TANK_HEIGHT = 154

test('a stalled backend fills its tank to the rim and spills; released it drains', { skip }, async (context) => {
  const page = await open(context, browser, board.url)
  await eventually(
    'a lab at rest is drawn',
    () => drawn(page, 2),
    ({ sequence, classes, length }) => {
      assert.ok(sequence > 0)
      assert.doesNotMatch(classes, /full|spills/)
      assert.notEqual(length, '')
    },
  )
  await keepPicture(page, 'calm')
  await page.getByRole('switch', { name: 'Stall backend 2' }).click()
  const full = await eventually(
    'a full and stalled shard is drawn',
    () => drawn(page, 2),
    (now) => {
      assert.match(now.classes, /full.*spills.*stalled/)
      assert.equal(now.length, String(BACKLOG + 1))
      assert.ok(now.fall > 0)
    },
  )
  assert.equal(Math.abs(Math.round(roomAbove(full))), 0, `drawn to the rim: ${full.water}`)
  assert.doesNotMatch((await drawn(page, 1)).classes, /stalled/)
  assert.match(
    (await page.locator('#words').textContent()) ?? '',
    /^Shard 2 is full while its neighbours (idle|still have room)/,
  )
  assert.equal((await lab.backend(2).status()).listener?.length, BACKLOG + 1)
  await keepPicture(page, 'stalled')
  await page.getByRole('switch', { name: 'Stall backend 2' }).click()
  await eventually(
    'the shard is drawn as mended',
    () => drawn(page, 2),
    (now) => {
      assert.doesNotMatch(now.classes, /full|spills|stalled/)
      assert.ok(Number(now.length) <= BACKLOG)
      assert.equal(now.fall, 0)
    },
  )
})

test('what the page shows of a sample is what the exporter said in it', { skip }, async (context) => {
  const said = new Map<number, string>()
  const stop = new AbortController()
  context.after(() => stop.abort())
  const listening = (async () => {
    for await (const {
      sequence,
      namespaces: [namespace],
    } of lab.stream(stop.signal)) {
      const listeners = (namespace?.listeners ?? []).filter(({ port }) => port === lab.plan.port)
      const queue = namespace?.ports.find(({ port }) => port === lab.plan.port)?.synQueue
      const lengths = listeners
        .toSorted((a, b) => a.shard - b.shard)
        .map(({ length, limit }) => `${length} of ${limit + 1}`)
      said.set(sequence, `${lengths.join(', ')}; ${queue?.length} half-open`)
    }
  })()
  context.after(async () => {
    await loads.stop('half-open')
    await lab.backend(3).release()
  })
  await loads.start('half-open', 100)
  await lab.backend(3).stall()
  const page = await open(context, browser, board.url)
  // The picture and the table for screen readers, each with the sample that it is of.
  const shown = (): Promise<{ sequence: number; text: string }[]> =>
    page.evaluate(`(() => {
      const sequenceOf = (element) => Number(element.dataset.sequence)
      const rows = [...document.querySelectorAll('.unseen tbody tr')].map(({ cells }) => cells[2].textContent + ' of ' + cells[3].textContent)
      const rest = document.querySelector('.unseen p').textContent
      const lanes = [...document.querySelectorAll('.lane')].map((lane) => lane.querySelector('.length').textContent + ' ' + lane.querySelector('.fits').textContent)
      return [
        { sequence: sequenceOf(document.querySelector('.unseen')), text: rows.join(', ') + '; ' + (/^\\d+/.exec(rest)?.[0]) + ' half-open' },
        { sequence: sequenceOf(document.documentElement), text: lanes.join(', ') },
      ]
    })()`)
  const compared = [new Map<number, string>(), new Map<number, string>()]
  await eventually(
    'twenty samples of each have been compared, of which some differ',
    async () => {
      for (const [which, { sequence, text }] of (await shown()).entries()) {
        const expected = said.get(sequence)
        if (expected === undefined) continue
        assert.equal(text, which === 0 ? expected : expected.replace(/; .*/, ''), `sample ${sequence}`)
        compared[which]?.set(sequence, text)
      }
      return compared.map((samples) => ({ samples: samples.size, texts: new Set(samples.values()).size }))
    },
    (all) => assert.ok(all.every(({ samples, texts }) => samples >= 20 && texts >= 2)),
  )
  await keepPicture(page, 'half-open')
  stop.abort()
  await listening
})

test('a lost stream is said, and recovers by itself, also with another start of the board', {
  skip,
}, async (context) => {
  const port = { host: '127.0.0.1', port: 0 }
  const gate = { open: Promise.resolve(), close: () => {}, release: () => {} }
  gate.close = () => {
    const { promise, resolve } = Promise.withResolvers<void>()
    gate.open = promise
    gate.release = resolve
  }
  const gated = async function* (): AsyncGenerator<LabView> {
    for await (const view of views) {
      await gate.open
      yield view
    }
  }
  const first = await showBoard(port, undefined)
  first.begin({ lab, loads }, gated())
  const page = await open(context, browser, first.url)
  const live = (): Promise<string | null> => page.locator('#live').textContent()
  const root = page.locator('html')
  await eventually('the page is live', live, (words) => assert.match(words ?? '', /live/))

  gate.close()
  await eventually('the page says that its picture is old', live, (words) =>
    assert.match(words ?? '', /no sample for .*: the picture is old/),
  )
  assert.equal(await root.getAttribute('data-stale'), '')
  await keepPicture(page, 'stale')
  gate.release()
  await eventually('the page is live again', live, (words) => assert.match(words ?? '', /live/))
  assert.equal(await root.getAttribute('data-stale'), null)

  await first[Symbol.asyncDispose]()
  await eventually('the page has lost the board', live, (words) => assert.match(words ?? '', /the picture is old/))
  const second = await showBoard({ host: '127.0.0.1', port: Number(new URL(first.url).port) }, undefined)
  context.after(() => second[Symbol.asyncDispose]())
  second.begin({ lab, loads }, views)
  await eventually('the page is live with the new board', live, (words) => assert.match(words ?? '', /live/))
  // The page has the new token: its switches work.
  await page.getByRole('switch', { name: 'Stall backend 1' }).click()
  await eventually(
    'the switch has stalled the backend',
    () => lab.backend(1).status(),
    ({ faults }) => assert.equal(faults.stalled, true),
  )
  await lab.backend(1).release()
})

test('with the keyboard alone a backend is stalled and released, and a sysctl is set', { skip }, async (context) => {
  const page = await open(context, browser, board.url)
  await eventually(
    'every process has a switch',
    () => page.locator('.process-switch').count(),
    (count) => assert.equal(count, 3),
  )
  const focused = (): Promise<string> =>
    page.evaluate(
      `(() => { const e = document.activeElement; return (e.getAttribute('aria-label') ?? e.textContent).trim() })()`,
    )
  const tabTo = async (name: string): Promise<void> => {
    for (let presses = 0; presses < 60; presses++) {
      await page.keyboard.press('Tab')
      if ((await focused()) === name) return
    }
    assert.fail(`Tab does not lead to ${name}`)
  }
  const stalled = (expected: boolean): Promise<unknown> =>
    eventually(
      'the backend is as the key made it',
      () => lab.backend(3).status(),
      ({ faults }) => assert.equal(faults.stalled, expected),
    )
  await tabTo('Stall backend 3')
  await page.keyboard.press('Space')
  await stalled(true)
  await eventually(
    'the switch shows the stall',
    () => page.getByRole('switch', { name: 'Stall backend 3' }).getAttribute('aria-checked'),
    (checked) => assert.equal(checked, 'true'),
  )
  await page.keyboard.press('Enter')
  await stalled(false)

  await tabTo('Shards')
  await page.keyboard.press('ArrowRight')
  await page.keyboard.press('ArrowRight')
  assert.equal(await focused(), 'Kernel')
  const cookies = page.getByRole('radio', { name: '2 always' })
  for (
    let presses = 0;
    presses < 30 &&
    !(await page.evaluate(
      `document.activeElement.name !== undefined && document.activeElement.closest('fieldset')?.querySelector('legend').textContent === 'tcp_syncookies'`,
    ));
    presses++
  )
    await page.keyboard.press('Tab')
  await page.keyboard.press('ArrowRight')
  await eventually(
    'the kernel has the setting',
    () => lab.readSysctl('net.ipv4.tcp_syncookies'),
    (value) => assert.equal(value, '2'),
  )
  await eventually(
    'the box shows the setting',
    () => cookies.isChecked(),
    (checked) => assert.equal(checked, true),
  )
  await lab.setSysctl('net.ipv4.tcp_syncookies', 1)
})

/** Chooses the backend that the switches are about. */
const choose = (page: Page, name: string): Promise<void> =>
  page.getByRole('group', { name: 'Backend' }).getByRole('radio', { name, exact: true }).check()

test('every switch acts on the lab: backlog, listener, process, faults, steering, loads', { skip }, async (context) => {
  const page = await open(context, browser, board.url)
  await choose(page, '1')
  context.after(() => lab.backend(2).steer({ by: 'hash' }))
  const panel = page.locator('#panel')
  const listener = (check: (limit: number | undefined) => void): Promise<unknown> =>
    eventually(
      'the listener is as the switch made it',
      async () => (await lab.backend(1).status()).listener?.limit,
      check,
    )

  await panel.getByLabel('Backlog', { exact: true }).fill('7')
  await panel.getByRole('button', { name: 'listen(): Backlog' }).click()
  await listener((limit) => assert.equal(limit, 7))
  await panel.getByLabel('Slow accept', { exact: true }).fill('3')
  await panel.getByRole('button', { name: 'Set: Slow accept' }).click()
  await eventually(
    'the backend accepts slowly',
    async () => (await lab.backend(1).status()).faults.acceptDelayMs,
    (delay) => assert.equal(delay, 3),
  )
  await lab.backend(1).set({ acceptDelayMs: 0 })
  const close = panel.getByRole('switch', { name: 'Close the listener' })
  await close.click()
  await listener((limit) => assert.equal(limit, undefined))
  await eventually(
    'the switch shows a closed listener',
    () => close.getAttribute('aria-checked'),
    (checked) => assert.equal(checked, 'true'),
  )
  await close.click()
  await listener((limit) => assert.ok(limit !== undefined))

  const { pid } = await lab.backend(1).status()
  const kill = panel.getByRole('switch', { name: 'Kill the process' })
  await kill.click()
  await eventually(
    'the shard is drawn as down',
    () => drawn(page, 1),
    ({ classes, length }) => {
      assert.match(classes, /down/)
      assert.equal(length, 'down')
    },
  )
  await eventually(
    'the switch shows a killed backend',
    () => kill.getAttribute('aria-checked'),
    (checked) => assert.equal(checked, 'true'),
  )
  await kill.click()
  await eventually(
    'another process has taken its place',
    async () => (await lab.backend(1).status()).pid,
    (now) => assert.notEqual(now, pid),
  )

  await page.getByRole('tab', { name: 'Kernel' }).click()
  await page.getByRole('radio', { name: 'all to 2' }).check()
  await eventually(
    'the group is steered to one member',
    () => drawn(page, 1),
    () => assert.deepEqual(lab.group.steering, { by: 'member', member: 1 }),
  )
  await page.getByRole('radio', { name: 'hash' }).check()
  await eventually(
    'the group is steered by hash again',
    () => lab.group.steering,
    (steering) => assert.deepEqual(steering, { by: 'hash' }),
  )

  await page.getByRole('tab', { name: 'Load' }).click()
  const readers = panel.getByRole('switch', { name: 'Slow readers' })
  await readers.click()
  await eventually(
    'the page counts the closed windows',
    () => page.locator('.gauge-note.warns').textContent(),
    (words) => assert.equal(words, '20 windows closed'),
  )
  await keepPicture(page, 'slow-readers')
  await readers.click()
  await eventually(
    'only the gentle load runs',
    () => loads.list.map(({ name }) => name),
    (running) => assert.deepEqual(running, ['gentle']),
  )
})

test('an order that cannot be performed is answered in words', { skip }, async (context) => {
  const page = await open(context, browser, board.url)
  await choose(page, '2')
  await lab.backend(2).kill()
  await page.locator('#panel').getByRole('switch', { name: 'Stall' }).click()
  await eventually(
    'the page says why the order failed',
    () => page.locator('#panel .told.bad').textContent(),
    (words) => assert.match(words ?? '', /backend-2 does not answer/),
  )
  await lab.backend(2).restart()
})

for (const colorScheme of ['light', 'dark'] as const)
  test(`axe finds nothing against the page in ${colorScheme} mode, calm and spilling, on any tab`, {
    skip,
  }, async (context) => {
    const page = await open(context, browser, board.url)
    await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' })
    await page.evaluate(axe.source)
    const check = async (where: string): Promise<void> => {
      const problems: string[] =
        await page.evaluate(`axe.run({ runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'] }).then(({ violations }) =>
        violations.map(({ id, help, nodes }) => id + ': ' + help + '\\n' + nodes.slice(0, 3).map(({ html, failureSummary }) => '  ' + html.slice(0, 200) + '\\n  ' + failureSummary).join('\\n')))`)
      assert.deepEqual(problems, [], where)
    }
    await eventually(
      'every process has a switch',
      () => page.locator('.process-switch').count(),
      (count) => assert.equal(count, 3),
    )
    for (const tab of ['Load', 'Kernel', 'Plan', 'Experiments', 'Words', 'Shards']) {
      await page.getByRole('tab', { name: tab }).click()
      if (tab === 'Plan') await page.locator('table.plan tbody tr').first().waitFor()
      await check(tab)
    }
    await lab.backend(2).stall()
    await eventually(
      'the spill is drawn',
      () => drawn(page, 2),
      ({ classes }) => assert.match(classes, /spills/),
    )
    await check('spilling')
    await keepPicture(page, `spilling-${colorScheme}`)
    await lab.backend(2).release()
  })

test('picture and charts stand still when paused, catch up when resumed, and show more when asked', {
  skip,
}, async (context) => {
  const page = await open(context, browser, board.url)
  const pause = page.getByRole('button', { name: 'Pause' })
  await pause.click()
  await page.getByRole('button', { name: 'Resume' }).waitFor()
  const readout = page.locator('.readout').first()
  // What was on its way is drawn with the next frame.
  await page.evaluate('new Promise((drawn) => requestAnimationFrame(() => requestAnimationFrame(drawn)))')
  const before = await readout.textContent()
  await lab.backend(1).stall()
  await eventually(
    'the queue is full',
    () => lab.backend(1).status(),
    ({ listener }) => assert.equal(listener?.length, BACKLOG + 1),
  )
  assert.equal(await readout.textContent(), before)
  assert.doesNotMatch((await drawn(page, 1)).classes, /full|stalled/)
  await page.getByRole('button', { name: 'Resume' }).click()
  await eventually(
    'the full queue is drawn',
    () => drawn(page, 1),
    ({ classes }) => assert.match(classes, /full/),
  )
  await eventually(
    'the reading under the pointer is of a full queue',
    () => readout.textContent(),
    (text) => assert.match(text ?? '', /1 100 %/),
  )
  await page.getByRole('button', { name: '5 min' }).click()
  assert.equal(await page.getByRole('button', { name: '5 min' }).getAttribute('aria-pressed'), 'true')
  await lab.backend(1).release()
})
