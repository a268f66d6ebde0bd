/** The HTML document around a report. */
import fs from 'node:fs'
import { browserSource } from '#common/browser-source.ts'
import { Html, html } from './html.ts'

/** What only a reader of the source needs: comments on their own lines, indentation, empty lines. */
const forReaders = /^\s*(?:\/\*[\s\S]*?\*\/|\/\/.*)\n|^\s+/gm
/** Imports and exports, as all modules are one script here. */
const forModules = /^import .*\n|^export /gm

const style = (): Html =>
  new Html(
    ['../common/tokens.css', './report.css']
      .map((file) =>
        fs
          .readFileSync(new URL(file, import.meta.url), 'utf8')
          .replaceAll(forReaders, '')
          .trim(),
      )
      .join('\n'),
  )

/** The read-out of the plots and the module that it imports, so that it formats quantities as the page does. */
function script(): Html {
  const modules = [new URL(import.meta.resolve('#common/quantities.ts')), new URL('./hover.js', import.meta.url)]
  const sources = modules.map((url) => browserSource(url).replaceAll(forReaders, '').replaceAll(forModules, '').trim())
  return new Html(sources.join('\n'))
}

/** Nothing may be fetched: the file contains everything. */
const policy = "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; img-src data:"

export function page(title: string, body: Html): string {
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${title}</title>
<link rel="icon" href="data:,">
<style>${style()}</style>
</head>
<body>
<p class="brand">Spillway</p>
<main>
${body}
</main>
<script>${script()}</script>
</body>
</html>
`.toString()
}
