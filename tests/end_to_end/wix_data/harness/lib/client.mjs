// Real @wix/sdk + @wix/data clients whose fetch is redirected to BASE_URL.
import { createClient } from '@wix/sdk';
import { items, collections, indexes } from '@wix/data';

export const BASE_URL = (process.env.BASE_URL ?? 'http://127.0.0.1:8080').replace(/\/$/, '');

// opts.custom: use a custom API host, which makes the SDK send /_api/cloud-data/v2/... paths.
export function makeClient(authorization, opts = {}) {
  const wire = { last: null, log: [] };
  const fetchTo = async (url, init = {}) => {
    const u = new URL(url);
    const rec = { method: init.method ?? 'GET', path: u.pathname + u.search, body: init.body };
    // Keep the raw path and query exactly as the SDK built them (no re-encoding).
    const raw = String(url).replace(/^https?:\/\/[^/]+/, '');
    const res = await fetch(BASE_URL + raw, { ...init, redirect: 'error' });
    rec.status = res.status;
    wire.last = rec; wire.log.push(rec); if (wire.log.length > 20) wire.log.shift();
    return res;
  };
  const client = createClient({
    fetch: fetchTo,
    auth: { getAuthHeaders: async () => ({ headers: { Authorization: authorization } }) },
    modules: { items, collections, indexes },
    host: opts.custom || process.env.PATHS === 'custom' ? { apiBaseUrl: 'data.example.test' } : undefined,
  });
  return { items: client.items, collections: client.collections, indexes: client.indexes, wire };
}
