// The data section's rival in Express 5: CORS, the caller's check, and items in SQLite. No log, no
// ETag, no X-Powered-By.
import cors from 'cors';
import express from 'express';
import { callerOf, pageOrigin } from './caller.js';
import { addItem, addItems, firstItems, readItem } from './items.js';

const application = express();
application.disable('x-powered-by');
application.disable('etag');
application.use(cors({ origin: pageOrigin, methods: ['GET', 'POST'] }));

application.use((request, response, next) => {
  request.caller = callerOf(request.headers.authorization);
  if (request.caller) return next();
  response.status(401).json({ message: 'The signed instance is missing, altered or expired.' });
});
application.use(express.json({ limit: '16mb' }));

const items = express.Router();
items.get('/items/query', (request, response) => {
  response.type('json').send(firstItems(request.caller, request.query['.r']));
});
items.get('/items/:id', (request, response) => {
  response.type('json').send(readItem(request.caller, request.query));
});
items.post('/items', async (request, response) => {
  response.type('json').send(await addItem(request.caller, request.body));
});
items.post('/bulk/items/insert', (request, response) => {
  response.type('json').send(addItems(request.caller, request.body));
});
application.use('/wix-data/v2', items);

application.use((error, request, response, next) => {
  if (response.headersSent) return next(error);
  response.status(error.status ?? 500).json({ message: error.message });
});

const server = application.listen(Number(process.env.BENCHMARK_PORT), '127.0.0.1');
server.on('error', (error) => {
  throw error;
});
process.on('SIGTERM', () => process.exit(0));
