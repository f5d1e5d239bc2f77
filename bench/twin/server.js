// The twin: what a well-kept Node application for the same four routes costs. `node server.js CONFIG.json`
import { readFileSync } from 'node:fs'
import Fastify from 'fastify'
import { openPool, Statements } from './database.js'
import { addFrame, newRequestId } from './frame.js'
import { addRoutes } from './routes.js'

const config = JSON.parse(readFileSync(process.argv[2], 'utf8'))
const framed = process.argv[3] !== 'bare'

const app = Fastify({
  logger: framed,
  disableRequestLogging: true,
  trustProxy: '127.0.0.1',
  bodyLimit: 1024 * 1024,
  genReqId: newRequestId,
})
if (framed) addFrame(app)
const pool = openPool(config.database, config.pool_size)
addRoutes(app, { pool, statements: new Statements(config.statements), baseUrl: config.base_url, limited: framed })

await app.listen({ host: '127.0.0.1', port: Number(process.argv[4] ?? 0) })
console.error(`port ${app.server.address().port}`)
