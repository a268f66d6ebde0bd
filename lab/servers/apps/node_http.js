import http from 'node:http'

const { HOST, PORT } = process.env
http.createServer((_request, response) => response.end('x')).listen({ host: HOST, port: Number(PORT) })
