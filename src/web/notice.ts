// What is said where there is nothing to show: as a page to people, as JSON to scripts.
import type { WebContext } from './app.ts'

export type Notice = {
  status: 403 | 404 | 405 | 409 | 410 | 503
  code: string
  title: string
  message: string
}

export function showNotice(context: WebContext, { status, code, title, message }: Notice): Response {
  const headers = { 'Cache-Control': 'private, no-store' }
  if (!context.req.header('Accept')?.includes('text/html'))
    return context.json({ error: { code, message: `${title}. ${message}` } }, status, headers)
  return context.html(pageOf(title, message), status, headers)
}

/** The words are our own. */
function pageOf(title: string, message: string): string {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex">
<title>${title}</title>
<link rel="stylesheet" href="/assets/style.css">
</head>
<body>
<main class="notice">
<h1>${title}</h1>
<p>${message}</p>
</main>
</body>
</html>
`
}
