// The data section's rival in Fastify 5: CORS, the caller's check as a hook, and items in SQLite. No
// log. Answers are JSON text already, so no schema serialises them.
import cors from '@fastify/cors';
import Fastify from 'fastify';
import { callerOf, pageOrigin } from './caller.js';
import { addItem, addItems, firstItems, readItem } from './items.js';

const application = Fastify({ logger: false, bodyLimit: 16_000_000 });
application.decorateRequest('caller', null);
await application.register(cors, { origin: pageOrigin, methods: ['GET', 'POST'] });

application.addHook('onRequest', async (request, reply) => {
  request.caller = callerOf(request.headers.authorization);
  if (!request.caller) {
    return reply.code(401).send({ message: 'The signed instance is missing, altered or expired.' });
  }
});
application.setErrorHandler((error, request, reply) => {
  reply.code(error.status ?? error.statusCode ?? 500).send({ message: error.message });
});

const JSON_TEXT = 'application/json; charset=utf-8';
application.get('/wix-data/v2/items/query', (request, reply) => {
  reply.type(JSON_TEXT).send(firstItems(request.caller, request.query['.r']));
});
application.get('/wix-data/v2/items/:id', (request, reply) => {
  reply.type(JSON_TEXT).send(readItem(request.caller, request.query));
});
application.post('/wix-data/v2/items', async (request, reply) =>
  reply.type(JSON_TEXT).send(await addItem(request.caller, request.body)),
);
application.post('/wix-data/v2/bulk/items/insert', (request, reply) => {
  reply.type(JSON_TEXT).send(addItems(request.caller, request.body));
});

await application.listen({ port: Number(process.env.BENCHMARK_PORT), host: '127.0.0.1' });
process.on('SIGTERM', () => process.exit(0));
