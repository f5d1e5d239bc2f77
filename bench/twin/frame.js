// What our server does around each API call, so that the comparison is of like with like: an id, a log line,
// rate limits with their headers, security headers.
import { randomBytes } from 'node:crypto'
import { isIP } from 'node:net'

const HEADERS = {
  'X-Content-Type-Options': 'nosniff',
  'Referrer-Policy': 'strict-origin-when-cross-origin',
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Resource-Policy': 'same-origin',
  'Cache-Control': 'no-store',
  'Content-Security-Policy': "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'",
  Server: 'Twin',
}

export function addFrame(app) {
  app.addHook('onRequest', async (request, reply) => {
    request.standings = []
    reply.header('X-Request-ID', request.id)
    reply.headers(HEADERS)
  })
  app.addHook('onSend', async (request, reply) => {
    const told = request.standings
    if (told.length === 0) return
    reply.header('RateLimit-Policy', told.map((each) => `"${each.name}";q=${each.amount};w=${each.seconds}`).join(', '))
    reply.header('RateLimit', told.map((each) => `"${each.name}";r=${each.left};t=${each.reset}`).join(', '))
  })
  app.addHook('onResponse', async (request, reply) => {
    request.log.info(
      {
        request_id: request.id,
        method: request.method,
        path: request.url,
        route: request.routeOptions.url,
        status: reply.statusCode,
        ms: Math.round(reply.elapsedTime * 10) / 10,
        address: request.ip,
      },
      'request',
    )
  })
}

export const newRequestId = (request) => request.headers['x-request-id'] ?? randomBytes(12).toString('hex')

const windows = new Map()

export function charge(request, name, amount, seconds, subject) {
  const key = name + subject
  const now = Date.now() / 1000
  let window = windows.get(key)
  if (window === undefined || window.ends <= now) {
    if (windows.size >= 50_000) windows.delete(windows.keys().next().value)
    window = { left: amount, ends: now + seconds }
    windows.set(key, window)
  }
  if (window.left <= 0) throw Object.assign(new Error('That was too fast.'), { statusCode: 429 })
  window.left -= 1
  request.standings.push({ name, amount, seconds, left: window.left, reset: Math.ceil(window.ends - now) })
}

export const addressOf = (request) => (isIP(request.ip) ? request.ip : '127.0.0.1')
