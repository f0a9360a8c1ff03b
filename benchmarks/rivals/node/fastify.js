// A Wix app's backend in Fastify 5: CORS, the caller's check as a hook, an answer of its own
// (serialised from a schema, as Fastify advises), and a proxy on undici's pool. No log.
import cors from '@fastify/cors';
import proxy from '@fastify/http-proxy';
import Fastify from 'fastify';
import { callerOf, pageOrigin } from './caller.js';

const application = Fastify({ logger: false });
application.decorateRequest('caller', null);
await application.register(cors, { origin: pageOrigin, methods: ['GET', 'POST'] });

async function requireCaller(request, reply) {
  request.caller = callerOf(request.headers.authorization);
  if (!request.caller) {
    return reply.code(401).send({ message: 'The signed instance is missing, altered or expired.' });
  }
}

const callerSchema = {
  type: 'object',
  properties: {
    instanceId: { type: 'string' },
    role: { type: 'string' },
    userId: { type: ['string', 'null'] },
  },
};

application.get(
  '/whoami',
  { preHandler: requireCaller, schema: { response: { 200: callerSchema } } },
  async (request) => request.caller,
);

await application.register(proxy, {
  upstream: process.env.BENCHMARK_UPSTREAM,
  prefix: '/api',
  rewritePrefix: '/api',
  preHandler: requireCaller,
  undici: { connections: Number(process.env.BENCHMARK_POOL), pipelining: 1, keepAliveTimeout: 60_000 },
  replyOptions: {
    rewriteRequestHeaders: (request, headers) => ({
      ...headers,
      'x-backlot-instance-id': request.caller.instanceId,
      'x-backlot-role': request.caller.role,
    }),
  },
});

await application.listen({ port: Number(process.env.BENCHMARK_PORT), host: '127.0.0.1' });
process.on('SIGTERM', () => process.exit(0));
