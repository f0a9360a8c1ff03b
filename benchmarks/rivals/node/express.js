// A Wix app's backend in Express 5: CORS, the caller's check, an answer of its own, and a proxy
// with kept-alive connections to the upstream. No log, no ETag, no X-Powered-By.
import { Agent } from 'node:http';
import cors from 'cors';
import express from 'express';
import { createProxyMiddleware } from 'http-proxy-middleware';
import { callerOf, pageOrigin } from './caller.js';

const pool = Number(process.env.BENCHMARK_POOL);
const application = express();
application.disable('x-powered-by');
application.disable('etag');
application.use(cors({ origin: pageOrigin, methods: ['GET', 'POST'] }));

application.use((request, response, next) => {
  request.caller = callerOf(request.headers.authorization);
  if (request.caller) return next();
  response.status(401).json({ message: 'The signed instance is missing, altered or expired.' });
});

application.get('/whoami', (request, response) => {
  response.json(request.caller);
});

application.use(
  createProxyMiddleware({
    pathFilter: (path) => path.startsWith('/api'),
    target: process.env.BENCHMARK_UPSTREAM,
    agent: new Agent({ keepAlive: true, maxSockets: pool, maxFreeSockets: pool }),
    on: {
      proxyReq: (outgoing, request) => {
        outgoing.setHeader('x-backlot-instance-id', request.caller.instanceId);
        outgoing.setHeader('x-backlot-role', request.caller.role);
      },
    },
  }),
);

const server = application.listen(Number(process.env.BENCHMARK_PORT), '127.0.0.1');
server.on('error', (error) => {
  throw error;
});
process.on('SIGTERM', () => process.exit(0));
