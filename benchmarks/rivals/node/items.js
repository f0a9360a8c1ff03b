// What both data rivals do between HTTP and SQLite, with no framework in it: the owner's rule, and the
// same requests and answers as Wix Data's. Stored JSON goes out as it is, without being parsed.
import { randomUUID } from 'node:crypto';
import { getItem, insertAll, insertOne, listItems } from './store.js';

export class Refused extends Error {
  constructor(status, message) {
    super(message);
    this.status = status;
  }
}

/** GET /wix-data/v2/items/:id: the item's JSON, if it is there and the caller's own. */
export function readItem(caller, { dataCollectionId, dataItemId }) {
  const row = getItem(caller.instanceId, dataCollectionId, dataItemId);
  if (!row || (caller.role !== 'owner' && row.owner !== caller.userId)) {
    throw new Refused(404, `Item [${dataItemId}] does not exist in collection [${dataCollectionId}].`);
  }
  return `{"dataItem":${wire(dataCollectionId, row)}}`;
}

/** GET /wix-data/v2/items/query: a page of the caller's items, in the order of insertion. */
export function firstItems(caller, encoded) {
  const { dataCollectionId, query } = JSON.parse(Buffer.from(encoded, 'base64url').toString('utf8'));
  const limit = Math.min(Number(query?.paging?.limit ?? 50), 1000);
  const owner = caller.role === 'owner' ? null : caller.userId;
  const rows = listItems(caller.instanceId, dataCollectionId, owner, limit + 1);
  const hasNext = rows.length > limit;
  if (hasNext) rows.pop();
  const items = rows.map((row) => wire(dataCollectionId, row)).join(',');
  return `{"dataItems":[${items}],"pagingMetadata":{"count":${rows.length},"offset":0,"hasNext":${hasNext}}}`;
}

/** POST /wix-data/v2/items. */
export async function addItem(caller, { dataCollectionId, dataItem }) {
  const row = rowOf(caller, dataCollectionId, dataItem);
  await insertOne(row);
  return `{"dataItem":${wire(dataCollectionId, row)}}`;
}

/** POST /wix-data/v2/bulk/items/insert. */
export function addItems(caller, { dataCollectionId, dataItems }) {
  const rows = dataItems.map((item) => rowOf(caller, dataCollectionId, item));
  insertAll(rows);
  const results = rows.map(({ id }, originalIndex) => ({
    action: 'INSERT',
    itemMetadata: { id, originalIndex, success: true },
  }));
  return JSON.stringify({ results });
}

function rowOf(caller, collection, item) {
  if (caller.role === 'visitor') throw new Refused(403, 'Visitors insert nothing.');
  if (typeof collection !== 'string' || typeof item?.data !== 'object' || item.data === null) {
    throw new Refused(400, 'dataCollectionId and dataItem.data are missing.');
  }
  const id = randomUUID();
  const now = { $date: new Date().toISOString() };
  const stamps = { _id: id, _owner: caller.userId, _createdDate: now, _updatedDate: now };
  const data = JSON.stringify({ ...item.data, ...stamps });
  return { tenant: caller.instanceId, collection, id, owner: caller.userId, data };
}

function wire(collection, { id, data }) {
  return `{"id":${JSON.stringify(id)},"dataCollectionId":${JSON.stringify(collection)},"data":${data}}`;
}
