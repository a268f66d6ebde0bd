/** Light, dark, or as the machine is set. */
import { byId, say } from './dom.ts'

const themes = ['auto', 'light', 'dark'] as const
type Theme = (typeof themes)[number]
const STORED = 'spillway-theme'

/** Hears at once and at each change, the machine's own included. */
export function chooseTheme(onChange: () => void): void {
  const button = byId('theme')
  let theme: Theme = themes.find((name) => name === localStorage.getItem(STORED)) ?? 'auto'
  const apply = (): void => {
    document.documentElement.dataset.theme = theme
    say(button, `Theme: ${theme}`)
    onChange()
  }
  button.addEventListener('click', () => {
    theme = themes[(themes.indexOf(theme) + 1) % themes.length] ?? 'auto'
    localStorage.setItem(STORED, theme)
    apply()
  })
  matchMedia('(prefers-color-scheme: dark)').addEventListener('change', apply)
  apply()
}

/** For a page around the board: it has no button of its own and takes what is chosen in the board. */
export function followTheme(): void {
  const follow = (): void => {
    document.documentElement.dataset.theme = localStorage.getItem(STORED) ?? 'auto'
  }
  addEventListener('storage', follow)
  follow()
}
