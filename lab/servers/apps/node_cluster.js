import cluster from 'node:cluster'
import http from 'node:http'

const { HOST, PORT } = process.env
if (cluster.isPrimary) for (let worker = 0; worker < 2; worker++) cluster.fork()
else http.createServer((_request, response) => response.end('x')).listen({ host: HOST, port: Number(PORT) })
