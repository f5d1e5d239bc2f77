// The same statements as ours, prepared once per connection, in transactions of the same shape.
import pg from 'pg'

const { types } = pg
types.setTypeParser(types.builtins.INT8, Number)
types.setTypeParser(types.builtins.TIMESTAMPTZ, (text) => text)

export const CHANNEL_SETTING = 'app.channel_id'

export function openPool(url, size) {
  const pool = new pg.Pool({ ...url, max: size, idleTimeoutMillis: 300_000 })
  pool.on('error', (error) => console.error(error))
  return pool
}

export class Statements {
  #named

  constructor(named) {
    this.#named = new Map(Object.entries(named).map(([name, statement]) => [name, { name, ...statement }]))
  }

  query(name, given) {
    const { sql, names, fixed } = this.#named.get(name)
    return { name, text: sql, values: names.map((each) => (each in given ? given[each] : fixed[each])) }
  }
}

// Runs `work(ask)` in one transaction in a channel; `ask` yields the rows of a named statement.
export async function inChannel(pool, statements, channelId, readonly, work) {
  const client = await pool.connect()
  try {
    await client.query(`BEGIN${readonly ? ' READ ONLY' : ''}; SET LOCAL ${CHANNEL_SETTING} = '${channelId}'`)
    try {
      const ask = async (name, given) =>
        (await client.query(statements.query(name, { ...given, channel_id: channelId }))).rows
      const result = await work(ask)
      await client.query('COMMIT')
      return result
    } catch (error) {
      await client.query('ROLLBACK')
      throw error
    }
  } finally {
    client.release()
  }
}
