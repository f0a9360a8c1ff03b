// The events section's rival in Express 5: a webhook is verified and stored before it is acknowledged. No log, no ETag, no
// X-Powered-By.
import express from 'express';
import { storeEvent } from './event-store.js';
import { openWebhook } from './webhooks.js';

const application = express();
application.disable('x-powered-by');
application.disable('etag');
application.use(express.text({ type: '*/*', limit: 4_194_304 }));

application.post('/webhooks', async (request, response) => {
  const event = openWebhook(request.body);
  if (!event) return response.status(401).json({ message: 'The signature is not valid.' });
  await storeEvent(event);
  response.type('json').send('{}');
});

const server = application.listen(Number(process.env.BENCHMARK_PORT), '127.0.0.1');
server.on('error', (error) => {
  throw error;
});
process.on('SIGTERM', () => process.exit(0));
