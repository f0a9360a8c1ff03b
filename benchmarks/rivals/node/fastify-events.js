// The events section's rival in Fastify 5: a webhook is verified and stored before it is acknowledged. No log.
import Fastify from 'fastify';
import { storeEvent } from './event-store.js';
import { openWebhook } from './webhooks.js';

const application = Fastify({ logger: false, bodyLimit: 4_194_304 });

application.post('/webhooks', async (request, reply) => {
  const event = openWebhook(request.body);
  if (!event) return reply.code(401).send({ message: 'The signature is not valid.' });
  await storeEvent(event);
  return reply.type('application/json').send('{}');
});

await application.listen({ port: Number(process.env.BENCHMARK_PORT), host: '127.0.0.1' });
process.on('SIGTERM', () => process.exit(0));
