// Schemas of what is taken and given; fastify compiles both, as a well-kept application would have it.
const text = { type: 'string' }
const maybeText = { type: ['string', 'null'] }
const uuid = { type: 'string', format: 'uuid' }
const number = { type: 'integer' }
const maybeNumber = { type: ['integer', 'null'] }
const anything = { type: 'object', additionalProperties: true }

const object = (properties) => ({ type: 'object', properties, required: Object.keys(properties) })
const list = (items) => ({ type: 'array', items })

const message = object({
  id: text,
  room: text,
  seq: number,
  author: object({ id: text, name: text, avatar: maybeText }),
  body: text,
  html: text,
  created_at: text,
  edited_at: maybeText,
  deleted: { type: 'boolean' },
  hidden: { type: 'boolean' },
  reply_to: maybeText,
  thread: object({ count: number, last_seq: { type: ['integer', 'null'] } }),
  reactions: list(object({ emoji: text, count: number })),
  files: list(text),
  poll: { type: ['object', 'null'], additionalProperties: true },
})

const lesson = object({ id: text, title: text, kind: text, duration_seconds: number, free: { type: 'boolean' } })
const section = object({ id: text, title: text, lessons: list(lesson) })
const course = object({
  place: number,
  id: text,
  slug: text,
  title: text,
  summary: text,
  about_html: text,
  outcomes: list(anything),
  thumbnail_id: maybeText,
  price_amount: maybeNumber,
  price_currency: maybeText,
  sections: list(section),
})
const batch = object({
  place: number,
  id: text,
  course_id: text,
  name: text,
  starts_on: text,
  ends_on: maybeText,
  seats: number,
  time_zone: text,
  taken: number,
  price_amount: maybeNumber,
  price_currency: maybeText,
})

const page = object({
  id: text,
  slug: text,
  name: text,
  tagline: text,
  about: text,
  brand: anything,
  landing: anything,
  locale: text,
  time_zone: text,
  host: maybeText,
  listed: { type: 'boolean' },
  updated_at: text,
  courses: list(course),
  batches: list(batch),
  teachers: list(object({ place: number, id: text, name: text, role: text })),
})

const certificate = object({
  code: text,
  state: text,
  holder: text,
  title: text,
  channel: object({ slug: text, name: text, url: text }),
  issued_at: text,
  expires_at: maybeText,
  revoked_at: maybeText,
  reason: maybeText,
  superseded_by: maybeText,
})

const slug = { type: 'string', maxLength: 100 }

export const landingSchema = { params: object({ slug }), response: { 200: page } }
export const listSchema = {
  params: object({ slug, room: uuid }),
  querystring: {
    type: 'object',
    properties: {
      limit: { type: 'integer', minimum: 1, maximum: 100, default: 50 },
      before: { type: 'integer', minimum: 0, maximum: 2 ** 53 },
    },
    additionalProperties: false,
  },
  response: { 200: object({ items: list(message), next: maybeText }) },
}
const posted = object({ id: text, seq: number })
export const postSchema = {
  params: object({ slug, room: uuid }),
  body: {
    type: 'object',
    properties: { client_id: uuid, body: { type: 'string', maxLength: 100_000 }, reply_to: uuid },
    required: ['client_id', 'body'],
    additionalProperties: false,
  },
  response: { 200: posted, 201: posted },
}
export const verifySchema = {
  params: object({ code: { type: 'string', maxLength: 40 } }),
  response: { 200: certificate },
}

// `2026-11-21 10:00:00.12+00`, as PostgreSQL writes it, in RFC 3339 with the zone as given.
export function instant(written, zone) {
  if (written === null) return null
  const [seconds, fraction] = written.slice(0, -3).split('.')
  const time = `${seconds.slice(0, 10)}T${seconds.slice(11)}`
  return fraction === undefined ? time + zone : `${time}.${fraction.padEnd(6, '0')}${zone}`
}

export function shownMessage(row) {
  return {
    id: row.id,
    room: row.room,
    seq: row.seq,
    author: { id: row.author_id, name: row.author_name, avatar: null },
    body: row.body,
    html: row.html,
    created_at: instant(row.created_at, 'Z'),
    edited_at: instant(row.edited_at, 'Z'),
    deleted: row.deleted_at !== null,
    hidden: row.hidden_at !== null,
    reply_to: row.reply_to,
    thread: { count: row.thread_count, last_seq: row.thread_last_seq },
    reactions: JSON.parse(row.reactions),
    files: JSON.parse(row.files),
    poll: row.poll && JSON.parse(row.poll),
  }
}
