import { bytes, duration, moment, number, percent } from '#common/quantities.ts'

// Shows the values of a plot at the pointer. The page is complete without it.
for (const figure of document.querySelectorAll('figure')) {
  const plot = figure.querySelector('svg.plot')
  const readOut = figure.querySelector('.read-out')
  const drawing = plot.querySelector('svg.drawing')
  const { x, y, quantity, top, height } = plot.dataset
  const lines = [...drawing.querySelectorAll('path[data-name]')]
  if (lines.length === 0) continue
  // A title of the whole plot would show as a tooltip over it.
  const title = plot.querySelector('title')
  plot.setAttribute('aria-label', title.textContent)
  title.remove()

  const box = drawing.viewBox.baseVal
  const phases = [...plot.querySelectorAll('.phase')].map((rect) => {
    const from = Number.parseFloat(rect.getAttribute('x'))
    const name = rect.querySelector('title').textContent.split(': ')[0]
    rect.querySelector('title').remove()
    return { name, from, to: from + Number.parseFloat(rect.getAttribute('width')) }
  })
  const hair = document.createElementNS('http://www.w3.org/2000/svg', 'line')
  hair.setAttribute('class', 'hair')
  hair.setAttribute('y1', top)
  hair.setAttribute('y2', String(Number(top) + Number(height)))

  const levels = new Map()
  const levelsOf = (line) => {
    if (!levels.has(line)) levels.set(line, horizontals(line.getAttribute('d')))
    return levels.get(line)
  }

  plot.addEventListener('pointermove', (event) => {
    const { left, width } = drawing.getBoundingClientRect()
    const frame = plot.getBoundingClientRect()
    const share = (event.clientX - frame.left) / frame.width
    if (share < 0 || share > 1 || width === 0 || left > event.clientX + frame.width) return leave()
    const at = box.x + share * box.width
    const values = lines.flatMap((line) => {
      const level = levelsOf(line).findLast(([from, to]) => at >= from && at <= to)
      return level === undefined ? [] : `${line.dataset.name} ${shown(y === 'log' ? 10 ** level[2] : level[2])}`
    })
    const phase = phases.findLast(({ from, to }) => share * 100 >= from && share * 100 <= to)
    const where = x === 'time' ? [phase?.name, moment(at)] : [percent(1 - 10 ** -at)]
    readOut.textContent = [...where.filter(Boolean), ...values].join(' · ')
    for (const end of ['x1', 'x2']) hair.setAttribute(end, `${share * 100}%`)
    plot.append(hair)
  })
  plot.addEventListener('pointerleave', leave)

  function leave() {
    readOut.textContent = ''
    hair.remove()
  }

  function shown(value) {
    return quantity === 'ms' ? duration(value) : quantity === 'bytes' ? bytes(value) : number(value)
  }
}

// The horizontal parts of a path of steps: from, to, value.
function horizontals(path) {
  const found = []
  let [x, y] = [0, 0]
  for (const [, command, numbers] of path.matchAll(/([MLHV])([^MLHVZ]*)/g)) {
    const values = numbers.split(/[ ,]/).map(Number)
    const to = command === 'V' ? x : values[0]
    const level = command === 'H' ? y : command === 'V' ? values[0] : values[1]
    if (command !== 'M' && level === y && to > x) found.push([x, to, 0 - y])
    ;[x, y] = [to, level]
  }
  return found
}
