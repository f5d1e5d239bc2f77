// The four routes that are measured, each the same statements in the same transaction as ours.
import { randomUUID } from 'node:crypto'
import MarkdownIt from 'markdown-it'
import { inChannel } from './database.js'
import { addressOf, charge } from './frame.js'
import { admit, channelAt, hashOf, refusal, requireSeen, requireWritable } from './people.js'
import { instant, landingSchema, listSchema, postSchema, shownMessage, verifySchema } from './shapes.js'

const MOST_BYTES = 10 * 1024
const NEWEST = '4611686018427387904'
const CONTROL = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f\ud800-\udfff]/
const RELAXED = 100
const TREES = ['brand', 'landing', 'courses', 'batches', 'teachers']

const markdown = new MarkdownIt('commonmark', { html: false, breaks: true, maxNesting: 20 })
markdown.enable('strikethrough').disable(['image', 'reference', 'lheading'])
markdown.renderer.rules.paragraph_open = () => '<p dir="auto">'

export function addRoutes(app, { pool, statements, baseUrl, limited }) {
  const limit = (request, name, amount, seconds, subject) => {
    if (limited) charge(request, name, amount, seconds, subject)
  }
  const limitApi = (request, hash) => {
    if (hash === null) limit(request, 'api-anonymous', 60 * RELAXED, 60, addressOf(request))
    else limit(request, 'api', 600 * RELAXED, 60, hash.toString('hex'))
  }

  app.get('/api/v1/channels/:slug', { schema: landingSchema }, async (request) => {
    const hash = hashOf(request)
    limitApi(request, hash)
    const channel = await channelAt(pool, statements, request.params.slug)
    return inChannel(pool, statements, channel.id, true, async (ask) => {
      await admit(ask, hash)
      const [row] = await ask('landing', {})
      for (const tree of TREES) row[tree] = JSON.parse(row[tree])
      return { ...row, updated_at: instant(row.updated_at, '+00:00') }
    })
  })

  app.get('/api/v1/channels/:slug/rooms/:room/messages', { schema: listSchema }, async (request) => {
    const hash = hashOf(request)
    limitApi(request, hash)
    const channel = await channelAt(pool, statements, request.params.slug)
    const { limit: most, before } = request.query
    const rows = await inChannel(pool, statements, channel.id, true, async (ask) => {
      const actor = await admit(ask, hash)
      const [room] = await ask('room', { room_id: request.params.room, me: actor.member })
      requireSeen(actor, room)
      return ask('list', { room_id: request.params.room, before: before ?? NEWEST, limit: most })
    })
    return { items: rows.reverse().map(shownMessage), next: null }
  })

  app.post('/api/v1/channels/:slug/rooms/:room/messages', { schema: postSchema }, async (request, reply) => {
    const hash = hashOf(request)
    limitApi(request, hash)
    if (hash !== null) limit(request, 'posting', 30 * RELAXED, 10, hash.toString('hex'))
    const { slug, room } = request.params
    const { posted } = await post({ pool, statements }, slug, hash, room, request.body)
    reply.code(posted.again ? 200 : 201)
    return { id: posted.id, seq: posted.seq }
  })

  app.get('/api/v1/certificates/:code', { schema: verifySchema }, async (request) => {
    limit(request, 'api-anonymous', 60 * RELAXED, 60, addressOf(request))
    limit(request, 'verify', 30, 60, addressOf(request))
    const code = request.params.code.toUpperCase().replace(/[\s-]/g, '')
    const { rows } = await pool.query(statements.query('certificate', { code }))
    if (rows.length === 0) throw refusal(404, 'There is no such certificate.')
    return shownCertificate(rows[0], baseUrl)
  })
}

// Posts in a transaction; the row, and what everybody in the room is told (nothing for a message posted before).
export async function post({ pool, statements }, slug, hash, room, body) {
  const draft = prepare(body)
  const channel = await channelAt(pool, statements, slug)
  return inChannel(pool, statements, channel.id, false, async (ask) => {
    const actor = await admit(ask, hash)
    const [held] = await ask('room_held', { room_id: room, me: actor.member })
    requireWritable(actor, held)
    const given = { id: randomUUID(), room_id: room, me: actor.member, ...draft }
    const [posted] = await ask('post', given)
    const payload = posted.again ? null : await announce(ask, room, actor, draft, posted)
    return { posted, payload }
  })
}

function prepare({ client_id, body, reply_to }) {
  if (CONTROL.test(body)) throw refusal(422, 'Leave out the control characters.')
  const text = body.replace(/\r\n?/g, '\n').replace(/^\n+|\n+$/g, '')
  if (Buffer.byteLength(text) > MOST_BYTES) throw refusal(413, 'That is longer than 10 KB.')
  if (text.trim() === '') throw refusal(422, 'Write something here.')
  return { client_id, body: text, html: markdown.render(text).trim(), reply_to: reply_to ?? null }
}

async function announce(ask, room, actor, draft, row) {
  const facts = { id: row.id, room, seq: row.seq, author_id: actor.member, author_name: actor.name }
  const words = { body: draft.body, html: draft.html, reply_to: draft.reply_to }
  const times = { created_at: row.created_at, edited_at: null, deleted_at: null, hidden_at: null }
  const empty = { thread_count: 0, thread_last_seq: null, reactions: '[]', files: '[]', poll: null }
  const payload = shownMessage({ ...facts, ...words, ...times, ...empty })
  const told = [{ id: randomUUID(), event: 'message.posted', room_id: room, person_id: null, payload }]
  const changed = [{ id: randomUUID(), kind: 'message', document_id: row.id }]
  await ask('flush', { told: JSON.stringify(told), changed: JSON.stringify(changed), jobs: '[]' })
  return payload
}

function shownCertificate(row, baseUrl) {
  const { holder, title, channel, slug } = row.snapshot
  const over = row.expires_at !== null && new Date(row.expires_at) <= new Date()
  return {
    code: row.code,
    state: over && (row.state === 'valid' || row.state === 'rendering') ? 'expired' : row.state,
    holder,
    title,
    channel: { slug, name: channel, url: `${baseUrl}/c/${slug}` },
    issued_at: instant(row.issued_at, 'Z'),
    expires_at: instant(row.expires_at, 'Z'),
    revoked_at: row.state === 'revoked' ? instant(row.ended_at, 'Z') : null,
    reason: row.state === 'revoked' ? row.reason : null,
    superseded_by: row.heir,
  }
}
