import assert from 'node:assert/strict'
import test from 'node:test'
import fc from '../../../../test/support/properties.ts'
import { coveredBy, placeOf } from './tip-place.ts'

const view = { width: 1280, height: 800 }
const size = { width: 300, height: 90 }
const boxAt = ({ left, top }: { left: number; top: number }) => ({
  left,
  top,
  right: left + size.width,
  bottom: top + size.height,
})

test('an explanation lies within the window, and on nothing that is watched where there is any free place', () => {
  const area = fc
    .record({
      left: fc.nat(1200),
      top: fc.nat(700),
      w: fc.integer({ min: 5, max: 200 }),
      h: fc.integer({ min: 5, max: 60 }),
    })
    .map(({ left, top, w, h }) => ({ left, top, right: left + w, bottom: top + h }))
  fc.assert(
    fc.property(area, fc.array(area, { maxLength: 25 }), (of, watched) => {
      const box = boxAt(placeOf(size, of, view, watched))
      assert.ok(box.left >= 0 && box.top >= 0 && box.right <= view.width && box.bottom <= view.height)
      const free = [8, 980].some((left) =>
        Array.from({ length: 58 }, (_, row) => 8 + row * 12).some(
          (top) => coveredBy(boxAt({ left: left - (left % 12) + 8, top }), watched) === 0,
        ),
      )
      if (free) assert.equal(coveredBy(box, watched), 0)
    }),
    { numRuns: 60 },
  )
})

test('with nothing else to watch it stands right beside what it explains', () => {
  const of = { left: 600, top: 300, right: 700, bottom: 320 }
  const box = boxAt(placeOf(size, of, view, [of]))
  assert.ok(box.bottom <= of.top ? of.top - box.bottom < 14 : box.top - of.bottom < 14)
})
