import fastify from 'fastify'

const { HOST, PORT } = process.env
const app = fastify()
app.get('/', async () => 'x')
await app.listen({ host: HOST, port: Number(PORT) })
