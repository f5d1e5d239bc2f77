// Who asks, and what they may: the rules of our directory, rooms and permissions, as far as the four routes need them.
import { createHash } from 'node:crypto'

export const refusal = (statusCode, message) => Object.assign(new Error(message), { statusCode })

const CHANNEL_SECONDS = 1
const channels = new Map()

export async function channelAt(pool, statements, slug) {
  const now = performance.now() / 1000
  const known = channels.get(slug)
  if (known !== undefined && known.until > now) return known.channel
  const { rows } = await pool.query(statements.query('channel_at', { slug, host: null }))
  if (rows.length === 0 || rows[0].state === 'closed') throw refusal(404, 'There is no channel at this address.')
  channels.set(slug, { channel: rows[0], until: now + CHANNEL_SECONDS })
  return rows[0]
}

export function hashOf(request) {
  const [scheme, token] = (request.headers.authorization ?? '').split(' ')
  return scheme.toLowerCase() === 'bearer' && token ? hashOfToken(token) : null
}

export const hashOfToken = (token) => createHash('sha256').update(token).digest()

export async function admit(ask, hash) {
  if (hash === null) return {}
  const [row] = await ask('admit', { hash })
  if (row === undefined) throw refusal(401, 'This sign-in has ended. Sign in again.')
  const belongs = row.member_id !== null && row.left_at === null
  return {
    member: belongs ? row.member_id : null,
    role: belongs ? row.role : null,
    name: row.member_name ?? row.person_name,
    banned: row.banned_at !== null && (row.banned_until === null || new Date(row.banned_until) > new Date()),
  }
}

export function requireSeen(actor, room) {
  if (room === undefined || !maySee(actor, room)) throw refusal(404, 'There is no such room here.')
}

function maySee(actor, room) {
  if (room.kind === 'open') return !actor.banned
  if (!actor.role || actor.banned) return false
  return room.kind !== 'private' || room.inside || actor.role === 'owner' || actor.role === 'admin'
}

export function requireWritable(actor, room) {
  requireSeen(actor, room)
  if (!actor.role || actor.banned) throw refusal(403, 'Join this channel first.')
  if (room.kind === 'announcement' && actor.role === 'student') throw refusal(403, 'Only teachers write in this room.')
}
