/** The document around a report. */
import fs from 'node:fs'
import { Html, html } from './html.ts'

const asset = (url: URL): Html => new Html(fs.readFileSync(url, 'utf8').trim())

/** Nothing may be fetched: what is not in the file does not belong to it. */
const policy = "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; img-src data:"

export function page(title: string, body: Html): string {
  const style = asset(new URL('./report.css', import.meta.url))
  const script = asset(new URL('./hover.js', import.meta.url))
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${title}</title>
<link rel="icon" href="data:,">
<style>${style}</style>
</head>
<body>
<p class="brand">Spillway</p>
<main>
${body}
</main>
<script>${script}</script>
</body>
</html>
`.toString()
}
